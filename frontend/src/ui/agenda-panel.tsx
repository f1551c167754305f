// The agenda at the desk: what is on, what comes, and the buttons that move it.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { currentSegment, leftInSeconds, lengthInMinutes, nextSegment } from '../room/agenda';
import { asNamedTimes, asTime } from '../room/clock';
import type { Live } from '../room/state';
import type { Page } from './page';
import { Ask } from './sheet';

interface DeskProps {
  readonly page: Page;
  readonly live: Live;
  readonly onEnd: () => void;
}

/** The question before ending, and the function that shows it. */
export function useEndAsk(page: Page): { ask: () => void; sheet: JSX.Element | null } {
  const asking = useSignal(false);
  const close = () => {
    asking.value = false;
  };
  const end = () => {
    close();
    page.verbs.ask({ type: 'room.end' });
  };
  const sheet = asking.value ? (
    <Ask
      title="End the group for everyone?"
      text="Everyone leaves the room. You can open it again for ten minutes."
      yes="End for everyone"
      no="Keep going"
      onYes={end}
      onNo={close}
    />
  ) : null;
  return {
    ask: () => {
      asking.value = true;
    },
    sheet,
  };
}

export function DeskAgenda({ page, live, onEnd }: DeskProps) {
  const { agenda, starts_ms } = live.room;
  const started = agenda.phase !== 'not_started';
  return (
    <section class="panel lpanel" aria-labelledby="agenda-heading">
      <h2 id="agenda-heading">
        Agenda <span class="label num">{asNamedTimes(starts_ms, agenda.ends_ms, page.clocks)}</span>
      </h2>
      <div class="floorbar only-wide">
        <Main page={page} live={live} onEnd={onEnd} />
      </div>
      <ol>
        {agenda.segments.map((_, place) => (
          <Segment key={place} page={page} live={live} place={place} />
        ))}
      </ol>
      {started && (
        <div class="acts-foot">
          <button
            class="btn"
            type="button"
            onClick={() => page.verbs.ask({ type: 'room.end_later', minutes: 5 })}
          >
            End 5 min later
          </button>
          <button class="btn danger" type="button" onClick={onEnd}>
            End…
          </button>
        </div>
      )}
    </section>
  );
}

/** The one filled button: start, go on, or end. */
export function Main({ page, live, onEnd }: DeskProps) {
  const { agenda } = live.room;
  const next = nextSegment(agenda);
  const { ask } = page.verbs;
  if (agenda.phase === 'not_started')
    return <Filled words="Start" onClick={() => ask({ type: 'room.start' })} />;
  if (!next) return <Filled words="End the group…" onClick={onEnd} />;
  return (
    <Filled
      words={`Next: ${next.title}`}
      onClick={() => ask({ type: 'room.advance', index: agenda.index })}
    />
  );
}

function Filled({ words, onClick }: { words: string; onClick: () => void }) {
  return (
    <button class="btn primary big wide" type="button" data-main onClick={onClick}>
      {words}
    </button>
  );
}

function Segment({ page, live, place }: { page: Page; live: Live; place: number }) {
  const { agenda } = live.room;
  const segment = agenda.segments[place];
  if (!segment) return null;
  const on = currentSegment(agenda) !== null && place === agenda.index;
  const past = agenda.phase !== 'not_started' && place < agenda.index;
  return (
    <li
      class={`seg ${on ? 'live' : past ? 'past' : 'rest'}`}
      aria-current={on ? 'step' : undefined}
    >
      <p class="line">
        <span>{segment.title}</span>
        <span class="num">
          {on
            ? leftInSeconds(agenda, page.now.value)
            : past
              ? 'done'
              : `${asTime(segment.starts_ms, page.clocks)} · ${lengthInMinutes(segment)} min`}
        </span>
      </p>
      {segment.kind === 'topic' && live.room.topic && <p class="label">{live.room.topic}</p>}
      {on && <Acts page={page} live={live} />}
    </li>
  );
}

function Acts({ page, live }: { page: Page; live: Live }) {
  const { agenda } = live.room;
  const { ask } = page.verbs;
  const title = currentSegment(agenda)?.title.toLowerCase() ?? '';
  const paused = agenda.phase === 'paused';
  return (
    <>
      <div class="acts">
        <Act
          words="+5 min"
          label={`5 minutes more for ${title}`}
          onClick={() => ask({ type: 'room.extend', minutes: 5 })}
        />
        <Act
          words="−5 min"
          label={`5 minutes less for ${title}`}
          onClick={() => ask({ type: 'room.shorten', minutes: 5 })}
        />
        <Act
          words={paused ? 'Resume' : 'Pause'}
          onClick={() => ask({ type: paused ? 'room.resume' : 'room.pause' })}
        />
        {agenda.index > 0 && (
          <Act
            words="Back"
            label="Back to the segment before"
            onClick={() => ask({ type: 'room.back', index: agenda.index })}
          />
        )}
      </div>
      <p class="label">
        Minutes come from the later segments. The end stays {asTime(agenda.ends_ms, page.clocks)}.
      </p>
    </>
  );
}

function Act({ words, label, onClick }: { words: string; label?: string; onClick: () => void }) {
  return (
    <button
      class="btn"
      type="button"
      aria-label={label ? `${words}, ${label}` : undefined}
      onClick={onClick}
    >
      {words}
    </button>
  );
}
