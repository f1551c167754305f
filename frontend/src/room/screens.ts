// Which screen the page shows, and what belongs to a screen: devices, media, the server's messages.
// Owns "a break is on" and "the room is over" for the browser side. Pure; knows no browser.
import type { AgendaView } from '../messages';
import { currentSegment, isBreakSegment } from './agenda';
import { myself } from './people';
import { type Live, liveOf, type Notice, type Over, type Rest, type Screen } from './state';

/** A break is on: nobody sends sound or pictures, staff included. */
export function isBreak(agenda: AgendaView): boolean {
  const segment = currentSegment(agenda);
  return segment !== null && isBreakSegment(segment);
}

/** One is in the room, and a break is on: at the desk it has no screen of its own. */
export function breaks(screen: Screen): boolean {
  const live = liveOf(screen);
  return needs(screen).media && live !== null && isBreak(live.room.agenda);
}

const OVER: readonly string[] = ['ended', 'not_held', 'cancelled'] satisfies Over[];

/** The session is over: its room's state and the page's screen have the same three names. */
export function isOver(name: string): name is Over {
  return OVER.includes(name);
}

/** The screen that follows from what the server sent, and from nothing else. */
export function screenFor(live: Live): Screen {
  const { me, room } = live;
  if (me.seat === 'removed')
    return { at: 'removed', reason: me.reason, facilitators: room.facilitators };
  if (isOver(room.state)) return { at: room.state, live };
  if (me.seat === 'waiting') return { at: 'lobby', live };
  const pauses = isBreak(room.agenda) && !me.facilitates; // staff stay at their desk
  return { at: pauses ? 'break' : 'room', live };
}

interface Needs {
  /** The server's messages count on this screen. */
  readonly messages: boolean;
  /** Microphone and camera may be open. */
  readonly devices: boolean;
  /** There is a media connection. */
  readonly media: boolean;
  /** The device's own screen stays on. */
  readonly awake: boolean;
}

const NOTHING: Needs = { messages: false, devices: false, media: false, awake: false };
const CONNECTING: Needs = { ...NOTHING, messages: true, devices: true };
const ROOM: Needs = { messages: true, devices: true, media: true, awake: true };
const ENDED: Needs = { ...NOTHING, messages: true };

const NEEDS: Readonly<Record<Screen['at'], Needs>> = {
  unsupported: NOTHING,
  check: { ...NOTHING, devices: true },
  connecting: CONNECTING,
  lobby: { ...CONNECTING, awake: true },
  room: ROOM,
  break: ROOM,
  ended: ENDED,
  not_held: ENDED,
  cancelled: ENDED,
  removed: NOTHING,
  resting: NOTHING,
};

/** What a screen needs of the connection and the devices. */
export function needs(screen: Screen): Needs {
  return NEEDS[screen.at];
}

/** Let in, and in the list of participants: before that the node refuses an offer. */
export function isInside(screen: Screen): boolean {
  const live = liveOf(screen);
  return needs(screen).media && live !== null && myself(live) !== null;
}

/** Which devices the room allows: staff may close a microphone, a break closes both. */
export function allowedDevices(screen: Screen): { microphone: boolean; camera: boolean } {
  const live = liveOf(screen);
  if (live === null) return { microphone: true, camera: true };
  const open = !isBreak(live.room.agenda);
  return { microphone: open && live.me.microphone_allowed, camera: open };
}

/** Codes of `closing` that say more than the close code, which several of them share. */
const BY_REASON: Readonly<Record<string, Rest>> = {
  'seat.not_on_roster': 'not_on_roster',
  'room.not_open': 'not_open',
  'room.cancelled': 'cancelled',
  'room.not_held': 'not_held',
};

/** The socket's close codes (docs/protocol.md) after which the page does not reconnect. */
const BY_CLOSE_CODE: Readonly<Record<number, Rest>> = {
  4401: 'signed_out',
  4403: 'not_let_in',
  4404: 'unknown_room',
  4409: 'replaced',
  4410: 'ended',
  4411: 'removed',
  4412: 'left',
};

/** Why the page rests after a close: by the reason that was given, else by the close code. */
export function restFor(notice: Notice | null, close?: { readonly code: number }): Rest {
  const byReason = notice?.about === 'connection' ? BY_REASON[notice.code] : undefined;
  return byReason ?? (close && BY_CLOSE_CODE[close.code]) ?? 'lost';
}
