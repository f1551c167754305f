// Which CSRC is the newest. Kills the mutation "the first that is listed"; and asking what was
// played kills the mutation "the same answer again is another frame".
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { newestSource, watchSources } from './frames';
import type { Frame } from './slots';

type Listed = [source: number, timestamp: number, rtpTimestamp?: number];

/** A receiver that has played packets of these. */
class FakeReceiver {
  constructor(public listed: Listed[] = []) {}

  getContributingSources(): RTCRtpContributingSource[] {
    return this.listed.map(([source, timestamp, rtpTimestamp = 0]) => ({
      source,
      timestamp,
      rtpTimestamp,
    }));
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each<[Listed[], number | undefined]>([
  [
    [
      [7, 10],
      [8, 30],
      [9, 20],
    ],
    8,
  ],
  [
    [
      [8, 30],
      [7, 10],
    ],
    8,
  ],
  [
    [
      [7, 10],
      [8, 10],
    ],
    7,
  ],
  [[], undefined],
])('of %j the newest is %s', (listed, newest) => {
  expect(newestSource(new FakeReceiver(listed))?.source).toBe(newest);
});

test('what was played is told once', () => {
  const receiver = new FakeReceiver();
  const seen: Frame[] = [];
  const stop = watchSources(receiver, (frame) => seen.push(frame));
  vi.advanceTimersByTime(1000);
  receiver.listed = [[7, 10, 3000]];
  vi.advanceTimersByTime(5000);
  receiver.listed = [
    [8, 20, 6000],
    [7, 10, 3000],
  ];
  vi.advanceTimersByTime(5000);
  stop();
  receiver.listed = [[9, 30, 9000]];
  vi.advanceTimersByTime(5000);
  expect(seen).toEqual([
    { rtpTimestamp: 3000, csrc: 7 },
    { rtpTimestamp: 6000, csrc: 8 },
  ]);
});
