// The waiting room: where I am, when it starts, how I look and sound. Never other clients.
import { fromNow } from '../room/agenda';
import { asNamedTime, type Clocks } from '../room/clock';
import { isLate } from '../room/people';
import type { Live } from '../room/state';
import { named } from '../room/words';
import { TryAgain } from './controls';
import { Icon, type IconName } from './icon';
import type { Page } from './page';
import { Self } from './self';
import { HelpLine, Still } from './still';

const RULES: readonly [IconName, string][] = [
  ['lock', 'What is said here stays here.'],
  ['headphones', 'Be alone, or wear headphones.'],
  ['camera-off', 'No recording, no pictures, ever.'],
  ['hand', 'You may always pass.'],
];

export function Lobby({ page, live }: { page: Page; live: Live }) {
  return (
    <Still
      page={page}
      look="lobby"
      top
      aside={
        <button class="btn quiet" type="button" onClick={page.verbs.leave}>
          Leave
        </button>
      }
      footer={<HelpLine before="Nobody else can see or hear you yet. Need someone now?" />}
    >
      <div class="stack tight">
        <h1 tabIndex={-1}>You’re in the right place</h1>
        <Waiting page={page} live={live} />
      </div>
      <Self page={page} />
      <ComesIn page={page} />
      <Rules topic={live.room.topic} />
    </Still>
  );
}

function Waiting({ page, live }: { page: Page; live: Live }) {
  const { link } = page.state.value;
  if (link !== 'open')
    return (
      <div role="status" class="stack tight">
        <p>Your connection dropped. We are getting you back. Your place is kept.</p>
        <TryAgain page={page} />
      </div>
    );
  return <p role="status">{when(live, page.now.value, page.clocks)}</p>;
}

/** Who admits this person, and when. */
export function when(live: Live, now: number, clocks: Clocks): string {
  const who = named(live.room.facilitators);
  const { room } = live;
  const soon = fromNow(room.starts_ms, now);
  const lets = room.facilitators.length > 1 ? 'will let' : 'lets';
  if (room.state === 'live' || room.state === 'paused')
    return isLate(live.me)
      ? `This part has started. ${who} ${lets} you in at the next one, or before.`
      : `The group has started. ${who} ${lets} you in in a moment.`;
  if (now >= room.starts_ms) return `${who} ${lets} you in in a moment.`;
  return `${who} ${lets} you in at ${asNamedTime(room.starts_ms, clocks)}${soon ? `, ${soon}` : ''}.`;
}

/** How one's devices will be when one is admitted. */
function ComesIn({ page }: { page: Page }) {
  const { microphone, camera } = page.state.value.own;
  return (
    <p class="small muted">
      You come in with the microphone {microphone ? 'on' : 'off'} and the camera{' '}
      {camera ? 'on' : 'off'}.
    </p>
  );
}

function Rules({ topic }: { topic: string }) {
  return (
    <section class="card stack">
      <div class="row between">
        <h2>Today</h2>
        {topic && <span class="small muted">{topic}</span>}
      </div>
      <ul class="rules">
        {RULES.map(([icon, words]) => (
          <li key={words}>
            <Icon name={icon} />
            <span>{words}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
