// How each message of the stream changes what is known of the room: one table, one entry a type.
// Versions decide: an event applied twice, or after a newer one, does nothing (design: §4).
import type {
  Event,
  MeChanged,
  PartChanged,
  ParticipantChanged,
  ParticipantLeft,
  ParticipantView,
  PartView,
  RoomChanged,
  Snapshot,
  Speaking,
  WaitingChanged,
  WaitingLeft,
  WaitingView,
} from '../messages';
import type { Live, SlotView } from './state';

interface Versioned {
  readonly key: string;
  readonly version: number;
}

/** In the places that were given, and those who have none yet at the end, in their order. */
function seated<T extends Versioned>(places: readonly string[], list: readonly T[]): readonly T[] {
  const place = ({ key }: T) => (places.includes(key) ? places.indexOf(key) : places.length);
  return [...list].sort((one, other) => place(one) - place(other));
}

/** With a place for everybody in the list. */
function withPlaces(places: readonly string[], list: readonly Versioned[]): readonly string[] {
  const fresh = list.map(({ key }) => key).filter((key) => !places.includes(key));
  return fresh.length ? [...places, ...fresh] : places;
}

/** In place when known, at the end when new: nobody's place changes because of someone else. */
function placed<T extends Versioned>(list: readonly T[], item: T): readonly T[] {
  const known = list.findIndex((other) => other.key === item.key);
  if (known < 0) return [...list, item];
  return list.map((other, place) => (place === known ? item : other));
}

/** The versions at which each key is known, here or gone; nothing older counts. */
function isNews(
  list: readonly Versioned[],
  gone: Readonly<Record<string, number>>,
  item: Versioned,
) {
  const known = list.find((other) => other.key === item.key)?.version ?? -1;
  return item.version > Math.max(known, gone[item.key] ?? -1);
}

function without<T extends Versioned>(list: readonly T[], key: string): readonly T[] {
  return list.filter((item) => item.key !== key);
}

/** The snapshot's things, those already on the page in the places they have. */
function inPlaces<T extends Versioned>(before: readonly T[], now: readonly T[]): readonly T[] {
  const fresh = new Map(now.map((item) => [item.key, item]));
  const kept = before.flatMap((item) => fresh.get(item.key) ?? []);
  const known = new Set(kept.map((item) => item.key));
  return [...kept, ...now.filter((item) => !known.has(item.key))];
}

/** The room of a snapshot. From `before` come only the places and what passing events said. */
export function fromSnapshot(snapshot: Snapshot, before: Live | null): Live {
  return {
    epoch: snapshot.epoch,
    floorSeq: snapshot.seq,
    room: snapshot.room,
    me: snapshot.me,
    participants: seated<ParticipantView>(before?.places ?? [], snapshot.participants),
    places: withPlaces(before?.places ?? [], snapshot.participants),
    waiting: inPlaces<WaitingView>(before?.waiting ?? [], snapshot.waiting),
    gone: {},
    goneWaiting: {},
    speaking: before?.speaking ?? [],
    slots: before?.slots ?? {},
    parts: Object.fromEntries(snapshot.parts.map((part) => [part.part, part])),
    mediaSlots: snapshot.media_slots,
  };
}

/** The server read this snapshot before the one that is shown: it holds nothing new. */
export function isOldSnapshot(snapshot: Snapshot, before: Live | null): boolean {
  return before !== null && before.epoch === snapshot.epoch && snapshot.seq < before.floorSeq;
}

type Apply<E> = (live: Live, event: E) => Live;

const roomChanged: Apply<RoomChanged> = (live, { room }) =>
  room.version > live.room.version ? { ...live, room } : live;

const meChanged: Apply<MeChanged> = (live, { me }) =>
  me.version > live.me.version ? { ...live, me } : live;

const participantChanged: Apply<ParticipantChanged> = (live, { participant }) =>
  isNews(live.participants, live.gone, participant)
    ? {
        ...live,
        participants: seated(live.places, placed(live.participants, participant)),
        places: withPlaces(live.places, [participant]),
      }
    : live;

const participantLeft: Apply<ParticipantLeft> = (live, { key, version }) =>
  isNews(live.participants, live.gone, { key, version })
    ? {
        ...live,
        participants: without(live.participants, key),
        gone: { ...live.gone, [key]: version },
        speaking: live.speaking.filter((other) => other !== key),
      }
    : live;

const waitingChanged: Apply<WaitingChanged> = (live, { waiting }) =>
  isNews(live.waiting, live.goneWaiting, waiting)
    ? { ...live, waiting: placed(live.waiting, waiting) }
    : live;

const waitingLeft: Apply<WaitingLeft> = (live, { key, version }) =>
  isNews(live.waiting, live.goneWaiting, { key, version })
    ? {
        ...live,
        waiting: without(live.waiting, key),
        goneWaiting: { ...live.goneWaiting, [key]: version },
      }
    : live;

/** A part is replaced by a newer version of it, whatever it shows. */
const partChanged: Apply<PartChanged> = (live, { part }) => {
  const known: PartView | undefined = live.parts[part.part];
  return part.version > (known?.version ?? -1)
    ? { ...live, parts: { ...live.parts, [part.part]: part } }
    : live;
};

const speaking: Apply<Speaking> = (live, { keys }) => ({ ...live, speaking: keys });

const unchanged: Apply<Event> = (live) => live;

/** One entry for each type of message: the compiler refuses a missing one. */
const APPLY: { readonly [T in Event['type']]: Apply<Extract<Event, { type: T }>> } = {
  // The stream.
  snapshot: (live, event) => (isOldSnapshot(event, live) ? live : fromSnapshot(event, live)),
  'room.changed': roomChanged,
  'me.changed': meChanged,
  'participant.changed': participantChanged,
  'participant.left': participantLeft,
  'waiting.changed': waitingChanged,
  'waiting.left': waitingLeft,
  'part.changed': partChanged,
  // Passing.
  speaking,
  // Slots are for the media side: it sees the frames, and reports with `covered` whose slot it is.
  'media.slot_owned': unchanged,
  'media.slot_shown': unchanged,
  'media.closed': unchanged,
  closing: unchanged,
  // Replies belong to the command that asked.
  ok: unchanged,
  refused: unchanged,
  pong: unchanged,
  'media.answer': unchanged,
  'media.relay_access': unchanged,
};

function isInSnapshot(live: Live, event: Event): boolean {
  if (event.type === 'snapshot' || !('seq' in event)) return false;
  return event.epoch === live.epoch && event.seq <= live.floorSeq;
}

/** The room after one event. The same value when the event changes nothing. */
export function applied(live: Live, event: Event): Live {
  if (isInSnapshot(live, event)) return live;
  return (APPLY[event.type] as Apply<Event>)(live, event);
}

/** Whose picture a slot holds, and whether it may be seen; `null`: nobody's. */
export function slotSeen(live: Live, slot: number, seen: SlotView | null): Live {
  const { [slot]: before, ...others } = live.slots;
  if (seen === null) return before ? { ...live, slots: others } : live;
  return { ...live, slots: { ...others, [slot]: seen } };
}
