// R2, whether the other end is there. Kills the mutation "silence is counted from the last ping".
import { expect, test } from 'vitest';
import { alive, beat, type Liveness, received, type Verdict } from './liveness';

/** Beats every 500 ms from `liveness` until `until`; each verdict with its time, waits left out. */
function run(liveness: Liveness, until: number, receives: (now: number) => boolean) {
  const verdicts: [number, Verdict][] = [];
  let state = liveness;
  for (let now = state.beatAt + 500; now <= until; now += 500) {
    if (receives(now)) state = received(state, now);
    const { liveness: next, verdict } = beat(state, now);
    state = next;
    if (verdict !== 'wait') verdicts.push([now, verdict]);
    if (verdict === 'dead') break;
  }
  return verdicts;
}

test('R2: connection that swallows everything is dead within four seconds of the last word', () => {
  expect(run(alive(0), 20_000, () => false)).toEqual([
    [500, 'ping'],
    [2500, 'ping'],
    [3500, 'dead'],
  ]);
});

test('connection that answers within a second and a half lives', () => {
  const verdicts = run(alive(0), 60_000, (now) => now % 3000 === 0);
  expect(verdicts.every(([, verdict]) => verdict === 'ping')).toBe(true);
});

test('ping every two seconds, which is oftener than the lease needs', () => {
  const times = run(alive(0), 9000, () => true).map(([now]) => now);
  expect(times).toEqual([500, 2500, 4500, 6500, 8500]);
});

test('after a sleep the other end is asked before it is given up', () => {
  const woken = beat(alive(0), 600_000);
  expect(woken.verdict).toBe('ping');
  expect(run(woken.liveness, 700_000, () => false)).toEqual([[602_000, 'dead']]);
  expect(run(woken.liveness, 603_000, (now) => now === 601_500)).toEqual([[602_000, 'ping']]);
});
