/**
 * Whether the other end is still there. Pure: from the beats and what was received it decides
 * "wait", "ping" or "dead". Knows no socket and no timer; instants are monotonic milliseconds.
 *
 * A ping goes out every two seconds (the lease counts from them), and three and a half seconds in
 * which nothing at all was received mean dead. So a connection that swallows everything is noticed
 * within four seconds (R2), and one slow answer of up to a second and a half does not count as
 * a loss.
 */

export const PING_EVERY_MS = 2000;
export const SILENCE_MS = 3500;
/** Beats further apart than this mean that this page did not run (sleep, a frozen tab). */
export const SLEPT_MS = 2000;

export interface Liveness {
  readonly receivedAt: number;
  readonly pingedAt: number;
  readonly beatAt: number;
}

export type Verdict = 'wait' | 'ping' | 'dead';

/** A connection that has just received something and has sent no ping yet. */
export function alive(now: number): Liveness {
  return { receivedAt: now, pingedAt: now - PING_EVERY_MS, beatAt: now };
}

/** Something arrived. */
export function received(liveness: Liveness, now: number): Liveness {
  return { ...liveness, receivedAt: now };
}

/**
 * Looks at the clock. After a sleep the silence is ours, not the other end's: it gets one
 * more ping and half the time to answer.
 */
export function beat(liveness: Liveness, now: number): { liveness: Liveness; verdict: Verdict } {
  const slept = now - liveness.beatAt > SLEPT_MS;
  const receivedAt = slept
    ? Math.max(liveness.receivedAt, now - SILENCE_MS / 2)
    : liveness.receivedAt;
  if (now - receivedAt >= SILENCE_MS) {
    return { liveness: { ...liveness, beatAt: now }, verdict: 'dead' };
  }
  const due = slept || now - liveness.pingedAt >= PING_EVERY_MS;
  const pingedAt = due ? now : liveness.pingedAt;
  return { liveness: { receivedAt, pingedAt, beatAt: now }, verdict: due ? 'ping' : 'wait' };
}
