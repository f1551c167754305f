/**
 * The server's clock as seen from here, after RFC 5905 §8: of the last exchanges the one with the
 * smallest round trip was disturbed least, so its offset counts. Pure; knows no timer.
 */

/** One question and answer. Instants in milliseconds: ours monotonic, the server's since 1970. */
export interface Exchange {
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly serverMs: number;
}

/** How many exchanges are kept: about sixteen seconds of pings. */
export const KEPT = 8;

/** `exchanges` with `newest` at its end, the oldest forgotten. */
export function keepNewest(exchanges: readonly Exchange[], newest: Exchange): readonly Exchange[] {
  return [...exchanges, newest].slice(-KEPT);
}

/**
 * Milliseconds to add to the monotonic clock to get the server's; null without an exchange.
 * Wrong by at most half of the smallest round trip.
 */
export function serverOffset(exchanges: readonly Exchange[]): number | null {
  if (exchanges.length === 0) return null;
  const best = exchanges.reduce((a, b) => (roundTrip(b) < roundTrip(a) ? b : a));
  return best.serverMs - (best.sentAt + best.receivedAt) / 2;
}

function roundTrip(exchange: Exchange): number {
  return exchange.receivedAt - exchange.sentAt;
}
