// What the room's page knows: the tagged union of its screens, and what may happen to it.
// Owns shapes only. Knows no browser: no socket, no media, no clock, no DOM.
import type {
  AgendaView,
  Event,
  MeView,
  ParticipantView,
  PartName,
  PartView,
  Refused,
  RoomView,
  SegmentView,
  WaitingView,
} from '../messages';

export type Link = 'connecting' | 'open' | 'reconnecting' | 'closed';
export type DeviceProblem = null | 'blocked' | 'missing' | 'busy' | 'insecure' | 'muted' | 'gone';
export type MediaState = 'idle' | 'connecting' | 'connected' | 'failed';

export interface DeviceName {
  readonly id: string;
  readonly label: string;
}

/** One's own devices. `microphone` and `camera` are read from the tracks, never from a button. */
export interface Own {
  readonly asked: boolean;
  readonly microphone: boolean;
  readonly camera: boolean;
  readonly audioProblem: DeviceProblem;
  readonly videoProblem: DeviceProblem;
  readonly audioDevices: readonly DeviceName[];
  readonly videoDevices: readonly DeviceName[];
  /** What may play the group's sound; none where this browser lets nobody choose. */
  readonly outputDevices: readonly DeviceName[];
  readonly audioId: string | null;
  readonly videoId: string | null;
  /** Empty: where this device plays by itself. */
  readonly outputId: string;
}

export type Quality = 'good' | 'weak' | 'poor';

/** How good connections are: one's own, and those of others that are not good, by key. */
export interface Qualities {
  readonly own: Quality;
  readonly others: Readonly<Record<string, Quality>>;
}

export const UNTROUBLED: Qualities = { own: 'good', others: {} };

/** A tile on the screen: the slot of its picture, and its size in pixels of the device. */
export interface SeenTile {
  readonly slot: number;
  readonly width: number;
  readonly height: number;
}

/** Whose media slot it is. A covered slot shows nobody's picture. */
export interface SlotView {
  readonly key: string;
  readonly covered: boolean;
}

/** What the server sent about the room. `floorSeq` is the sequence of the last snapshot: an event
 * of that epoch at or below it is already in here. `gone` holds the last version of those who
 * left, so that a late event does not bring them back. */
export interface Live {
  readonly epoch: string;
  readonly floorSeq: number;
  readonly room: RoomView;
  readonly me: MeView;
  /** In the order of their tiles: of when this page first saw them. */
  readonly participants: readonly ParticipantView[];
  /** Everybody this page has seen in the room, in that order; the place of who left is kept. */
  readonly places: readonly string[];
  readonly waiting: readonly WaitingView[];
  readonly gone: Readonly<Record<string, number>>;
  readonly goneWaiting: Readonly<Record<string, number>>;
  readonly speaking: readonly string[];
  readonly slots: Readonly<Record<number, SlotView>>;
  /** The parts of the room that show one something. */
  readonly parts: Readonly<Partial<Record<PartName, PartView>>>;
  readonly mediaSlots: number;
}

/** The session is over: names of the room's state and of the page's screen. */
export type Over = 'ended' | 'not_held' | 'cancelled';

/** Why the page rests and does not come back by itself. */
export type Rest =
  | Over
  | 'removed'
  | 'not_on_roster'
  | 'not_open'
  | 'not_let_in'
  | 'unknown_room'
  | 'replaced'
  | 'left'
  | 'signed_out'
  | 'lost';

export type Screen =
  | { readonly at: 'unsupported' }
  | { readonly at: 'check' }
  | { readonly at: 'connecting' }
  | { readonly at: 'lobby'; readonly live: Live }
  | { readonly at: 'room'; readonly live: Live }
  | { readonly at: 'break'; readonly live: Live }
  | { readonly at: 'ended'; readonly live: Live }
  | { readonly at: 'not_held'; readonly live: Live }
  | { readonly at: 'cancelled'; readonly live: Live }
  | { readonly at: 'removed'; readonly reason: string; readonly facilitators: readonly string[] }
  | { readonly at: 'resting'; readonly why: Rest; readonly text: string };

/** A sentence for the status line. It stays until dismissed, or until the next one. */
export interface Notice {
  readonly code: string;
  readonly text: string;
  readonly about: string;
  /** A refusal, or something that happened. */
  readonly tone: 'refusal' | 'news';
}

export interface RoomState {
  readonly screen: Screen;
  readonly link: Link;
  readonly offsetMs: number;
  readonly own: Own;
  readonly media: MediaState;
  readonly quality: Qualities;
  readonly notice: Notice | null;
}

/** Everything that can happen to the page. */
export type Input =
  | { readonly kind: 'event'; readonly event: Event }
  | {
      readonly kind: 'link';
      readonly link: Link;
      readonly close?: { readonly code: number; readonly text: string };
    }
  | { readonly kind: 'clock'; readonly offsetMs: number }
  | { readonly kind: 'own'; readonly own: Partial<Own> }
  | { readonly kind: 'media'; readonly media: MediaState }
  | { readonly kind: 'quality'; readonly quality: Qualities }
  | {
      readonly kind: 'covered';
      readonly slot: number;
      readonly key: string | null;
      readonly covered: boolean;
    }
  | { readonly kind: 'joined' }
  | { readonly kind: 'left' }
  | {
      readonly kind: 'refused';
      readonly about: string;
      readonly refused: Pick<Refused, 'code' | 'text'>;
    }
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'done'; readonly about: string }
  | { readonly kind: 'dismissed' };

export const NO_DEVICES: Own = {
  asked: false,
  microphone: false,
  camera: false,
  audioProblem: null,
  videoProblem: null,
  audioDevices: [],
  videoDevices: [],
  outputDevices: [],
  audioId: null,
  videoId: null,
  outputId: '',
};

/** The page as it opens: the device check, or the sentence for a browser that cannot join. */
export function opening(canJoin: boolean): RoomState {
  return {
    screen: { at: canJoin ? 'check' : 'unsupported' },
    link: 'closed',
    offsetMs: 0,
    own: NO_DEVICES,
    media: 'idle',
    quality: UNTROUBLED,
    notice: null,
  };
}

/** The room's state, on the screens that have one. */
export function liveOf(screen: Screen): Live | null {
  return 'live' in screen ? screen.live : null;
}

export type { AgendaView, MeView, ParticipantView, RoomView, SegmentView, WaitingView };
