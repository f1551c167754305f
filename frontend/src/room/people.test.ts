import { describe, expect, it } from 'vitest';
import { slotSeen } from './live';
import {
  condition,
  hands,
  initial,
  isLastOfStaff,
  isUnstaffed,
  tiles,
  waitingBecause,
} from './people';
import { type Live, NO_DEVICES, type Qualities, UNTROUBLED } from './state';
import { floor, liveRoom, meView, person, roomView, waits } from './testing';

const OWN = {
  own: { ...NO_DEVICES, microphone: true, camera: true },
  quality: UNTROUBLED as Qualities,
};

function tileOf(live: Live, key: string, state = OWN) {
  return tiles(state, live).find((tile) => tile.key === key);
}

describe('tiles', () => {
  it('bear how good a connection is, one’s own among them, and not of who is away', () => {
    const quality: Qualities = { own: 'weak', others: { dana: 'poor', joe: 'poor' } };
    const away = person('joe', { away: true });
    const live = liveRoom({ participants: [person('dana'), person('me'), person('ruth'), away] });
    const shown = tiles({ ...OWN, quality }, live).map((tile) => [tile.key, tile.quality]);
    expect(shown).toEqual([
      ['dana', 'poor'],
      ['me', 'weak'],
      ['ruth', 'good'],
      ['joe', 'good'],
    ]);
  });

  it('stand in the order of arrival, one’s own among them', () => {
    const shown = tiles(OWN, liveRoom()).map((tile) => [tile.key, tile.me]);
    expect(shown).toEqual([
      ['dana', false],
      ['me', true],
      ['joe', false],
    ]);
  });

  it.each([
    ['open', { key: 'joe', covered: false }, true],
    ['covered', { key: 'joe', covered: true }, false],
    ['of someone else', { key: 'dana', covered: false }, false],
  ])('show a picture only from an own slot that is %s', (_case, slot, picture) => {
    expect(tileOf(slotSeen(liveRoom(), 4, slot), 'joe')?.picture).toBe(picture);
  });

  it.each([
    ['the camera is off', { camera: false }],
    ['the connection is waited for', { away: true }],
  ])('show no picture when %s', (_case, change) => {
    const live = liveRoom({ participants: [person('joe', change)] });
    const seen = slotSeen(live, 4, { key: 'joe', covered: false });
    expect(tileOf(seen, 'joe')?.picture).toBe(false);
  });

  it('show of oneself what the tracks say, not what the server last heard', () => {
    const live = liveRoom({ participants: [person('me', { camera: true, microphone: true })] });
    const off = { ...OWN, own: NO_DEVICES };
    expect([tileOf(live, 'me', off)?.picture, tileOf(live, 'me', off)?.microphone]).toEqual([
      false,
      false,
    ]);
  });

  it('number the hands in the order in which they went up', () => {
    const live = liveRoom({
      participants: [person('a'), person('b'), person('c'), person('d')],
      parts: [floor(1, 'c', 'a', 'd')],
    });
    expect(hands(live).map(({ key }) => key)).toEqual(['c', 'a', 'd']);
    expect(tiles(OWN, live).map((tile) => tile.hand)).toEqual([2, null, 1, 3]);
  });

  it('leave a hand out while its person is gone, and keep its place', () => {
    const parts = [floor(1, 'c', 'a')];
    const without = liveRoom({ participants: [person('a')], parts });
    const back = liveRoom({ participants: [person('a'), person('c')], parts });
    expect([without, back].map((live) => hands(live).map(({ key }) => key))).toEqual([
      ['a'],
      ['c', 'a'],
    ]);
  });

  it('mark who speaks', () => {
    const live = { ...liveRoom(), speaking: ['joe'] };
    expect(tiles(OWN, live).map((tile) => tile.speaking)).toEqual([false, false, true]);
  });
});

describe('words about people', () => {
  it.each([
    ['Wren', 'W'],
    ['Sam b', 'SB'],
    ['Ana María López', 'AM'],
    ['  ', '·'],
    ['𝒜da', '𝒜'],
  ])('%s has the initial %s', (name, letters) => {
    expect(initial(name)).toBe(letters);
  });

  it.each([
    [{ away: true, microphone: true }, 'Connection dropped, place kept'],
    [{ microphone_allowed: false }, 'Microphone turned off by staff'],
    [{ facilitates: true, microphone: true }, 'Staff, microphone on'],
    [{ camera: false }, 'Camera off'],
    [{}, 'Here'],
  ])('%o reads %s', (change, words) => {
    expect(condition(person('joe', change))).toBe(words);
  });

  it('say who came late', () => {
    expect([true, false].map((late) => waitingBecause(waits('kai', { late })))).toEqual([
      'Came late',
      '',
    ]);
  });
});

describe('staff', () => {
  const dana = person('dana', { facilitates: true });
  const joe = person('joe');
  const staff = meView({ facilitates: true });

  it.each([
    ['is here', [dana, joe], 'live', false],
    ['is being waited for', [{ ...dana, away: true }, joe], 'live', false],
    ['has left', [joe], 'live', true],
    ['has left while the agenda stands still', [joe], 'paused', true],
    ['has not come yet', [joe], 'lobby_open', false],
  ] as const)(
    'are missed by a client when nobody of them is there: one %s',
    (_, people, state, is) => {
      const live = liveRoom({ participants: [...people], room: roomView({ state }) });
      expect(isUnstaffed(live)).toBe(is);
    },
  );

  it.each([
    ['alone with clients', [joe], 'live', true],
    ['with a colleague', [dana, joe], 'live', false],
    ['before the start', [joe], 'lobby_open', false],
  ] as const)('are the last of them: %s', (_, people, state, is) => {
    const participants = [person('me', { facilitates: true }), ...people];
    const live = liveRoom({ me: staff, participants, room: roomView({ state }) });
    expect([isLastOfStaff(live), isUnstaffed(live)]).toEqual([is, false]);
  });
});
