/**
 * Whether bytes still come in. Pure: from the count of bytes and the time of each look it tells
 * when they stall and when they flow again. Knows no peer connection and no timer.
 *
 * A browser notices a dead path after about six seconds, by its own checks. The node sends every
 * connected peer a report twice a second, whatever the others do, and something each tenth of a
 * second while this browser sends; so silence that is longer than the gaps of late is evidence.
 * The longest of these does not count: it may be an outage that was over before it was a stall,
 * and would hide the next one. A look that comes late (a tab in the background) finds that bytes
 * came meanwhile.
 */

/** No gap is a stall before this: above the half second between two reports. */
export const STALL_MS = 800;
/** A gap of so many times the second longest recent one is a stall. */
const TIMES = 2.5;
/** How many gaps count as recent. */
const REMEMBERED = 8;

export interface Flow {
  readonly bytes: number;
  /** When the bytes were seen to grow last. */
  readonly grownAt: number;
  /** The recent gaps, in milliseconds, the newest last; none until bytes have come twice. */
  readonly gaps: readonly number[];
  readonly stalled: boolean;
}

export type Change = 'stalled' | 'flowing' | null;

/** A path on which nothing was seen yet. */
export function still(at: number): Flow {
  return { bytes: 0, grownAt: at, gaps: [], stalled: false };
}

/** One look: the flow after it, and what has changed; null: nothing. */
export function look(flow: Flow, bytes: number, at: number): { flow: Flow; change: Change } {
  if (bytes > flow.bytes) return { flow: grown(flow, bytes, at), change: changeFrom(flow.stalled) };
  const same = { ...flow, bytes };
  if (flow.stalled || !isStall(flow, at)) return { flow: same, change: null };
  return { flow: { ...same, stalled: true }, change: 'stalled' };
}

function changeFrom(stalled: boolean): Change {
  return stalled ? 'flowing' : null;
}

/** The gap that a stall made is not remembered: it is not a usual one. */
function grown(flow: Flow, bytes: number, at: number): Flow {
  const first = flow.bytes === 0 || flow.stalled;
  const gaps = first ? flow.gaps : [...flow.gaps, at - flow.grownAt].slice(-REMEMBERED);
  return { bytes, grownAt: at, gaps, stalled: false };
}

function isStall({ gaps, grownAt }: Flow, at: number): boolean {
  if (gaps.length === 0) return false;
  const [, usual = 0] = [...gaps].sort((one, other) => other - one);
  return at - grownAt >= Math.max(STALL_MS, TIMES * usual);
}
