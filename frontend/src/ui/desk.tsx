// The facilitator's room: agenda at the left, the group, people and lobby at the right.
// On a phone a panel takes the faces' place, never the bar's.
import { useSignal } from '@preact/signals';
import { hands } from '../room/people';
import { allowedDevices } from '../room/screens';
import type { Live } from '../room/state';
import { DeskAgenda, Main, useEndAsk } from './agenda-panel';
import { AgendaStrip } from './agenda-strip';
import { CameraControl, Control, MicrophoneControl, TryAgain } from './controls';
import { DeviceChoices } from './devices';
import { Icon, type IconName } from './icon';
import { useLeaveAsk } from './leave-ask';
import type { Page } from './page';
import { DeskPeople, type Tab } from './people-panel';
import { Sheet } from './sheet';
import { Strip } from './strip';
import { Tiles } from './tiles';

type Panel = 'agenda' | Tab | null;

export function Desk({ page, live }: { page: Page; live: Live }) {
  const waitsFirst = live.room.agenda.phase === 'not_started';
  const tab = useSignal<Tab>(waitsFirst ? 'lobby' : 'people');
  const panel = useSignal<Panel>(null);
  const { ask, sheet } = useEndAsk(page);
  const leaving = useLeaveAsk(page, live, ask);
  const open = panel.value === null ? '' : panel.value === 'agenda' ? 'open-left' : 'open-right';
  const show = (wanted: Exclude<Panel, null>) => {
    if (wanted !== 'agenda') tab.value = wanted;
    panel.value = panel.value === wanted ? null : wanted;
  };
  return (
    <div class={`room desk ${open}`}>
      <a class="skip" href="#controls">
        Go to my controls
      </a>
      <AgendaStrip page={page} live={live} />
      <Strip page={page} live={live} />
      <DeskAgenda page={page} live={live} onEnd={ask} />
      <Tiles page={page} live={live} />
      <DeskPeople page={page} live={live} tab={tab.value} onTab={(next) => (tab.value = next)} />
      <section class="floor-phone" aria-label="Next step">
        <Main page={page} live={live} onEnd={ask} />
      </section>
      <Bar
        page={page}
        live={live}
        panel={panel.value}
        onPanel={show}
        onEnd={ask}
        onLeave={leaving.leave}
      />
      {sheet}
      {leaving.sheet}
    </div>
  );
}

interface BarProps {
  readonly page: Page;
  readonly live: Live;
  readonly panel: Panel;
  readonly onPanel: (panel: Exclude<Panel, null>) => void;
  readonly onEnd: () => void;
  readonly onLeave: () => void;
}

function Bar({ page, live, panel, onPanel, onEnd, onLeave }: BarProps) {
  const more = useSignal(false);
  const dropped = page.state.value.link !== 'open';
  const allowed = allowedDevices(page.state.value.screen);
  return (
    <section class="controls" id="controls" aria-label="My controls">
      <div class="media">
        <MicrophoneControl page={page} allowed={allowed.microphone} />
        <CameraControl page={page} look="only-wide" allowed={allowed.camera} />
        {dropped && <TryAgain page={page} />}
        <Opens
          icon="list"
          words="Agenda"
          open={panel === 'agenda'}
          onClick={() => onPanel('agenda')}
        />
        <Opens
          icon="people"
          words="People"
          open={panel === 'people'}
          onClick={() => onPanel('people')}
          count={hands(live).length}
          counted="hands up"
        />
        <Opens
          icon="door"
          words="Lobby"
          open={panel === 'lobby'}
          onClick={() => onPanel('lobby')}
          count={live.waiting.length}
          counted="waiting"
        />
        <Control name="more" icon="more" words="More" onClick={() => (more.value = true)} />
      </div>
      <div class="leave-slot only-wide">
        <Control name="leave" icon="leave" words="Leave" onClick={onLeave} />
      </div>
      {more.value && (
        <More page={page} onClose={() => (more.value = false)} onEnd={onEnd} onLeave={onLeave} />
      )}
    </section>
  );
}

interface OpensProps {
  readonly icon: IconName;
  readonly words: string;
  readonly open: boolean;
  readonly onClick: () => void;
  readonly count?: number;
  readonly counted?: string;
}

/** On phones: opens or closes a panel. */
function Opens({ icon, words, open, onClick, count, counted }: OpensProps) {
  return (
    <button class="ctl only-narrow" type="button" aria-expanded={open} onClick={onClick}>
      <Icon name={icon} />
      {words}
      {!!count && (
        <span class="count corner">
          {count}
          <span class="vh"> {counted}</span>
        </span>
      )}
    </button>
  );
}

interface MoreProps {
  readonly page: Page;
  readonly onClose: () => void;
  readonly onEnd: () => void;
  readonly onLeave: () => void;
}

function More({ page, onClose, onEnd, onLeave }: MoreProps) {
  const { camera } = page.state.value.own;
  const then = (verb: () => void) => () => {
    onClose();
    verb();
  };
  return (
    <Sheet title="More" onClose={onClose}>
      <div class="answers">
        {allowedDevices(page.state.value.screen).camera && (
          <button
            class="btn big wide only-narrow"
            type="button"
            onClick={then(page.verbs.switchCamera)}
          >
            {camera ? 'Stop video' : 'Start video'}
          </button>
        )}
        <button class="btn big wide only-narrow" type="button" onClick={then(onLeave)}>
          Leave; the group goes on
        </button>
        <button class="btn danger big wide only-narrow" type="button" onClick={then(onEnd)}>
          End for everyone…
        </button>
        <DeviceChoices page={page} />
        <button class="btn quiet wide" type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Sheet>
  );
}
