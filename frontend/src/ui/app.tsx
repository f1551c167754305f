// Which page is shown: one component a screen.
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Live, Screen } from '../room/state';
import { AgendaStrip } from './agenda-strip';
import { Check } from './check';
import { ClientControls } from './controls';
import { Desk } from './desk';
import { Break, Connecting, Ended, NotHeld, Removed, Resting, Unsupported } from './endings';
import { keepFocus } from './focus';
import { Lobby } from './lobby';
import type { Page } from './page';
import { Voices } from './picture';
import { Strip } from './strip';
import { oneMeaning } from './taps';
import { Tiles } from './tiles';

interface AppProps {
  readonly page: Page;
  /** Called in the render that shows another screen, with its name. */
  readonly onShown: (at: Screen['at']) => void;
}

export function App({ page, onShown }: AppProps) {
  const { screen } = page.state.value;
  const root = useRef<HTMLDivElement>(null);
  useHeading(root, screen.at);
  useLayoutEffect(() => onShown(screen.at), [screen.at, onShown]);
  useLayoutEffect(() => (root.current ? keepFocus(root.current) : undefined), []);
  useLayoutEffect(() => (root.current ? oneMeaning(root.current) : undefined), []);
  return (
    <div ref={root}>
      <p class="vh" role="status">
        {page.said}
      </p>
      <Shown page={page} screen={screen} />
      <Voices page={page} />
    </div>
  );
}

/**
 * A new page begins at its heading, for the keyboard and the screen reader: in the render that shows
 * it, so that the focus is not taken from who has pressed Tab since.
 */
function useHeading(root: { current: HTMLDivElement | null }, at: string) {
  const first = useRef(true);
  useLayoutEffect(() => {
    if (!first.current) root.current?.querySelector<HTMLElement>('h1')?.focus();
    first.current = false;
  }, [at, root]);
}

function Shown({ page, screen }: { page: Page; screen: Screen }) {
  switch (screen.at) {
    case 'unsupported':
      return <Unsupported page={page} />;
    case 'check':
      return <Check page={page} />;
    case 'connecting':
      return <Connecting page={page} />;
    case 'lobby':
      return <Lobby page={page} live={screen.live} />;
    case 'room':
      return <Room page={page} live={screen.live} />;
    case 'break':
      return <Break page={page} live={screen.live} />;
    case 'ended':
      return <Ended page={page} live={screen.live} />;
    case 'not_held':
    case 'cancelled':
      return <NotHeld page={page} why={screen.at} />;
    case 'removed':
      return <Removed page={page} screen={screen} />;
    case 'resting':
      return <Resting page={page} screen={screen} />;
  }
}

function Room({ page, live }: { page: Page; live: Live }) {
  if (live.me.facilitates) return <Desk page={page} live={live} />;
  return (
    <div class="room">
      <a class="skip" href="#controls">
        Go to my controls
      </a>
      <AgendaStrip page={page} live={live} />
      <Strip page={page} live={live} />
      <Tiles page={page} live={live} />
      <ClientControls page={page} live={live} />
    </div>
  );
}
