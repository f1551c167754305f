/**
 * How good a connection is: one's own, and that of each person whose slot is received. Pure: from
 * what was counted at two looks it grades loss, round trip and freezes, and keeps a mark that does
 * not flicker. Knows no peer connection and no timer.
 *
 * A person's packets come by their uplink and by one's own downlink, and their numbers are the
 * node's: nobody can tell from one slot where its packets were lost. From several one can: what
 * most slots suffer from is one's own downlink, what one slot suffers from alone is that person's
 * uplink. With one other person in the room the two cannot be told apart: the tile bears the mark,
 * and one's own is judged by the uplink and the round trip.
 */

import type { Counters, SlotCounters } from './counters';

export type Quality = 'good' | 'weak' | 'poor';

/** How often the counters are looked at. */
export const LOOK_MS = 2000;
/** Looks in a row that a change takes: worse is said after 4 s, better after 8 s. */
const LOOKS = { worse: 2, better: 4 };
/** Fewer packets than this in a look say nothing about loss. */
const ENOUGH = 20;

/** From here on. Below 5 % Opus hides what is missing, and repairs bring what a picture lacks. */
const LIMITS = {
  loss: { weak: 0.05, poor: 0.15 },
  roundTripMs: { weak: 400, poor: 800 },
  frozen: { weak: 0.1, poor: 0.4 },
} as const;

/** A mark, and what the last looks have led towards. */
export interface Mark {
  readonly quality: Quality;
  readonly towards: Quality;
  readonly looks: number;
}

export const UNMARKED: Mark = { quality: 'good', towards: 'good', looks: 0 };

/** What was seen between two looks. */
export interface Seen {
  readonly own: Quality;
  /** By slot. */
  readonly slots: readonly Quality[];
}

/** `pictures`: the slots whose picture is on the screen, and ought to move. Null where nothing can
 * be told: too soon, or the counters are those of another peer connection. */
export function between(
  before: Counters,
  now: Counters,
  pictures: ReadonlySet<number>,
  seconds: number,
): Seen | null {
  if (seconds <= 0 || now.sent < before.sent || received(now) < received(before)) return null;
  const graded = now.slots.map((slot, at) =>
    ofSlot(before.slots[at] ?? NONE, slot, pictures.has(at), seconds),
  );
  const known = graded.filter((one) => one !== null);
  const up = byLimit('loss', share(now.missed - before.missed, now.sent - before.sent));
  const down = known.length > 1 ? ofMost(known) : 'good';
  const own = worst(up, down, byLimit('roundTripMs', now.roundTripMs ?? 0));
  return { own, slots: graded.map((one) => (rank(one) > rank(down) ? (one ?? 'good') : 'good')) };
}

/** The mark after one more look. One look alone changes nothing. */
export function settled(mark: Mark, seen: Quality): Mark {
  if (seen === mark.quality) return { quality: seen, towards: seen, looks: 0 };
  const worse = rank(seen) > rank(mark.quality);
  const goesOn = mark.looks > 0 && rank(mark.towards) > rank(mark.quality) === worse;
  const towards = goesOn ? nearer(mark.towards, seen, worse) : seen;
  const looks = goesOn ? mark.looks + 1 : 1;
  if (looks < LOOKS[worse ? 'worse' : 'better']) return { ...mark, towards, looks };
  return { quality: towards, towards, looks: 0 };
}

const NONE: SlotCounters = { received: 0, lost: 0, frames: 0, frozenSeconds: 0 };

/** Null: nothing to tell it by. */
function ofSlot(
  before: SlotCounters,
  now: SlotCounters,
  moves: boolean,
  seconds: number,
): Quality | null {
  const lost = now.lost - before.lost;
  const loss = share(lost, now.received - before.received + lost);
  if (loss === null && !moves) return null;
  const stands = now.frames === before.frames; // a freeze is counted when it is over
  const frozen = stands ? 1 : (now.frozenSeconds - before.frozenSeconds) / seconds;
  return worst(byLimit('loss', loss), moves ? byLimit('frozen', frozen) : 'good');
}

/** What more than half of them are, or worse. */
function ofMost(all: readonly Quality[]): Quality {
  const ordered = [...all].sort((a, b) => rank(a) - rank(b));
  return ordered[Math.floor((ordered.length - 1) / 2)] ?? 'good';
}

function received({ slots }: Counters): number {
  return slots.reduce((sum, slot) => sum + slot.received, 0);
}

/** Null: too few to tell. A late packet can make a browser count fewer than none as lost. */
function share(part: number, whole: number): number | null {
  return whole < ENOUGH ? null : Math.max(0, part) / whole;
}

function byLimit(name: keyof typeof LIMITS, value: number | null): Quality {
  if (value === null || value < LIMITS[name].weak) return 'good';
  return value < LIMITS[name].poor ? 'weak' : 'poor';
}

const RANKS: readonly Quality[] = ['good', 'weak', 'poor'];

function rank(quality: Quality | null): number {
  return quality === null ? 0 : RANKS.indexOf(quality);
}

function worst(...all: readonly Quality[]): Quality {
  return all.reduce((a, b) => (rank(b) > rank(a) ? b : a));
}

/** Of two on the same side of the mark, the one that is less of a change. */
function nearer(a: Quality, b: Quality, worse: boolean): Quality {
  return rank(a) < rank(b) === worse ? a : b;
}
