import { describe, expect, it } from 'vitest';
import type { Event } from '../messages';
import messages from '../messages.ts?raw';
import { applied, fromSnapshot, slotSeen } from './live';
import type { Live } from './state';
import {
  chances,
  FakeServer,
  floor,
  liveRoom,
  meView,
  person,
  roomView,
  shuffled,
  snapshotOf,
  waits,
} from './testing';

/** What is known, without the order of arrival and without what only guards against late news. */
function known(live: Live) {
  const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
  return {
    room: live.room,
    me: live.me,
    participants: [...live.participants].sort(byKey),
    waiting: [...live.waiting].sort(byKey),
    parts: live.parts,
  };
}

const STAMP = { epoch: 'e1', seq: 11 };
/** One message of each type, with news in it for the room of `liveRoom()`. */
const EACH: { readonly [T in Event['type']]: Extract<Event, { type: T }> } = {
  ok: { type: 'ok', id: 1 },
  refused: { type: 'refused', id: 1, code: 'room.locked', text: 'Locked.' },
  pong: { type: 'pong', id: 1, now_ms: 5 },
  'media.answer': { type: 'media.answer', id: 1, sdp: 'v=0' },
  'media.relay_access': {
    type: 'media.relay_access',
    id: 1,
    urls: ['turns:turn.example.org:5349'],
    username: '1:k',
    credential: 'c',
  },
  snapshot: snapshotOf({ seq: 12, room: roomView({ version: 9 }) }),
  'room.changed': { type: 'room.changed', ...STAMP, room: roomView({ version: 2 }) },
  'participant.changed': {
    type: 'participant.changed',
    ...STAMP,
    participant: person('joe', { version: 2, camera: false }),
  },
  'participant.left': {
    type: 'participant.left',
    ...STAMP,
    key: 'joe',
    version: 2,
    reason: 'left',
  },
  'waiting.changed': { type: 'waiting.changed', ...STAMP, waiting: waits('kai') },
  'waiting.left': { type: 'waiting.left', ...STAMP, key: 'kai', version: 2 },
  'part.changed': { type: 'part.changed', ...STAMP, part: floor(1, 'joe') },
  'me.changed': { type: 'me.changed', ...STAMP, me: meView({ version: 2, seat: 'removed' }) },
  speaking: { type: 'speaking', keys: ['joe'] },
  'media.slot_owned': { type: 'media.slot_owned', slot: 0, key: 'joe', csrc: 1 },
  'media.slot_shown': { type: 'media.slot_shown', slot: 0, key: 'joe', rtp_timestamp: 1 },
  'media.closed': { type: 'media.closed', reason: 'moved', again: true },
  closing: { type: 'closing', code: 'room.ended', text: 'Ended.' },
};
const TELLING = [
  'snapshot',
  'room.changed',
  'participant.changed',
  'participant.left',
  'waiting.changed',
  'waiting.left',
  'part.changed',
  'me.changed',
  'speaking',
];

describe('every type of message', () => {
  it('is one of those that the server can send', () => {
    const union = messages.slice(messages.indexOf('export type Event'));
    const names = [...union.slice(0, union.indexOf(';')).matchAll(/\| (\w+)/g)].map((m) => m[1]);
    const types = names.map((name) => {
      const body = messages.slice(messages.indexOf(`export interface ${name} {`));
      return /type: "([^"]+)"/.exec(body)?.[1];
    });
    expect(types.sort()).toEqual(Object.keys(EACH).sort());
  });

  it.each(Object.keys(EACH) as Event['type'][])(
    '%s changes something, or is known to change nothing',
    (type) => {
      const before = liveRoom({ waiting: [waits('kai')] });
      const news =
        type === 'waiting.changed' ? { ...EACH[type], waiting: waits('lou') } : EACH[type];
      expect(applied(before, news) === before).toBe(!TELLING.includes(type));
    },
  );

  it.each(Object.keys(EACH) as Event['type'][])('%s changes nothing the second time', (type) => {
    const once = applied(liveRoom(), EACH[type]);
    expect(applied(once, EACH[type])).toEqual(once);
  });
});

describe('snapshot + events = snapshot', () => {
  const SEEDS = Array.from({ length: 60 }, (_, seed) => seed + 1);

  /** Kills: an `isNews` without `gone`; a `roomChanged` that does not compare versions. */
  it.each(SEEDS)('in any order and with any event twice (seed %i)', (seed) => {
    const chance = chances(seed);
    const server = new FakeServer(chance);
    for (let i = 0; i < chance(20); i += 1) server.commit();
    const begun = fromSnapshot(server.snapshot(), null);
    const events = Array.from({ length: 40 }, () => server.commit());
    const twice = shuffled([...events, ...events.slice(0, chance(40))], chance);
    const after = twice.reduce(applied, begun);
    expect(known(after)).toEqual(known(fromSnapshot(server.snapshot(), null)));
  });

  /** Kills: an `isInSnapshot` that is always false: who had left would be back. */
  it.each(SEEDS)('with some events that the snapshot already holds (seed %i)', (seed) => {
    const chance = chances(seed);
    const server = new FakeServer(chance);
    const early = Array.from({ length: 30 }, () => server.commit());
    const begun = fromSnapshot(server.snapshot(), null);
    const late = Array.from({ length: 20 }, () => server.commit());
    const after = shuffled([...early.filter(() => chance(2) > 0), ...late], chance).reduce(
      applied,
      begun,
    );
    expect(known(after)).toEqual(known(fromSnapshot(server.snapshot(), null)));
  });

  it('with an older snapshot in between', () => {
    const server = new FakeServer(chances(7));
    const old = server.snapshot();
    for (let i = 0; i < 20; i += 1) server.commit();
    const begun = fromSnapshot(server.snapshot(), null);
    expect(applied(begun, old)).toBe(begun);
  });

  it('of another epoch replaces, whatever its number', () => {
    const other = snapshotOf({ epoch: 'e2', seq: 1, room: roomView({ topic: 'Sleep' }) });
    expect(applied(liveRoom(), other).room.topic).toBe('Sleep');
  });
});

describe('places', () => {
  it('are kept when someone changes, and when someone else leaves', () => {
    const changed = applied(liveRoom(), {
      type: 'participant.changed',
      ...STAMP,
      participant: person('dana', { version: 5, camera: false }),
    });
    const left = applied(changed, EACH['participant.left']);
    expect(left.participants.map((p) => p.key)).toEqual(['dana', 'me']);
  });

  it('are kept by a snapshot in another order, newcomers last', () => {
    const next = snapshotOf({
      seq: 20,
      participants: [person('joe'), person('kai'), person('me'), person('dana')],
    });
    const keys = applied(liveRoom(), next).participants.map((p) => p.key);
    expect(keys).toEqual(['dana', 'me', 'joe', 'kai']);
  });

  /** Kills: a list in which somebody who dropped and came back stands at the end. */
  it('are found again by someone who was gone', () => {
    const back = person('dana', { version: 9 });
    const left: Event = { ...EACH['participant.left'], key: 'dana' };
    const events: Event[] = [left, { ...EACH['participant.changed'], participant: back }];
    const keys = events.reduce(applied, liveRoom()).participants.map((p) => p.key);
    expect(keys).toEqual(['dana', 'me', 'joe']);
  });
});

describe('places, over a snapshot', () => {
  it('are found again by someone who was gone in between', () => {
    const without = snapshotOf({ seq: 20, participants: [person('me'), person('joe')] });
    const back = snapshotOf({
      seq: 30,
      participants: [person('me'), person('joe'), person('kai'), person('dana')],
    });
    const keys = [without, back].reduce(applied, liveRoom()).participants.map((p) => p.key);
    expect(keys).toEqual(['dana', 'me', 'joe', 'kai']);
  });
});

describe('slots', () => {
  it('are what the media side says last', () => {
    const covered = slotSeen(liveRoom(), 3, { key: 'joe', covered: true });
    const open = slotSeen(covered, 3, { key: 'joe', covered: false });
    expect([covered.slots, open.slots]).toEqual([
      { 3: { key: 'joe', covered: true } },
      { 3: { key: 'joe', covered: false } },
    ]);
  });

  it('are forgotten when they are nobody’s', () => {
    const open = slotSeen(liveRoom(), 3, { key: 'joe', covered: false });
    expect(slotSeen(open, 3, null).slots).toEqual({});
  });

  it('live through a snapshot: the pictures have not moved', () => {
    const open = slotSeen(liveRoom(), 3, { key: 'joe', covered: false });
    expect(applied(open, snapshotOf({ seq: 30 })).slots).toEqual(open.slots);
  });

  it('somebody who leaves no longer speaks', () => {
    const spoke = applied(liveRoom(), EACH.speaking);
    expect(applied(spoke, EACH['participant.left']).speaking).toEqual([]);
  });
});
