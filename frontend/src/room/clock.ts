// Which clock is meant: the rule of sessions/core/reader_clock.py (CL1 to CL3) for the room. Every
// time on a screen of the room goes through here. Pure; instants are milliseconds since 1970.

/** The zones of one reader of one session. */
export interface Clocks {
  /** The reader's own: their setting, else their device's. */
  readonly own: string;
  /** The one in which the session was planned. */
  readonly planned: string;
}

/** The reader's setting, else their device's zone; the session's where the page names none. */
export function clocksOf(setting: string, planned: string): Clocks {
  const device = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const own = [setting, device, 'UTC'].find(isZone) ?? 'UTC';
  return { own, planned: isZone(planned) ? planned : own };
}

/** 5:30 PM on the reader's clock, where the screen has named the zone; stays on one line. */
export function asTime(ms: number, clocks: Clocks): string {
  return onTheWall(ms, clocks.own);
}

/** 5:30 PM, or where the zones show different clocks
 * 2:30 PM Los Angeles time (5:30 PM New York time). */
export function asNamedTime(ms: number, clocks: Clocks): string {
  return named(clocks, (zone) => onTheWall(ms, zone));
}

/** The same for a stretch of time: 5:30 PM – 9:00 PM. */
export function asNamedTimes(from: number, to: number, clocks: Clocks): string {
  return named(clocks, (zone) => `${onTheWall(from, zone)} – ${onTheWall(to, zone)}`);
}

function named({ own, planned }: Clocks, words: (zone: string) => string): string {
  const [mine, theirs] = [words(own), words(planned)];
  if (mine === theirs) return mine;
  return `${mine} ${zoneName(own)} (${theirs} ${zoneName(planned)})`;
}

/** America/New_York → New York time. */
function zoneName(zone: string): string {
  return `${zone.slice(zone.lastIndexOf('/') + 1).replaceAll('_', ' ')} time`;
}

function onTheWall(ms: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-US', { hour: 'numeric', minute: '2-digit', timeZone })
    .format(ms)
    .replace(/\s/u, '\u00a0');
}

/** A zone that this browser knows: it may be older than the server. */
function isZone(zone: string): boolean {
  try {
    return zone !== '' && new Intl.DateTimeFormat('en-US', { timeZone: zone }) !== null;
  } catch {
    return false;
  }
}
