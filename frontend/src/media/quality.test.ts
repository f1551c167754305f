import { describe, expect, it } from 'vitest';
import type { Counters, SlotCounters } from './counters';
import { between, type Mark, type Quality, settled, UNMARKED } from './quality';

const SECONDS = 2;
const NOTHING: SlotCounters = { received: 0, lost: 0, frames: 0, frozenSeconds: 0 };
const WHOLE: SlotCounters = { received: 200, lost: 0, frames: 48, frozenSeconds: 0 };

function counters(change: Partial<Counters> = {}): Counters {
  return { sent: 0, missed: 0, roundTripMs: 40, slots: [], ...change };
}

/** What one look says of these slots, each of whose pictures ought to move. */
function look(slots: readonly Partial<SlotCounters>[], change: Partial<Counters> = {}) {
  const now = slots.map((slot) => ({ ...WHOLE, ...slot }));
  const before = counters({ slots: now.map(() => NOTHING) });
  const all = new Set(now.keys());
  return between(before, counters({ sent: 200, slots: now, ...change }), all, SECONDS);
}

const LOSSY = { received: 160, lost: 40 };

describe('one’s own connection', () => {
  it.each<[number, Quality]>([
    [0, 'good'],
    [9, 'good'],
    [10, 'weak'],
    [29, 'weak'],
    [30, 'poor'],
  ])('that loses %d of 200 packets on the way up is %s', (missed, own) => {
    expect(look([{}, {}], { missed })?.own).toBe(own);
  });

  it.each<[number | null, Quality]>([
    [null, 'good'],
    [399, 'good'],
    [400, 'weak'],
    [800, 'poor'],
  ])('whose round trip is %s ms is %s', (roundTripMs, own) => {
    expect(look([{}, {}], { roundTripMs })?.own).toBe(own);
  });

  it('is not judged by a handful of packets', () => {
    expect(look([{}, {}], { sent: 5, missed: 4 })?.own).toBe('good');
  });
});

describe('who has the trouble', () => {
  it('one slot of three: that person', () => {
    expect(look([LOSSY, {}, {}])).toEqual({ own: 'good', slots: ['poor', 'good', 'good'] });
  });

  it('most slots: oneself, and nobody else bears a mark', () => {
    expect(look([LOSSY, LOSSY, {}])).toEqual({ own: 'poor', slots: ['good', 'good', 'good'] });
  });

  it('one that is worse than what most have: both', () => {
    const weak = { received: 185, lost: 15 };
    expect(look([LOSSY, weak, weak])).toEqual({ own: 'weak', slots: ['poor', 'good', 'good'] });
  });

  it('the only other person: cannot be told, and that tile bears it', () => {
    expect(look([LOSSY])).toEqual({ own: 'good', slots: ['poor'] });
  });
});

describe('a picture', () => {
  it.each<[Partial<SlotCounters>, Quality]>([
    [{ frozenSeconds: 0.1 }, 'good'],
    [{ frozenSeconds: 0.2 }, 'weak'],
    [{ frozenSeconds: 0.8 }, 'poor'],
    [{ frames: 0 }, 'poor'],
    [{ received: 0, frames: 0 }, 'poor'],
  ])('with %o in two seconds is %s', (slot, quality) => {
    expect(look([slot, {}, {}])?.slots[0]).toBe(quality);
  });

  it('that is not on the screen may stand still', () => {
    const still = counters({ slots: [NOTHING, WHOLE, WHOLE] });
    const before = counters({ slots: [NOTHING, NOTHING, NOTHING] });
    expect(between(before, still, new Set([1, 2]), SECONDS)?.slots[0]).toBe('good');
  });
});

it('says nothing of counters that began again', () => {
  const before = counters({ slots: [WHOLE] });
  expect(between(before, counters({ slots: [NOTHING] }), new Set(), SECONDS)).toBeNull();
  const sent = counters({ sent: 10 });
  expect(between(sent, counters(), new Set(), SECONDS)).toBeNull();
});

describe('a mark', () => {
  /** What the mark says after each of these looks. */
  function marksOf(...looks: Quality[]): Quality[] {
    let mark: Mark = UNMARKED;
    return looks.map((seen) => {
      mark = settled(mark, seen);
      return mark.quality;
    });
  }

  it('is not moved by one bad look', () => {
    expect(marksOf('poor', 'good', 'poor', 'good')).toEqual(['good', 'good', 'good', 'good']);
  });

  it('gets worse with two in a row, to the lesser of them', () => {
    expect(marksOf('poor', 'weak', 'poor', 'poor')).toEqual(['good', 'weak', 'weak', 'poor']);
  });

  it('gets better with four in a row, to the worst of them', () => {
    expect(marksOf('poor', 'poor', 'good', 'weak', 'good', 'good').at(-1)).toBe('weak');
    expect(marksOf('weak', 'weak', 'good', 'good', 'good')).toEqual([
      'good',
      'weak',
      'weak',
      'weak',
      'weak',
    ]);
    expect(marksOf('weak', 'weak', 'good', 'good', 'good', 'good').at(-1)).toBe('good');
  });
});
