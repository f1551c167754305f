// What a close code means. Kills the mutation "4409 comes back", which lets two tabs take the
// seat from each other for ever.
import { expect, test } from 'vitest';
import { returnAfter } from './closing';

test.each([4400, 4401, 4403, 4404, 4409, 4410, 4411, 4412])('%i stays away', (code) => {
  expect(returnAfter(code)).toBe('never');
});

test.each([1000, 1006, 1011, 1015, 4408])('%i comes back at once', (code) => {
  expect(returnAfter(code)).toBe('now');
});

test.each([1001, 1012, 1013, 4429, 4503])('%i comes back, but not all at once', (code) => {
  expect(returnAfter(code)).toBe('spread');
});

test('unknown decision of the application is respected, unknown accident is not', () => {
  expect([returnAfter(4499), returnAfter(1099)]).toEqual(['never', 'now']);
});
