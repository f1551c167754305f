// Loudness as the meter shows it. Kills the mutation "20 · log10 of the energy".
import { expect, test } from 'vitest';
import { level } from './meter';

const sine = (amplitude: number) =>
  Float32Array.from({ length: 4800 }, (_, i) => amplitude * Math.sin((i * 2 * Math.PI) / 48));

test('silence is 0, shouting is 1', () => {
  expect([level(new Float32Array(1024)), level(sine(1))]).toEqual([0, 1]);
});

test('each 10 dB between the limits is a fifth', () => {
  const atMinus = (db: number) => level(sine(Math.SQRT2 * 10 ** (-db / 20)));
  for (const [db, shown] of [
    [10, 1],
    [20, 0.8],
    [30, 0.6],
    [50, 0.2],
    [60, 0],
    [90, 0],
  ] as const) {
    expect(atMinus(db)).toBeCloseTo(shown, 3);
  }
});
