// Which CSRC is the newest. Kills the mutation "the first that is listed".
import { expect, test } from 'vitest';
import { newestCsrc } from './frames';

function receiver(...sources: [number, number][]) {
  const listed = sources.map(([source, timestamp]) => ({ source, timestamp, rtpTimestamp: 0 }));
  return { getContributingSources: () => listed };
}

test('newest packet’s number counts, in any order', () => {
  expect(newestCsrc(receiver([7, 10], [8, 30], [9, 20]))).toBe(8);
  expect(newestCsrc(receiver([8, 30], [7, 10]))).toBe(8);
});

test('of two of the same instant the first that is listed counts', () => {
  expect(newestCsrc(receiver([7, 10], [8, 10]))).toBe(7);
});

test('without packets there is none', () => {
  expect(newestCsrc(receiver())).toBeNull();
});
