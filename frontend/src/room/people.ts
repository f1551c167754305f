// Who is here and what each tile shows: pure functions of the room's state.
import type { MeView, ParticipantView, PartName, PartsShown, WaitingView } from '../messages';
import type { Live, Qualities, Quality, RoomState } from './state';

/** One tile. `slot` is where that person's picture comes from; null for oneself and for no one. */
export interface TileView {
  readonly key: string;
  readonly name: string;
  readonly me: boolean;
  readonly slot: number | null;
  readonly picture: boolean;
  readonly microphone: boolean;
  readonly speaking: boolean;
  readonly away: boolean;
  readonly quality: Quality;
  /** 1 for the hand that has been up longest; null when it is down. */
  readonly hand: number | null;
  /** Staff show this person large to everyone. */
  readonly spotlit: boolean;
}

/** What a part of the room shows to oneself; null: nothing. */
function shownOf<N extends PartName>(live: Live, name: N): PartsShown[N] | null {
  return (live.parts[name]?.shown ?? null) as PartsShown[N] | null;
}

/** A raised hand of somebody who is here. */
export interface RaisedHand {
  readonly key: string;
  readonly name: string;
  readonly sinceMs: number;
}

/** Hands that are up, the longest first. Somebody whose connection is gone keeps the place, and
 * is in the queue again when back. */
export function hands(live: Live): readonly RaisedHand[] {
  return (shownOf(live, 'floor')?.hands ?? []).flatMap((hand) => {
    const person = live.participants.find((other) => other.key === hand.key);
    return person ? [{ key: hand.key, name: person.name, sinceMs: hand.since_ms }] : [];
  });
}

export function handIsUp(live: Live, key: string): boolean {
  return hands(live).some((hand) => hand.key === key);
}

export function isSpotlit(live: Live, key: string): boolean {
  return shownOf(live, 'spotlight')?.key === key;
}

export function myself(live: Live): ParticipantView | null {
  return live.participants.find((person) => person.key === live.me.key) ?? null;
}

/** Somebody else of the staff is in the room, or is being waited for. */
function otherStaff(live: Live): boolean {
  return live.participants.some(({ key, facilitates }) => facilitates && key !== live.me.key);
}

/** The group goes on, and nobody of the staff is in it. */
export function isUnstaffed(live: Live): boolean {
  return inSession(live) && !live.me.facilitates && !otherStaff(live);
}

/** When this person leaves, the group goes on without staff. */
export function isLastOfStaff(live: Live): boolean {
  return inSession(live) && live.me.facilitates && !otherStaff(live);
}

function inSession({ room }: Live): boolean {
  return room.state === 'live' || room.state === 'paused';
}

function slotOf(live: Live, key: string): number | null {
  const found = Object.entries(live.slots).find(([, owner]) => owner.key === key);
  return found ? Number(found[0]) : null;
}

function qualityOf({ own, others }: Qualities, key: string, me: boolean): Quality {
  return me ? own : (others[key] ?? 'good');
}

/** The tiles in their places, one's own among them. Camera and microphone of one's own tile are
 * read from the tracks, not from what the server last received. */
export function tiles(state: Pick<RoomState, 'own' | 'quality'>, live: Live): readonly TileView[] {
  const queue = hands(live).map((person) => person.key);
  return live.participants.map((person) => {
    const me = person.key === live.me.key;
    const slot = me ? null : slotOf(live, person.key);
    const shown = slot !== null && live.slots[slot]?.covered === false;
    const place = queue.indexOf(person.key);
    return {
      key: person.key,
      name: person.name,
      me,
      slot,
      picture: me ? state.own.camera : person.camera && shown && !person.away,
      microphone: me ? state.own.microphone : person.microphone,
      speaking: live.speaking.includes(person.key),
      away: person.away,
      quality: person.away ? 'good' : qualityOf(state.quality, person.key, me),
      hand: place < 0 ? null : place + 1,
      spotlit: isSpotlit(live, person.key),
    };
  });
}

/** First letter, or the first letters of the first two words: "W", "JB". */
export function initial(name: string): string {
  const words = name.trim().split(/\s+/u).slice(0, 2);
  return words.map((word) => [...word][0]?.toLocaleUpperCase() ?? '').join('') || '·';
}

/** A person's condition in the people list. */
export function condition(person: ParticipantView): string {
  if (person.away) return 'Connection dropped, place kept';
  if (!person.microphone_allowed) return 'Microphone turned off by staff';
  const parts = [
    person.facilitates ? 'Staff' : '',
    person.microphone ? 'microphone on' : '',
    person.camera ? '' : 'camera off',
  ].filter(Boolean);
  const words = parts.join(', ');
  return words ? words[0]?.toUpperCase() + words.slice(1) : 'Here';
}

/** Came after the latest minute: waits for the next segment, unless staff let them in before.
 * The one place that reads how the server says so. */
export function isLate(me: MeView): boolean {
  return me.reason === 'late';
}

/** Why someone waits, for staff; empty when there is nothing to say. */
export function waitingBecause(person: WaitingView): string {
  return person.late ? 'Came late' : '';
}
