import { describe, expect, it } from 'vitest';
import {
  asClock,
  barSegments,
  currentSegment,
  fromNow,
  leftInMinutes,
  leftInSeconds,
  leftMs,
  lengthInMinutes,
  nextSegment,
  shareDone,
  since,
} from './agenda';
import { agendaView, MINUTE, START } from './testing';

const SECOND = 1000;

describe('what is left', () => {
  it.each([
    [30 * MINUTE, '30 min left', '30:00 left'],
    [12 * MINUTE, '12 min left', '12:00 left'],
    [11 * MINUTE + 48 * SECOND, '12 min left', '11:48 left'],
    [MINUTE + SECOND, '2 min left', '1:01 left'],
    [MINUTE, '1 min left', '1:00 left'],
    [59 * SECOND, 'less than a minute', '0:59 left'],
    [0, 'moving on soon', '0:00 left'],
    [-72 * SECOND, 'moving on soon', '1:12 over'],
  ])('of %i ms reads %s, and at the desk %s', (left, client, desk) => {
    const agenda = agendaView({ left_ms: left });
    expect([leftInMinutes(agenda, START), leftInSeconds(agenda, START)]).toEqual([client, desk]);
  });

  it('goes down with the clock', () => {
    expect(leftInSeconds(agendaView(), START + 90 * SECOND)).toBe('28:30 left');
  });

  it('does not grow when the clock is behind the server’s reading', () => {
    expect(leftMs(agendaView(), START - 5000)).toBe(30 * MINUTE);
  });

  it('stands while the agenda is paused', () => {
    const agenda = agendaView({ phase: 'paused', left_ms: 10 * MINUTE });
    const later = START + 7 * MINUTE;
    expect([leftInMinutes(agenda, later), leftInSeconds(agenda, later)]).toEqual([
      'paused',
      'paused, 10:00 left',
    ]);
  });

  it.each(['not_started', 'ended'] as const)('is nothing when it has %s', (phase) => {
    const agenda = agendaView({ phase });
    expect([currentSegment(agenda), leftInMinutes(agenda, START)]).toEqual([null, '']);
  });
});

describe('what comes next', () => {
  it('is the first segment before the start, and nothing after the last', () => {
    const titles = [
      nextSegment(agendaView({ phase: 'not_started' })),
      nextSegment(agendaView({ index: 1 })),
      nextSegment(agendaView({ index: 2 })),
    ].map((segment) => segment?.title);
    expect(titles).toEqual(['Check-in', 'Wrap-up', undefined]);
  });
});

describe('the bar', () => {
  it.each([
    [0, 0],
    [59 * SECOND, 0],
    [MINUTE, 1 / 30],
    [15 * MINUTE + 20 * SECOND, 0.5],
    [40 * MINUTE, 1],
  ])('steps once a minute: after %i ms the share is %d', (gone, share) => {
    expect(shareDone(agendaView(), 0, START + gone)).toBeCloseTo(share, 9);
  });

  it('is full before and empty after the segment that is on', () => {
    const agenda = agendaView({ index: 1 });
    expect([0, 2].map((place) => shareDone(agenda, place, START))).toEqual([1, 0]);
  });

  it('is empty before the start and full after the end', () => {
    const shares = (['not_started', 'ended'] as const).map((phase) =>
      shareDone(agendaView({ phase, index: 0 }), 1, START),
    );
    expect(shares).toEqual([0, 1]);
  });

  it('shows all of a short evening', () => {
    expect(barSegments(agendaView()).map(({ place }) => place)).toEqual([0, 1, 2]);
  });

  it('shows the current block of a long one, with its places in the agenda', () => {
    const block = (number: number) => agendaView().segments.map((s) => ({ ...s, block: number }));
    const agenda = agendaView({ index: 4, segments: [...block(1), ...block(2)] });
    expect(barSegments(agenda).map(({ place }) => place)).toEqual([3, 4, 5]);
  });
});

describe('times', () => {
  it.each([
    [0, '0:00'],
    [9 * SECOND + 999, '0:09'],
    [48 * SECOND, '0:48'],
    [11 * MINUTE + 48 * SECOND, '11:48'],
    [70 * MINUTE + 10 * SECOND, '1:10:10'],
  ])('%i ms read %s', (ms, words) => {
    expect(asClock(ms)).toBe(words);
  });

  it.each([
    [4 * MINUTE, 'in 4 minutes'],
    [MINUTE + 1, 'in 2 minutes'],
    [MINUTE, 'in a minute'],
    [1, 'in a minute'],
    [0, ''],
    [-MINUTE, ''],
    [3 * 60 * MINUTE, ''],
  ])('%i ms ahead read "%s"', (ahead, words) => {
    expect(fromNow(START + ahead, START)).toBe(words);
  });

  it.each([
    [-3000, '0 s'],
    [40 * SECOND, '40 s'],
    [119 * SECOND, '1 min'],
  ])('%i ms ago read "%s"', (ago, words) => {
    expect(since(START - ago, START)).toBe(words);
  });

  it('of a segment are whole minutes', () => {
    expect(agendaView().segments.map(lengthInMinutes)).toEqual([30, 30, 30]);
  });
});
