/**
 * How long to wait before the next attempt to connect. Owns the table of delays; knows no socket
 * and no timer. Randomness is an argument.
 */

/** Milliseconds before attempt 0, 1, 2…; the last entry repeats. */
export const DELAYS_MS: readonly number[] = [0, 300, 1000, 2000, 4000, 5000];

/** A server that goes away closes everyone at once: they spread their first attempt over this. */
export const SPREAD_MS = 1000;

/**
 * Milliseconds to wait before attempt number `attempt` (0 = the first after a loss).
 *
 * A quarter of jitter to either side keeps people who dropped together from coming back together.
 * `random` is in [0, 1). With `spread` (the server said that it is going away or overloaded)
 * the first attempt, too, is spread.
 */
export function retryDelay(attempt: number, random: number, spread = false): number {
  const delay = DELAYS_MS[Math.min(attempt, DELAYS_MS.length - 1)] ?? 0;
  const jittered = delay * (0.75 + random / 2);
  return Math.round(spread && attempt === 0 ? random * SPREAD_MS : jittered);
}
