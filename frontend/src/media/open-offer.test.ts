// Which answer is applied. Kills the mutation "an answer leaves the offer open".
import { expect, test } from 'vitest';
import { OpenOffer } from './open-offer';

function made(...offers: string[]): OpenOffer {
  const open = new OpenOffer();
  for (const sdp of offers) {
    open.begin('fresh');
    open.made(sdp);
  }
  return open;
}

test('of two answers to one offer the first is applied', () => {
  const open = made('a');
  expect([open.answered('a'), open.answered('a')]).toEqual([true, false]);
  expect(open.renewal).toBeNull();
});

test('answer to an older offer is not applied, and leaves the newest open', () => {
  const open = made('a', 'b');
  expect([open.answered('a'), open.renewal, open.answered('b')]).toEqual([false, 'fresh', true]);
});

test('answer that comes while the next offer is made is not applied', () => {
  const open = made('a');
  open.begin('restart');
  expect([open.answered('a'), open.renewal]).toEqual([false, 'restart']);
  open.made('b');
  expect(open.answered('b')).toBe(true);
});

test('before the first offer there is nothing to answer', () => {
  expect(made().answered('')).toBe(false);
});
