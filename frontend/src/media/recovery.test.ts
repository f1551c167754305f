// The table of repairs. Kills the mutation "an overdue restart asks for a restart again", by
// which a path that a restart cannot repair is never repaired.
import { expect, test } from 'vitest';
import { type Happening, type PathState, type Renewal, step } from './recovery';

/** What is asked for, one entry per happening, and where it ends. */
function run(...happenings: Happening[]): { asked: (Renewal | null)[]; at: PathState } {
  let at: PathState = 'idle';
  const asked = happenings.map((happening) => {
    const next = step(at, happening);
    at = next?.to ?? at;
    return next?.ask ?? null;
  });
  return { asked, at };
}

test('before the first offer nothing is asked for', () => {
  expect(run('moved', 'resumed', 'failed', 'overdue')).toEqual({
    asked: [null, null, null, null],
    at: 'idle',
  });
});

test('no answers: a restart, and a fresh connection when that is overdue', () => {
  expect(run('offered', 'connected', 'disconnected', 'overdue', 'offered', 'connected')).toEqual({
    asked: [null, null, 'restart', 'fresh', null, null],
    at: 'connected',
  });
});

test('a restart that works ends it', () => {
  expect(run('offered', 'connected', 'disconnected', 'connected')).toEqual({
    asked: [null, null, 'restart', null],
    at: 'connected',
  });
});

test('given up: a fresh connection at once', () => {
  expect(run('offered', 'connected', 'failed').asked.at(-1)).toBe('fresh');
});

test('bytes that stop: a restart, which bytes that come again end', () => {
  expect(run('offered', 'connected', 'stalled', 'flowing', 'stalled', 'overdue')).toEqual({
    asked: [null, null, 'restart', null, 'restart', 'fresh'],
    at: 'negotiating',
  });
});

test('a node that is gone takes a fresh connection from every state, but before the first', () => {
  expect(run('closed').asked).toEqual([null]);
  expect(run('offered', 'closed').asked.at(-1)).toBe('fresh');
  expect(run('offered', 'connected', 'closed').asked.at(-1)).toBe('fresh');
  expect(run('offered', 'connected', 'stalled', 'closed').asked.at(-1)).toBe('fresh');
});

test('network changed under a connection that works: a restart, and nothing is overdue', () => {
  expect(run('offered', 'connected', 'moved')).toEqual({
    asked: [null, null, 'restart'],
    at: 'connected',
  });
  expect(step('connected', 'moved')?.within).toBeNull();
});

test('an offer asked for while control was away is asked for again when it is back', () => {
  expect(run('offered', 'resumed').asked.at(-1)).toBe('fresh');
  expect(run('offered', 'connected', 'disconnected', 'resumed').asked.at(-1)).toBe('restart');
  expect(run('offered', 'connected', 'resumed').asked.at(-1)).toBeNull();
});

test('nothing that is not connected waits for ever', () => {
  const states: PathState[] = ['idle', 'negotiating', 'connected', 'restarting'];
  const happenings: Happening[] = [
    'offered',
    'connected',
    'disconnected',
    'failed',
    'stalled',
    'flowing',
    'moved',
    'closed',
    'resumed',
    'overdue',
  ];
  for (const state of states) {
    for (const happening of happenings) {
      const next = step(state, happening);
      if (next !== null) expect(next.within === null).toBe(next.to === 'connected');
    }
  }
});
