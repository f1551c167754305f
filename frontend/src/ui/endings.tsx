// The pages on which the room rests: break, ended, removed, and the other endings.
import { leftMs, nextSegment } from '../room/agenda';
import { asNamedTime } from '../room/clock';
import type { Live, Screen } from '../room/state';
import { byWhom, RESTS } from '../room/words';
import { AgendaStrip } from './agenda-strip';
import { OpenElsewhere } from './open-elsewhere';
import type { Page } from './page';
import { CallStaff, HelpLine, Home, Still } from './still';
import { Strip } from './strip';

const CIRCLE = 289;

export function Break({ page, live }: { page: Page; live: Live }) {
  const { agenda } = live.room;
  const segment = agenda.segments[agenda.index];
  const left = Math.max(0, leftMs(agenda, page.now.value));
  const whole = segment ? Math.max(1, segment.ends_ms - segment.starts_ms) : 1;
  const minutes = Math.ceil(left / 60_000);
  const next = nextSegment(agenda);
  return (
    <div class="still break-page">
      <AgendaStrip page={page} live={live} />
      <Strip page={page} live={live} />
      <main>
        <div class="ring">
          <svg viewBox="0 0 100 100" aria-hidden="true">
            <circle class="t" cx="50" cy="50" r="46" />
            <circle
              class="v"
              cx="50"
              cy="50"
              r="46"
              stroke-dasharray={CIRCLE}
              stroke-dashoffset={Math.round(CIRCLE * (1 - Math.min(1, (minutes * 60_000) / whole)))}
            />
          </svg>
          <div>
            <strong>{minutes}</strong>
            <span class="muted">{minutes === 1 ? 'minute' : 'minutes'}</span>
          </div>
        </div>
        <h2 class="big-line">
          {left > 0 && segment
            ? `Back at ${asNamedTime(page.now.value + left, page.clocks)}`
            : 'Back in a moment'}
        </h2>
        <p class="muted">
          Microphones and cameras are off. Stand up, drink some water. We bring you back
          {next ? `: ${next.title} is next` : ''}.
        </p>
      </main>
      <footer>
        <button class="btn quiet wide" type="button" onClick={page.verbs.leave}>
          I can’t come back today
        </button>
      </footer>
    </div>
  );
}

export function Ended({ page, live }: { page: Page; live: Live }) {
  const until = live.room.reopen_until_ms;
  const reopens = live.me.facilitates && until !== null && page.now.value < until;
  return (
    <Still
      page={page}
      footer={
        <>
          <Home page={page} primary words="Done" />
          {!live.me.facilitates && <HelpLine before="A hard day?" />}
        </>
      }
    >
      <h1 tabIndex={-1}>That’s it for today{page.name ? `, ${page.name}` : ''}</h1>
      <p>
        The group has ended. Nobody sees or hears you now.
        {!live.me.facilitates && ' Your time in it is counted.'}
      </p>
      {reopens && <Reopen page={page} until={until} />}
    </Still>
  );
}

function Reopen({ page, until }: { page: Page; until: number }) {
  return (
    <div class="card stack tight">
      <p>
        Ended too early? Until <b>{asNamedTime(until, page.clocks)}</b> you can open the room again.
        Those who were in it come back without waiting.
      </p>
      <div>
        <button class="btn" type="button" onClick={() => page.verbs.ask({ type: 'room.reopen' })}>
          Reopen
        </button>
      </div>
    </div>
  );
}

/** Cancelled, or not held: the same page with its own heading. */
export function NotHeld({ page, why }: { page: Page; why: 'cancelled' | 'not_held' }) {
  const rest = RESTS[why];
  return (
    <Still page={page} footer={<Home page={page} primary words="Go to my page" />}>
      <h1 tabIndex={-1}>{rest?.title}</h1>
      <p>{rest?.text}</p>
      <HelpLine before="Need someone now?" />
    </Still>
  );
}

export function Removed({
  page,
  screen,
}: {
  page: Page;
  screen: Extract<Screen, { at: 'removed' }>;
}) {
  const who = byWhom(screen.facilitators);
  return (
    <Still
      page={page}
      footer={
        <>
          <CallStaff page={page} primary />
          <Home page={page} primary={!page.staffPhone} words="Go to my page" />
          <HelpLine before="Need someone now?" />
        </>
      }
    >
      <h1 tabIndex={-1}>You’re out of today’s group</h1>
      <p>{who} ended your part of it. It is not a decision about your place here.</p>
      <p>The time you were here is counted. You don’t have to do anything.</p>
    </Still>
  );
}

export function Resting({
  page,
  screen,
}: {
  page: Page;
  screen: Extract<Screen, { at: 'resting' }>;
}) {
  const rest = RESTS[screen.why] ?? RESTS.lost;
  const again = rest?.again ?? null;
  return (
    <Still
      page={page}
      footer={
        <>
          {again && (
            <button class="btn primary big wide" type="button" onClick={page.verbs.comeBack}>
              {again}
            </button>
          )}
          <Home page={page} primary={!again} words="Go to my page" />
          <HelpLine before="Need someone now?" />
        </>
      }
    >
      <h1 tabIndex={-1}>{rest?.title}</h1>
      <p>{(screen.why === 'not_let_in' && screen.text) || rest?.text}</p>
    </Still>
  );
}

export function Unsupported({ page }: { page: Page }) {
  if (page.openIn) return <OpenElsewhere page={page} openIn={page.openIn} />;
  return (
    <Still
      page={page}
      footer={
        <>
          <CallStaff page={page} />
          <Home page={page} primary words="Go to my page" />
        </>
      }
    >
      <h1 tabIndex={-1}>This browser can’t join</h1>
      <p>It can’t carry pictures and sound. A current Chrome, Edge, Firefox or Safari can.</p>
    </Still>
  );
}

export function Connecting({ page }: { page: Page }) {
  const trying = page.state.value.link === 'reconnecting';
  return (
    <Still
      page={page}
      aside={
        <button class="btn quiet" type="button" onClick={page.verbs.leave}>
          Leave
        </button>
      }
      footer={
        trying ? (
          <>
            <button class="btn big wide" type="button" onClick={page.verbs.retry}>
              Try again
            </button>
            <CallStaff page={page} />
          </>
        ) : null
      }
    >
      <h1 tabIndex={-1}>One moment</h1>
      <p role="status">
        {trying
          ? 'We can’t reach the group yet. We keep trying.'
          : 'We are taking you to the door.'}
      </p>
    </Still>
  );
}
