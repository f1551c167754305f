import { expect, test } from 'vitest';
import { type EchoFigures, echoLines, echoWords, quality } from './echo';

const CLEAN = { received: 1000, lost: 0, jitterMs: 4 };
const GOOD: EchoFigures = {
  uplink: CLEAN,
  downlink: CLEAN,
  roundTripMs: 48,
  relayed: false,
  heard: true,
};

test('what is measured decides, the worst of it', () => {
  const cases: [Partial<EchoFigures>, string][] = [
    [{}, 'good'],
    [{ roundTripMs: null }, 'good'],
    [{ uplink: { ...CLEAN, lost: 21 } }, 'fair'],
    [{ downlink: { ...CLEAN, lost: 100 } }, 'poor'],
    [{ downlink: { ...CLEAN, jitterMs: 40 } }, 'fair'],
    [{ roundTripMs: 900 }, 'poor'],
    [{ downlink: { ...CLEAN, received: 0 } }, 'poor'],
  ];
  expect(cases.map(([change]) => quality({ ...GOOD, ...change }))).toEqual(
    cases.map(([, expected]) => expected),
  );
});

test('who was not heard is told that first, however good the connection', () => {
  expect(quality({ ...GOOD, heard: false })).toBe('unheard');
  expect(quality({ ...GOOD, uplink: { ...CLEAN, received: 0 } })).toBe('unheard');
  expect(echoWords({ ...GOOD, heard: false }).title).toBe('We did not hear you');
});

test('the lines can be read out', () => {
  const lossy = { received: 970, lost: 30, jitterMs: 12.4 };
  expect(echoLines({ ...GOOD, downlink: lossy, relayed: true })).toEqual([
    ['You to the group', '0 % lost, jitter 4 ms'],
    ['The group to you', '3 % lost, jitter 12 ms'],
    ['Round trip', '48 ms, through the relay'],
  ]);
  const little = { received: 1000, lost: 1, jitterMs: 0 };
  const none = { received: 0, lost: 0, jitterMs: 0 };
  expect(echoLines({ ...GOOD, uplink: little, downlink: none, roundTripMs: null })).toEqual([
    ['You to the group', 'under 1 % lost, jitter 0 ms'],
    ['The group to you', 'nothing arrived'],
    ['Round trip', 'not known'],
  ]);
});
