import { expect, it } from 'vitest';
import { countersOf } from './counters';

const STATS = [
  { type: 'inbound-rtp', mid: '2', packetsReceived: 90, packetsLost: 10, framesDecoded: 40 },
  { type: 'inbound-rtp', mid: '3', packetsReceived: 100, packetsLost: 0 },
  { type: 'inbound-rtp', mid: '4', packetsReceived: 7, packetsLost: 1, totalFreezesDuration: 0.5 },
  { type: 'outbound-rtp', packetsSent: 100 },
  { type: 'outbound-rtp', packetsSent: 300 },
  { type: 'remote-inbound-rtp', packetsLost: 4, roundTripTime: 0.2 },
  { type: 'remote-inbound-rtp', packetsLost: 1 },
  { type: 'candidate-pair', nominated: true, state: 'failed', currentRoundTripTime: 9 },
  { type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 0.08 },
];
const MIDS = [
  ['2', '3'],
  ['4', '5'],
];

it('adds up sound and picture of each slot, and every layer that is sent', () => {
  expect(countersOf(STATS, MIDS)).toEqual({
    sent: 400,
    missed: 5,
    roundTripMs: 80,
    slots: [
      { received: 190, lost: 10, frames: 40, frozenSeconds: 0 },
      { received: 7, lost: 1, frames: 0, frozenSeconds: 0.5 },
    ],
  });
});

it('takes the media’s own round trip where no pair has one', () => {
  const without = STATS.filter(({ type }) => type !== 'candidate-pair');
  expect(countersOf(without, []).roundTripMs).toBe(200);
  expect(countersOf([], []).roundTripMs).toBeNull();
});

it('counts nothing for a slot without lines', () => {
  expect(countersOf(STATS, [[null, null]]).slots).toEqual([
    { received: 0, lost: 0, frames: 0, frozenSeconds: 0 },
  ]);
});
