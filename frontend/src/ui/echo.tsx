// The echo in the device check: one button, what to do, and how it was. The button stays where it
// is while its label changes, so that it keeps the focus.
import { useLayoutEffect, useRef } from 'preact/hooks';
import { type EchoFigures, type EchoView, echoLines, echoWords, quality } from '../room/echo';
import { Icon, type IconName } from './icon';
import type { Page } from './page';
import { useOutput } from './picture';

export function EchoCheck({ page }: { page: Page }) {
  const { own } = page.state.value;
  const view = page.echo.view.value;
  if (!own.asked || own.audioProblem) return null;
  const runs = view.at === 'connecting' || view.at === 'listening';
  const closed = !own.microphone && !runs;
  const tap = () => (runs ? page.echo.stop() : page.echo.start());
  return (
    <section class="echo" data-name="echo" data-echo={view.at}>
      <div role="status">
        <Status view={view} />
        {closed && <p class="small muted">Unmute first, then you can hear yourself.</p>}
      </div>
      <button
        class="btn wide"
        type="button"
        aria-disabled={closed ? 'true' : undefined}
        onClick={closed ? undefined : tap}
      >
        <Icon name={runs ? 'close' : 'headphones'} />
        {label(view)}
      </button>
      <Sound page={page} />
    </section>
  );
}

function label({ at }: EchoView): string {
  if (at === 'idle') return 'Hear yourself as others do';
  if (at === 'connecting') return 'Stop';
  if (at === 'listening') return 'Stop, and see how it was';
  return 'Hear yourself again';
}

function Status({ view }: { view: EchoView }) {
  if (view.at === 'connecting') return <Hint icon="signal">Connecting. This takes a moment.</Hint>;
  if (view.at === 'listening')
    return (
      <Hint icon="sound">
        Say a sentence, with headphones if you can. You hear it two seconds later. Nobody else hears
        it, and nothing is kept.
      </Hint>
    );
  if (view.at === 'report') return <Report figures={view.figures} />;
  if (view.at === 'failed')
    return (
      <div class="note caution">
        <Icon name="caution" />
        <p>{view.text}</p>
      </div>
    );
  return null;
}

function Hint({ icon, children }: { icon: IconName; children: string }) {
  return (
    <div class="note">
      <Icon name={icon} />
      <p>{children}</p>
    </div>
  );
}

function Report({ figures }: { figures: EchoFigures }) {
  const { title, text } = echoWords(figures);
  const good = quality(figures) === 'good';
  return (
    <div class={`note ${good ? 'ok' : 'caution'}`}>
      <Icon name={good ? 'check' : 'caution'} />
      <div class="stack tight">
        <p>
          <strong>{title}</strong>
        </p>
        <p>{text}</p>
        <p class="small">If you call staff, read them this:</p>
        <dl class="echo-lines">
          {echoLines(figures).map(([what, how]) => (
            <div key={what}>
              <dt>{what}</dt>
              <dd>{how}</dd>
            </div>
          ))}
        </dl>
      </div>
    </div>
  );
}

/** Plays what comes back. A tap began it, so the browser lets it sound. */
function Sound({ page }: { page: Page }) {
  const sound = page.echo.sound.value;
  const element = useRef<HTMLAudioElement>(null);
  useOutput(element, page);
  useLayoutEffect(() => {
    const audio = element.current;
    if (audio && audio.srcObject !== sound) audio.srcObject = sound;
  }, [sound]);
  // biome-ignore lint/a11y/useMediaCaption: one's own voice, live
  return <audio ref={element} autoplay />;
}
