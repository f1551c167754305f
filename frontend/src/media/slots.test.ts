// S1–S5 of slots.ts. The random hand-overs kill these mutations of the machine, each by itself:
// "(a) is not asked for", "(b) is not asked for", "an open slot is not covered by a wrong CSRC".
import { describe, expect, test } from 'vitest';
import { announced, EMPTY, type Frame, notOlder, owned, resumed, type Slot, shown } from './slots';

const ADA = { key: 'ada', csrc: 7 };
const BO = { key: 'bo', csrc: 8 };

const owns = (owner: typeof ADA | null) => (slot: Slot) => owned(slot, owner);
const announces = (key: string, at: number) => (slot: Slot) => announced(slot, key, at);
const frame = (at: number | null, csrc: number | null) => (slot: Slot) =>
  shown(slot, { rtpTimestamp: at, csrc });

/** After each of the things that happen: covered or open. */
function timeline(...happenings: ((slot: Slot) => Slot)[]): string {
  let slot = EMPTY;
  return happenings
    .map((happening) => {
      slot = happening(slot);
      return slot.covered ? 'c' : 'o';
    })
    .join('');
}

describe('S1: new owner covers', () => {
  test('until its own frame', () => {
    expect(timeline(owns(ADA), announces('ada', 100), frame(100, 7), owns(BO))).toBe('ccoc');
  });
  test('nobody covers at once', () => {
    expect(timeline(owns(ADA), announces('ada', 100), frame(100, 7), owns(null))).toBe('ccoc');
  });
  test('same owner again changes nothing', () => {
    expect(timeline(owns(ADA), announces('ada', 100), frame(100, 7), owns(ADA))).toBe('ccoo');
  });
  test('same person under a new number is a new owner', () => {
    const again = { key: 'ada', csrc: 70 };
    expect(timeline(owns(ADA), announces('ada', 100), frame(100, 7), owns(again))).toBe('ccoc');
  });
  test('without frames, camera off, it stays covered', () => {
    expect(timeline(owns(ADA), announces('ada', 100))).toBe('cc');
  });
});

describe('S2: opening needs both', () => {
  test('frame before the announced one is not enough', () => {
    expect(timeline(owns(ADA), announces('ada', 100), frame(99, 7), frame(100, 7))).toBe('ccco');
  });
  test('later frame is enough, the announced one may have been dropped', () => {
    expect(timeline(owns(ADA), announces('ada', 100), frame(3100, 7))).toBe('cco');
  });
  test('announced frame with another’s CSRC, or with none, is not enough', () => {
    expect(timeline(owns(ADA), announces('ada', 100), frame(100, 8), frame(100, null))).toBe(
      'cccc',
    );
  });
  test('right CSRC without an announcement is not enough, however often', () => {
    expect(timeline(owns(ADA), frame(1, 7), frame(2, 7), frame(3, 7), frame(4, 7))).toBe('ccccc');
  });
  test('announcement for another key is not believed', () => {
    expect(timeline(owns(ADA), announces('bo', 100), frame(100, 7))).toBe('ccc');
  });
});

describe('S3: open slot is covered by a frame', () => {
  test('of another', () => {
    expect(timeline(owns(ADA), announces('ada', 1), frame(1, 7), frame(2, 8), frame(3, 7))).toBe(
      'ccoco',
    );
  });
  test('of nobody', () => {
    expect(timeline(owns(ADA), announces('ada', 1), frame(1, 7), frame(2, null))).toBe('ccoc');
  });
});

describe('S4: any order', () => {
  test('frame first, announcement after it', () => {
    expect(timeline(owns(ADA), frame(100, 7), announces('ada', 100))).toBe('cco');
  });
  test('frame before the owner is known', () => {
    expect(timeline(frame(100, 7), owns(ADA), announces('ada', 100))).toBe('cco');
  });
  test('old frame of the same person does not open the slot again', () => {
    const before = [owns(ADA), announces('ada', 100), frame(100, 7), owns(null), owns(ADA)];
    expect(timeline(...before, announces('ada', 9000), frame(9000, 7))).toBe('ccoccco');
  });
});

describe('S5: announcements that may be lost', () => {
  test('owner of before the loss opens on two frames in a row', () => {
    expect(timeline(owns(ADA), resumed, frame(1, 7), frame(2, 7))).toBe('ccco');
  });
  test('owner of the repeated map opens on two frames in a row, not on one of two', () => {
    const wrongBetween = [frame(1, 8), frame(2, 7), frame(3, 8), frame(4, 7), frame(5, 7)];
    expect(timeline(owns(ADA), resumed, owns(BO), ...wrongBetween.slice(0, 3))).toBe('cccccc');
    expect(timeline(resumed, owns(ADA), ...wrongBetween)).toBe('cc' + 'cccco');
  });
  test('owner after the map needs its announcement again', () => {
    const map = [resumed, owns(ADA)];
    expect(timeline(...map, owns(BO), frame(1, 8), frame(2, 8), frame(3, 8))).toBe('cccccc');
  });
  test('browser without timestamps: announcement and two frames', () => {
    expect(timeline(owns(ADA), frame(null, 7), frame(null, 7), announces('ada', 5))).toBe('ccco');
    expect(timeline(owns(ADA), announces('ada', 5), frame(null, 7), frame(null, 7))).toBe('ccco');
  });
});

test('RTP timestamps wrap at 2^32', () => {
  expect(notOlder(5, 2 ** 32 - 5)).toBe(true);
  expect(notOlder(2 ** 32 - 5, 5)).toBe(false);
  expect(notOlder(5, 5)).toBe(true);
});

/** mulberry32: the same numbers for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What reaches the browser: a frame that really shows `who`, or a message about the slot. */
type Arrival = { readonly at: number } & (
  | { readonly kind: 'frame'; readonly who: string; readonly frame: Frame }
  | { readonly kind: 'message'; readonly change: (slot: Slot) => Slot }
);

/** So many that nobody is back in the slot before all messages about their last time arrived. */
const CAST = 40;

/**
 * One slot that passes through many hands. Frames and messages travel apart: each message is up
 * to 300 ms late, messages keep their order, and a frame's CSRC may already be the next owner's.
 */
function handOvers(seed: number, count: number): Arrival[] {
  const next = random(seed);
  const arrivals: Arrival[] = [];
  let timestamp = Math.floor(next() * 2 ** 32);
  let [at, arrived] = [0, 0];
  const message = (change: (slot: Slot) => Slot) => {
    arrived = Math.max(arrived, at + next() * 300);
    arrivals.push({ at: arrived, kind: 'message', change });
  };
  for (let i = 0; i < count; i += 1) {
    const owner = { key: `p${i % CAST}`, csrc: (i % CAST) + 100 };
    const following = ((i + 1) % CAST) + 100;
    message(owns(owner));
    message(announces(owner.key, timestamp));
    const frames = Math.floor(next() * 12);
    for (let n = 0; n < frames; n += 1) {
      const ahead = n === frames - 1 && next() < 0.5;
      const csrc = ahead ? following : owner.csrc;
      const shownFrame = { rtpTimestamp: timestamp, csrc };
      arrivals.push({ at, kind: 'frame', who: owner.key, frame: shownFrame });
      at += 33 + next() * 20;
      timestamp = (timestamp + 3000) % 2 ** 32;
    }
    timestamp = (timestamp + 3000) % 2 ** 32;
    if (next() < 0.3) message(owns(null));
    at += next() * 50;
  }
  return arrivals.sort((a, b) => a.at - b.at);
}

test('no frame is seen under another’s name in 200 × 50 random hand-overs', () => {
  let opened = 0;
  for (let seed = 0; seed < 50; seed += 1) {
    let slot = EMPTY;
    let onScreen = '';
    for (const arrival of handOvers(seed, 200)) {
      if (arrival.kind === 'frame') {
        slot = shown(slot, arrival.frame);
        onScreen = arrival.who;
      } else slot = arrival.change(slot);
      if (slot.covered) continue;
      opened += 1;
      expect(onScreen).toBe(slot.owner?.key);
    }
  }
  expect(opened).toBeGreaterThan(10_000); // covered for ever would be no answer
});
