import { describe, expect, it } from 'vitest';
import { choosable, outputFor } from './output';

const DEFAULT = { id: 'default', label: 'Default - Speakers' };
const SPEAKERS = { id: 's', label: 'Speakers' };
const HEADSET = { id: 'h', label: 'Headset' };
const USUAL = { id: '', label: 'As this device is set' };

describe('what can be chosen to play the sound', () => {
  it('is the usual one and each real one, without the browser’s aliases', () => {
    const listed = [DEFAULT, { id: 'communications', label: 'For calls' }, SPEAKERS, HEADSET];
    expect(choosable(listed, true)).toEqual([USUAL, SPEAKERS, HEADSET]);
  });

  it.each([
    ['where the browser cannot', [SPEAKERS, HEADSET], false],
    ['where nothing is listed', [], true],
    ['where there is an alias alone', [DEFAULT], true],
  ])('is nothing %s', (_when, listed, can) => {
    expect(choosable(listed, can)).toEqual([]);
  });
});

describe('the one that plays', () => {
  const choices = [USUAL, SPEAKERS, HEADSET];

  it.each([
    ['h', 'h'],
    ['gone', ''],
    ['', ''],
  ])('chosen %j: %j plays', (chosen, plays) => {
    expect(outputFor(chosen, choices)).toBe(plays);
  });
});
