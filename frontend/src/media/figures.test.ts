import { expect, test } from 'vitest';
import { figuresOf } from './figures';

const REPORT = { received: 500, lost: 5, jitter_ms: 7, heard: true };
const PAIR = {
  id: 'pair',
  type: 'candidate-pair',
  nominated: true,
  state: 'succeeded',
  localCandidateId: 'local',
  currentRoundTripTime: 0.048,
};
const INBOUND = {
  id: 'in',
  type: 'inbound-rtp',
  packetsReceived: 400,
  packetsLost: 4,
  jitter: 0.012,
};

test('one direction is the probe’s, the other the browser’s own', () => {
  expect(figuresOf(REPORT, [INBOUND, PAIR])).toEqual({
    uplink: { received: 500, lost: 5, jitterMs: 7 },
    downlink: { received: 400, lost: 4, jitterMs: 12 },
    roundTripMs: 48,
    relayed: false,
    heard: true,
  });
});

test('a relay is told by the local candidate of the pair in use', () => {
  const relay = { id: 'local', type: 'local-candidate', candidateType: 'relay' };
  expect(figuresOf(REPORT, [relay, PAIR]).relayed).toBe(true);
  expect(figuresOf(REPORT, [relay, { ...PAIR, nominated: false }]).relayed).toBe(false);
});

test('a browser that does not time its checks is read by its reports', () => {
  const remote = { id: 'remote', type: 'remote-inbound-rtp', roundTripTime: 0.1 };
  expect(figuresOf(REPORT, [remote]).roundTripMs).toBe(100);
});

test('nothing measured is nothing, not good', () => {
  const nothing = { received: 0, lost: 0, jitterMs: 0 };
  expect(figuresOf(null, [{ ...INBOUND, packetsReceived: 0, packetsLost: -2 }])).toEqual({
    uplink: nothing,
    downlink: { ...nothing, jitterMs: 12 },
    roundTripMs: null,
    relayed: false,
    heard: false,
  });
});
