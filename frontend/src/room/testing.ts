// Rooms for tests: views with sensible contents, and a small server whose commits have versions
// and sequence numbers like the real one's. Nothing of the page imports it.
import type {
  AgendaView,
  Event,
  MeView,
  ParticipantView,
  PartView,
  RoomView,
  Snapshot,
  WaitingView,
} from '../messages';
import { fromSnapshot } from './live';
import { screenFor } from './screens';
import { type Live, opening, type RoomState } from './state';

export const START = Date.UTC(2026, 10, 20, 23, 0); // 6 PM in New York
export const MINUTE = 60_000;

export function agendaView(change: Partial<AgendaView> = {}): AgendaView {
  const segment = (kind: 'check_in' | 'topic' | 'wrap_up', title: string, place: number) => ({
    kind,
    title,
    block: 1,
    starts_ms: START + place * 30 * MINUTE,
    ends_ms: START + (place + 1) * 30 * MINUTE,
  });
  return {
    phase: 'running',
    index: 0,
    segments: [
      segment('check_in', 'Check-in', 0),
      segment('topic', 'Topic', 1),
      segment('wrap_up', 'Wrap-up', 2),
    ],
    read_ms: START,
    left_ms: 30 * MINUTE,
    ends_ms: START + 90 * MINUTE,
    ...change,
  };
}

/** The same agenda with a break in second place. */
export function agendaWithBreak(change: Partial<AgendaView> = {}): AgendaView {
  const agenda = agendaView(change);
  const rest = { kind: 'break', title: 'Break', block: 1 } as const;
  const [first, ...others] = agenda.segments;
  const pause = { ...rest, starts_ms: START + 30 * MINUTE, ends_ms: START + 40 * MINUTE };
  return { ...agenda, segments: first ? [first, pause, ...others] : [pause] };
}

export function roomView(change: Partial<RoomView> = {}): RoomView {
  return {
    version: 1,
    state: 'live',
    starts_ms: START,
    topic: 'Craving as a wave',
    facilitators: ['Dana'],
    agenda: agendaView(),
    reopen_until_ms: null,
    ...change,
  };
}

export function meView(change: Partial<MeView> = {}): MeView {
  return {
    key: 'me',
    version: 1,
    name: 'Sam',
    facilitates: false,
    seat: 'admitted',
    microphone_allowed: true,
    reason: '',
    ...change,
  };
}

export function person(key: string, change: Partial<ParticipantView> = {}): ParticipantView {
  return {
    key,
    version: 1,
    name: key.toUpperCase(),
    facilitates: false,
    microphone: false,
    microphone_allowed: true,
    camera: true,
    away: false,
    ...change,
  };
}

/** The floor with these hands up, in this order. */
export function floor(version: number, ...keys: readonly string[]): PartView {
  const hands = keys.map((key, place) => ({ key, since_ms: START + place }));
  return { part: 'floor', version, shown: { hands } };
}

export function waits(key: string, change: Partial<WaitingView> = {}): WaitingView {
  const name = key.toUpperCase();
  return { key, version: 1, name, since_ms: START, late: false, reason: 'door', ...change };
}

export function snapshotOf(change: Partial<Snapshot> = {}): Snapshot {
  return {
    type: 'snapshot',
    epoch: 'e1',
    seq: 10,
    now_ms: START,
    room: roomView(),
    me: meView(),
    participants: [person('dana', { facilitates: true }), person('me'), person('joe')],
    waiting: [],
    parts: [],
    media_slots: 16,
    ...change,
  };
}

export function liveRoom(change: Partial<Snapshot> = {}): Live {
  return fromSnapshot(snapshotOf(change), null);
}

/** The page inside the room, as after a snapshot. */
export function pageIn(live: Live = liveRoom()): RoomState {
  return { ...opening(true), link: 'open', screen: screenFor(live) };
}

/** A number generator with a seed, so that a failing case can be run again (mulberry32). */
export function chances(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

export function shuffled<T>(list: readonly T[], chance: (below: number) => number): T[] {
  const order = list.map((item) => ({ item, at: chance(1_000_000) }));
  return order.sort((a, b) => a.at - b.at).map(({ item }) => item);
}

const KEYS = ['a', 'b', 'c', 'd', 'e'];

/** Commits random changes; each gives one event. Its snapshot equals all its events applied. */
export class FakeServer {
  #seq = 0;
  #room = roomView();
  #me = meView({ key: 'a', facilitates: true });
  readonly #versions = new Map<string, number>();
  readonly #people = new Map<string, ParticipantView>();
  readonly #waiting = new Map<string, WaitingView>();

  #floor = floor(0);

  constructor(private readonly chance: (below: number) => number) {}

  snapshot(): Snapshot {
    return snapshotOf({
      seq: this.#seq,
      room: this.#room,
      me: this.#me,
      participants: [...this.#people.values()],
      waiting: [...this.#waiting.values()],
      parts: [this.#floor],
    });
  }

  commit(): Event {
    this.#seq += 1;
    const stamp = { epoch: 'e1', seq: this.#seq };
    const key = KEYS[this.chance(KEYS.length)] ?? 'a';
    switch (this.chance(7)) {
      case 0:
        return { type: 'room.changed', ...stamp, room: this.#nextRoom() };
      case 1:
        return { type: 'me.changed', ...stamp, me: this.#nextMe() };
      case 2:
        return { type: 'participant.left', ...stamp, ...this.#gone(key), reason: 'left' };
      case 3:
        return { type: 'waiting.left', ...stamp, ...this.#goneFromDoor(`w${key}`) };
      case 5:
        return { type: 'part.changed', ...stamp, part: this.#nextFloor(key) };
      case 4:
        return { type: 'waiting.changed', ...stamp, waiting: this.#atDoor(`w${key}`) };
      default:
        return { type: 'participant.changed', ...stamp, participant: this.#here(key) };
    }
  }

  #version(key: string): number {
    const next = (this.#versions.get(key) ?? 0) + 1 + this.chance(3);
    this.#versions.set(key, next);
    return next;
  }

  #nextRoom(): RoomView {
    const index = this.chance(3);
    const version = this.#version('room');
    this.#room = roomView({ version: version + 1, agenda: agendaView({ index }) });
    return this.#room;
  }

  #nextMe(): MeView {
    const allowed = this.chance(2) === 0;
    this.#me = { ...this.#me, version: this.#version('me') + 1, microphone_allowed: allowed };
    return this.#me;
  }

  #nextFloor(key: string): PartView {
    this.#floor = floor(this.#version('floor'), key);
    return this.#floor;
  }

  #here(key: string): ParticipantView {
    const here = person(key, { version: this.#version(key), camera: !this.chance(2) });
    this.#people.set(key, here);
    return here;
  }

  #gone(key: string): { key: string; version: number } {
    this.#people.delete(key);
    return { key, version: this.#version(key) };
  }

  #atDoor(key: string): WaitingView {
    const there = waits(key, { version: this.#version(key), late: this.chance(2) === 0 });
    this.#waiting.set(key, there);
    return there;
  }

  #goneFromDoor(key: string): { key: string; version: number } {
    this.#waiting.delete(key);
    return { key, version: this.#version(key) };
  }
}
