// The table of delays: kills the mutation "every attempt waits 0 ms" and "jitter is left out".
import { expect, test } from 'vitest';
import { DELAYS_MS, retryDelay, SPREAD_MS } from './backoff';

test('first attempt after a loss is made at once', () => {
  expect(retryDelay(0, 0.99)).toBe(0);
});

test('delays grow to five seconds and stay there', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 60].map((attempt) => retryDelay(attempt, 0.5))).toEqual([
    0, 300, 1000, 2000, 4000, 5000, 5000, 5000,
  ]);
});

test('jitter is a quarter to either side', () => {
  for (const [attempt, delay] of DELAYS_MS.entries()) {
    expect(retryDelay(attempt, 0)).toBe(Math.round(delay * 0.75));
    expect(retryDelay(attempt, 1)).toBe(Math.round(delay * 1.25));
  }
});

test('after a restart of the server the first attempt is spread over a second', () => {
  expect(retryDelay(0, 0.4, true)).toBe(0.4 * SPREAD_MS);
  expect(retryDelay(1, 0.5, true)).toBe(300);
});
