// The strip at the top: which segment, how much is left, and the evening's bars.
import {
  barSegments,
  currentSegment,
  isBreakSegment,
  leftInMinutes,
  leftInSeconds,
  lengthInMinutes,
  shareDone,
} from '../room/agenda';
import { asNamedTime, type Clocks } from '../room/clock';
import type { Live, SegmentView } from '../room/state';
import type { Page } from './page';

/** The title of the current segment, or of the time before and after. */
function heading({ room }: Live): string {
  const segment = currentSegment(room.agenda);
  if (segment) return segment.title;
  return room.agenda.phase === 'ended' ? 'Ended' : 'Before the start';
}

/** What today's topic is, beside the segment that is about it. */
function topicOf({ room }: Live, segment: SegmentView | null): string {
  return segment?.kind === 'topic' ? room.topic : '';
}

/** What is on has a bar that bears its name: a break's is too narrow, other times have none. */
function hasBar({ room }: Live): boolean {
  const segment = currentSegment(room.agenda);
  return segment !== null && !isBreakSegment(segment);
}

function leftWords(live: Live, now: number, clocks: Clocks): string {
  const { agenda, starts_ms } = live.room;
  if (agenda.phase === 'not_started') return asNamedTime(starts_ms, clocks);
  return live.me.facilitates ? leftInSeconds(agenda, now) : leftInMinutes(agenda, now);
}

export function AgendaStrip({ page, live }: { page: Page; live: Live }) {
  const left = leftWords(live, page.now.value, page.clocks);
  const over = live.room.agenda.phase === 'overrun' && live.me.facilitates;
  return (
    <header class={`agenda ${hasBar(live) ? '' : 'alone'}`}>
      <h1 tabIndex={-1} class="vh">
        {heading(live)}
      </h1>
      <div class="now" aria-hidden="true">
        <p class="seg-name">
          {heading(live)}{' '}
          <span class="topic">{topicOf(live, currentSegment(live.room.agenda))}</span>
        </p>
        <p class={over ? 'left num over' : 'left num'}>{left}</p>
      </div>
      <Bars page={page} live={live} left={left} />
    </header>
  );
}

function Bars({ page, live, left }: { page: Page; live: Live; left: string }) {
  const { agenda } = live.room;
  const on = currentSegment(agenda) ? agenda.index : -1;
  return (
    <ol class="thirds" aria-label="The agenda">
      {barSegments(agenda).map(({ segment, place }) => {
        const minutes = lengthInMinutes(segment);
        const share = shareDone(agenda, place, page.now.value);
        const words = place === on ? left : share === 1 ? 'done' : `${minutes} min`;
        return (
          <li
            key={place}
            class={isBreakSegment(segment) ? 'break' : undefined}
            style={{ '--w': minutes }}
            aria-current={place === on ? 'step' : undefined}
          >
            <span>
              <span>
                {segment.title} <span class="topic">{topicOf(live, segment)}</span>
              </span>
              <span class="num">{words}</span>
            </span>
            <span class="bar">
              <span style={{ '--p': `${Math.round(share * 100)}%` }} />
            </span>
          </li>
        );
      })}
    </ol>
  );
}
