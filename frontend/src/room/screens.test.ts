import { describe, expect, it } from 'vitest';
import type { MeView, RoomView } from '../messages';
import { allowedDevices, isBreak, isInside, isOver, needs, screenFor } from './screens';
import { agendaView, agendaWithBreak, liveRoom, meView, pageIn, person, roomView } from './testing';

describe('which screen', () => {
  it.each<[string, Partial<MeView>, Partial<RoomView>]>([
    ['lobby', { seat: 'waiting' }, { state: 'lobby_open' }],
    ['lobby', { seat: 'waiting' }, { state: 'live' }],
    [
      'room',
      { seat: 'admitted' },
      { state: 'lobby_open', agenda: agendaView({ phase: 'not_started' }) },
    ],
    ['room', { seat: 'admitted' }, { state: 'live' }],
    ['room', { seat: 'admitted' }, { state: 'paused' }],
    ['break', {}, { agenda: agendaWithBreak({ index: 1 }) }],
    ['break', {}, { agenda: agendaWithBreak({ index: 1, phase: 'paused' }) }],
    ['room', { facilitates: true }, { agenda: agendaWithBreak({ index: 1 }) }],
    ['lobby', { seat: 'waiting' }, { agenda: agendaWithBreak({ index: 1 }) }],
    ['ended', {}, { state: 'ended', agenda: agendaWithBreak({ index: 1, phase: 'ended' }) }],
    ['ended', { seat: 'waiting' }, { state: 'ended' }],
    ['not_held', { seat: 'waiting' }, { state: 'not_held' }],
    ['cancelled', { seat: 'waiting' }, { state: 'cancelled' }],
    ['removed', { seat: 'removed' }, { state: 'live' }],
    ['removed', { seat: 'removed' }, { state: 'ended' }],
  ])('%s for %o in %o', (at, me, room) => {
    const live = liveRoom({ me: meView(me), room: roomView(room) });
    expect(screenFor(live).at).toBe(at);
  });
});

describe('a break', () => {
  it.each([
    ['running', true],
    ['overrun', true],
    ['paused', true],
    ['not_started', false],
    ['ended', false],
  ] as const)('that is %s counts: %s', (phase, counts) => {
    expect(isBreak(agendaWithBreak({ index: 1, phase }))).toBe(counts);
  });

  it('is no other segment', () => {
    expect(isBreak(agendaWithBreak({ index: 0 }))).toBe(false);
  });
});

describe('devices that the room allows', () => {
  const open = { microphone: true, camera: true };
  it.each<[string, Partial<MeView>, Partial<RoomView>, typeof open]>([
    ['all', {}, {}, open],
    [
      'no microphone that staff closed',
      { microphone_allowed: false },
      {},
      { ...open, microphone: false },
    ],
    [
      'none in a break',
      {},
      { agenda: agendaWithBreak({ index: 1 }) },
      { microphone: false, camera: false },
    ],
  ])('%s', (_, me, room, allowed) => {
    const live = liveRoom({ me: meView(me), room: roomView(room) });
    expect(allowedDevices(screenFor(live))).toEqual(allowed);
  });

  it('are all before the room is known', () => {
    expect(allowedDevices({ at: 'check' })).toEqual(open);
  });
});

describe('media', () => {
  it('are for those who are among the participants', () => {
    const inside = (key: string) =>
      isInside(pageIn(liveRoom({ participants: [person(key)] })).screen);
    expect([inside('me'), inside('joe')]).toEqual([true, false]);
  });

  it('are on no screen that is over', () => {
    for (const state of ['ended', 'not_held', 'cancelled'] as const) {
      const screen = screenFor(liveRoom({ room: roomView({ state }) }));
      expect([isOver(screen.at), needs(screen).media, needs(screen).devices]).toEqual([
        true,
        false,
        false,
      ]);
    }
    expect(['live', 'paused', 'room', 'toString'].map(isOver)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
