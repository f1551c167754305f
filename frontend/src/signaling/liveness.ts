/**
 * Whether the other end is still there. Pure: told of beats and of what was heard, it answers
 * "wait", "ping" or "dead". Knows no socket and no timer; instants are monotonic milliseconds.
 *
 * A ping goes out every two seconds (the lease counts from them), and three and a half seconds in
 * which nothing at all was heard mean dead. So a connection that swallows everything is noticed
 * within four seconds (R2), and one slow answer of up to a second and a half is not taken for a
 * loss.
 */

export const PING_EVERY_MS = 2000;
export const SILENCE_MS = 3500;
/** Beats further apart than this mean that this page did not run (sleep, a frozen tab). */
export const SLEPT_MS = 2000;

export interface Liveness {
  readonly heardAt: number;
  readonly pingedAt: number;
  readonly beatAt: number;
}

export type Verdict = 'wait' | 'ping' | 'dead';

/** A connection that was heard from just now and has not been asked anything yet. */
export function alive(now: number): Liveness {
  return { heardAt: now, pingedAt: now - PING_EVERY_MS, beatAt: now };
}

/** Something arrived. */
export function heard(liveness: Liveness, now: number): Liveness {
  return { ...liveness, heardAt: now };
}

/**
 * Looks at the clock. After a sleep the silence is ours, not the other end's: it is asked once
 * more and has half the time to answer.
 */
export function beat(liveness: Liveness, now: number): { liveness: Liveness; verdict: Verdict } {
  const slept = now - liveness.beatAt > SLEPT_MS;
  const heardAt = slept ? Math.max(liveness.heardAt, now - SILENCE_MS / 2) : liveness.heardAt;
  if (now - heardAt >= SILENCE_MS) {
    return { liveness: { ...liveness, beatAt: now }, verdict: 'dead' };
  }
  const due = slept || now - liveness.pingedAt >= PING_EVERY_MS;
  const pingedAt = due ? now : liveness.pingedAt;
  return { liveness: { heardAt, pingedAt, beatAt: now }, verdict: due ? 'ping' : 'wait' };
}
