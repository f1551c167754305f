// G1–G4 of gate.ts.
import { describe, expect, test } from 'vitest';
import { arrived, belongs, type Gate, OPEN } from './gate';

const key = (...csrcs: number[]) => ({ key: true, csrcs });
const delta = (...csrcs: number[]) => ({ key: false, csrcs });
type Happening = number | null | ReturnType<typeof key>;

/** For each frame: whether it passes. A number or null is the new owner. */
function timeline(...happenings: Happening[]): string {
  let gate: Gate = OPEN;
  let passed = '';
  for (const happening of happenings) {
    if (happening === null || typeof happening === 'number') gate = belongs(gate, happening);
    else {
      gate = arrived(gate, happening);
      passed += gate.missed ? '-' : '+';
    }
  }
  return passed;
}

describe('G1: another’s frame does not pass', () => {
  test('key or not', () => {
    expect(timeline(7, key(7), delta(7), key(8), delta(8))).toBe('++--');
  });
  test('until the slot is the other’s', () => {
    expect(timeline(7, key(8), 8, key(8), delta(8))).toBe('-++');
  });
});

describe('G2: nothing passes before a key frame', () => {
  test('of the new owner', () => {
    expect(timeline(7, key(8), delta(8), 8, delta(8), delta(8), key(8), delta(8))).toBe('----++');
  });
  test('of the owner that came back', () => {
    expect(timeline(7, key(7), key(8), delta(7), key(7))).toBe('+--+');
  });
  test('of nobody’s slot either', () => {
    expect(timeline(7, key(8), null, delta(8), key(8))).toBe('--+');
  });
});

test('G3: a frame that bears no CSRC passes', () => {
  expect(timeline(7, key(), delta(), delta(7))).toBe('+++');
});

test('G4: of nobody’s slot every frame passes', () => {
  expect(timeline(key(7), delta(7), key(8), 7, key(7), null, delta(8))).toBe('+++++');
});
