// The server's clock. Kills the mutation "the newest exchange counts, not the quickest".
import { expect, test } from 'vitest';
import { type Exchange, KEPT, keepNewest, serverOffset } from './clock';

const SERVER_AHEAD = 5000;

/** An exchange that took `there` milliseconds to the server and `back` from it. */
function exchange(sentAt: number, there: number, back: number): Exchange {
  return { sentAt, receivedAt: sentAt + there + back, serverMs: sentAt + there + SERVER_AHEAD };
}

test('without an exchange nothing is known', () => {
  expect(serverOffset([])).toBeNull();
});

test('even ways give the exact offset', () => {
  expect(serverOffset([exchange(100, 40, 40)])).toBe(SERVER_AHEAD);
});

test('quickest exchange counts, wherever it stands', () => {
  const quick = exchange(300, 5, 5);
  const slow = [exchange(100, 900, 10), exchange(200, 10, 700)];
  for (const order of [
    [quick, ...slow],
    [...slow, quick],
  ]) {
    expect(serverOffset(order)).toBe(SERVER_AHEAD);
  }
});

test('offset is never wrong by more than half of the smallest round trip', () => {
  for (let there = 0; there <= 200; there += 20) {
    for (let back = 0; back <= 200; back += 20) {
      const offset = serverOffset([exchange(0, there, back), exchange(50, 500, 0)]) ?? Number.NaN;
      expect(Math.abs(offset - SERVER_AHEAD)).toBeLessThanOrEqual((there + back) / 2);
    }
  }
});

test('oldest exchanges are forgotten', () => {
  let kept: readonly Exchange[] = [];
  for (let i = 0; i < KEPT + 3; i += 1) kept = keepNewest(kept, exchange(i, 1, 1));
  expect(kept.map(({ sentAt }) => sentAt)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
});
