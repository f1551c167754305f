// The page's state machine: (state, input) → state, pure. Which screen follows from what the
// server said is `screenFor`; which from the socket's end, `CLOSED`.
import type { Closing, Event, Snapshot } from '../messages';
import { currentSegment } from './agenda';
import { applied, fromSnapshot, slotSeen } from './live';
import {
  type Input,
  type Live,
  liveOf,
  type MediaState,
  type Notice,
  type Rest,
  type RoomState,
  type Screen,
} from './state';
import { REFUSALS } from './words';

/** A break runs: everyone but staff is on the break's page. */
function isBreak(live: Live): boolean {
  const { phase } = live.room.agenda;
  const runs = phase === 'running' || phase === 'overrun' || phase === 'paused';
  return runs && currentSegment(live.room.agenda)?.kind === 'break' && !live.me.facilitates;
}

/** The screen that follows from what the server said, and from nothing else. */
export function screenFor(live: Live): Screen {
  const { me, room } = live;
  if (me.seat === 'removed')
    return { at: 'removed', reason: me.reason, facilitators: room.facilitators };
  if (room.state === 'ended' || room.state === 'not_held' || room.state === 'cancelled')
    return { at: room.state, live };
  if (me.seat === 'waiting') return { at: 'lobby', live };
  return { at: isBreak(live) ? 'break' : 'room', live };
}

/** Codes of the last words that say more than the close code, which several of them share. */
const LAST_WORDS: Readonly<Record<string, Rest>> = {
  'seat.not_on_roster': 'not_on_roster',
  'room.not_open': 'not_open',
  'room.cancelled': 'cancelled',
  'room.not_held': 'not_held',
};

/** The socket's close codes (docs/protocol.md) that mean: do not come back by yourself. */
const CLOSED: Readonly<Record<number, Rest>> = {
  4401: 'signed_out',
  4403: 'not_let_in',
  4404: 'unknown_room',
  4409: 'replaced',
  4410: 'ended',
  4411: 'removed',
  4412: 'left',
};

/** Before and after these the socket's messages do not count. */
function listens(screen: Screen): boolean {
  return !['unsupported', 'check', 'removed', 'resting'].includes(screen.at);
}

function withLive(state: RoomState, live: Live): RoomState {
  if (live === liveOf(state.screen)) return state;
  return { ...state, screen: screenFor(live) };
}

/** A snapshot is the only event that can begin a room. */
function onEvent(state: RoomState, event: Event): RoomState {
  if (!listens(state.screen)) return state;
  if (event.type === 'closing') return onClosing(state, event);
  const live = liveOf(state.screen);
  if (live) return withLive(state, applied(live, event));
  return event.type === 'snapshot' ? begun(state, event) : state;
}

function begun(state: RoomState, snapshot: Snapshot): RoomState {
  return { ...state, screen: screenFor(fromSnapshot(snapshot, null)) };
}

/** The words come before the close; the close itself decides the screen. */
function onClosing(state: RoomState, { code, text }: Closing): RoomState {
  return { ...state, notice: { code, text, about: 'connection', tone: 'refusal' } };
}

function onLink(state: RoomState, input: Extract<Input, { kind: 'link' }>): RoomState {
  if (input.link === 'closed') return rested({ ...state, link: 'closed' }, input.close);
  const notice = input.link === 'open' && isAboutLink(state) ? null : state.notice;
  return { ...state, link: input.link, notice };
}

function isAboutLink({ notice }: RoomState): boolean {
  return notice?.about === 'connection' || notice?.code === 'connection.lost';
}

function restFor(notice: Notice | null, close?: { code: number }): Rest {
  const said = notice?.about === 'connection' ? LAST_WORDS[notice.code] : undefined;
  return said ?? (close && CLOSED[close.code]) ?? 'lost';
}

/** A screen that already says why (ended, left, removed) stays; others say why they rest. */
function rested(state: RoomState, close?: { code: number; text: string }): RoomState {
  if (!listens(state.screen)) return state;
  const why = restFor(state.notice, close);
  const ends = ['ended', 'not_held', 'cancelled'].includes(state.screen.at);
  if (ends && (why === 'ended' || why === 'lost')) return state;
  const text = close?.text || state.notice?.text || '';
  if (why === 'removed') return removed(state, text);
  return { ...state, media: 'idle', notice: null, screen: { at: 'resting', why, text } };
}

function removed(state: RoomState, reason: string): RoomState {
  const facilitators = liveOf(state.screen)?.room.facilitators ?? [];
  return { ...state, media: 'idle', notice: null, screen: { at: 'removed', reason, facilitators } };
}

function onRefused(state: RoomState, input: Extract<Input, { kind: 'refused' }>): RoomState {
  const { code, text } = input.refused;
  const words = text || REFUSALS[code] || REFUSALS.unknown || '';
  return { ...state, notice: { code, text: words, about: input.about, tone: 'refusal' } };
}

function onDone(state: RoomState, about: string): RoomState {
  return state.notice?.about === about ? { ...state, notice: null } : state;
}

function onCovered(state: RoomState, input: Extract<Input, { kind: 'covered' }>): RoomState {
  const live = liveOf(state.screen);
  if (!live) return state;
  const { slot, key, covered } = input;
  return withLive(state, slotSeen(live, slot, key === null ? null : { key, covered }));
}

/** Without media there are no slots. */
function onMedia(state: RoomState, media: MediaState): RoomState {
  const live = liveOf(state.screen);
  const next = state.media === media ? state : { ...state, media };
  return media === 'idle' && live ? withLive(next, { ...live, slots: {} }) : next;
}

/** The state after one input. The same value when nothing changed. */
export function reduce(state: RoomState, input: Input): RoomState {
  switch (input.kind) {
    case 'event':
      return onEvent(state, input.event);
    case 'link':
      return onLink(state, input);
    case 'clock':
      return state.offsetMs === input.offsetMs ? state : { ...state, offsetMs: input.offsetMs };
    case 'own':
      return { ...state, own: { ...state.own, ...input.own } };
    case 'media':
      return onMedia(state, input.media);
    case 'covered':
      return onCovered(state, input);
    case 'joined':
      return { ...state, screen: { at: 'connecting' }, link: 'connecting', notice: null };
    case 'left':
      return { ...state, media: 'idle', screen: { at: 'resting', why: 'left', text: '' } };
    case 'refused':
      return onRefused(state, input);
    case 'told':
      return { ...state, notice: input.notice };
    case 'done':
      return onDone(state, input.about);
    case 'dismissed':
      return { ...state, notice: null };
  }
}
