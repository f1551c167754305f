import { describe, expect, it } from 'vitest';
import { clocksOf } from '../room/clock';
import type { MeView, RoomView } from '../room/state';
import { liveRoom, MINUTE, meView, roomView, START } from '../room/testing';
import { when } from './lobby';

function words(room: Partial<RoomView>, now: number, me: Partial<MeView> = {}): string {
  const live = liveRoom({ room: roomView(room), me: meView({ seat: 'waiting', ...me }) });
  return when(live, now, clocksOf('', '')).replace(/\d+:\d+\s[AP]M/u, 'TIME');
}

describe('the waiting room says who admits, and when', () => {
  it.each([
    [{ state: 'lobby_open' }, START - 4 * MINUTE, 'Dana lets you in at TIME, in 4 minutes.'],
    [
      { state: 'lobby_open', facilitators: ['Dana', 'Luis'] },
      START - 4 * MINUTE,
      'Dana and Luis will let you in at TIME, in 4 minutes.',
    ],
    [
      { state: 'lobby_open', facilitators: [] },
      START - 1,
      'Your facilitator lets you in at TIME, in a minute.',
    ],
    [{ state: 'lobby_open' }, START, 'Dana lets you in in a moment.'],
    [{ state: 'live' }, START + 1, 'The group has started. Dana lets you in in a moment.'],
  ] as [Partial<RoomView>, number, string][])('%o at %i: %s', (room, now, sentence) => {
    expect(words(room, now)).toBe(sentence);
  });

  it('and to a latecomer, that it is at the next segment', () => {
    expect(words({ state: 'live' }, START, { reason: 'late' })).toBe(
      'This part has started. Dana lets you in at the next one, or before.',
    );
  });
});
