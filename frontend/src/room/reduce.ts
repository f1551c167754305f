// The page's state machine: (state, input) → state, pure. Which screen follows from the server's
// messages and from a close is in `screens`; what an event changes, in `live`.
import type { Closing, Event, Snapshot } from '../messages';
import { applied, fromSnapshot, slotSeen } from './live';
import { isOver, needs, restFor, screenFor } from './screens';
import {
  type Input,
  type Live,
  liveOf,
  type MediaState,
  type Qualities,
  type RoomState,
} from './state';
import { REFUSALS } from './words';

function withLive(state: RoomState, live: Live): RoomState {
  if (live === liveOf(state.screen)) return state;
  return { ...state, screen: screenFor(live) };
}

/** A snapshot is the only event that can begin a room. */
function onEvent(state: RoomState, event: Event): RoomState {
  if (!needs(state.screen).messages) return state;
  if (event.type === 'closing') return onClosing(state, event);
  const live = liveOf(state.screen);
  if (live) return withLive(state, applied(live, event));
  return event.type === 'snapshot' ? begun(state, event) : state;
}

function begun(state: RoomState, snapshot: Snapshot): RoomState {
  return { ...state, screen: screenFor(fromSnapshot(snapshot, null)) };
}

/** The reason comes before the close; the close itself decides the screen. */
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

/** A screen that already says why (over, left, removed) stays; others give way to one that does. */
function rested(state: RoomState, close?: { code: number; text: string }): RoomState {
  if (!needs(state.screen).messages) return state;
  const why = restFor(state.notice, close);
  if (isOver(state.screen.at) && (why === 'ended' || why === 'lost')) return state;
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
  const sentence = text || REFUSALS[code] || REFUSALS.unknown || '';
  return { ...state, notice: { code, text: sentence, about: input.about, tone: 'refusal' } };
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

function sameQuality(a: Qualities, b: Qualities): boolean {
  const keys = new Set([...Object.keys(a.others), ...Object.keys(b.others)]);
  return a.own === b.own && [...keys].every((key) => a.others[key] === b.others[key]);
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
    case 'quality':
      return sameQuality(state.quality, input.quality)
        ? state
        : { ...state, quality: input.quality };
    case 'covered':
      return onCovered(state, input);
    case 'joined':
      return { ...state, screen: { at: 'connecting' }, link: 'connecting', notice: null };
    case 'left':
      return { ...state, media: 'idle', screen: { at: 'resting', why: 'left', text: '' } };
    case 'refused':
      return onRefused(state, input);
    case 'notice':
      return { ...state, notice: input.notice };
    case 'done':
      return onDone(state, input.about);
    case 'dismissed':
      return { ...state, notice: null };
  }
}
