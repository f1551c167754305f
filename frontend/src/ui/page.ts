// What the components are given: the state to show, the clock, pictures and sound, and the verbs.
// Owns only shapes; the session fills them.
import type { ReadonlySignal, Signal } from '@preact/signals';
import type { Clocks } from '../room/clock';
import type { RoomCommand } from '../room/commands';
import type { EchoView } from '../room/echo';
import type { RoomState, SeenTile } from '../room/state';
import type { OpenIn } from '../room/support';

export interface Streams {
  readonly video: MediaStream;
  readonly audio: MediaStream;
}

export interface Verbs {
  /** Opens the devices for the check. */
  check(): void;
  choose(device: { audioId?: string; videoId?: string }): void;
  /** What plays the group's sound; empty: as the device is set. */
  chooseOutput(id: string): void;
  /** What was chosen does not play. */
  outputFailed(): void;
  join(want: { audio: boolean; video: boolean }): void;
  leave(): void;
  /** Comes back after leaving, after another device took the seat, or when lost. */
  comeBack(): void;
  /** Tries the connection again at once. */
  retry(): void;
  switchMicrophone(): void;
  switchCamera(): void;
  switchHand(): void;
  /** Which tiles are on the screen, whenever that changes. */
  see(tiles: readonly SeenTile[]): void;
  soundBlocked(blocked: boolean): void;
  setKeys(on: boolean): void;
  dismiss(): void;
  ask(command: RoomCommand): void;
}

/** Hearing oneself as the group does, in the device check. */
export interface EchoControl {
  readonly view: ReadonlySignal<EchoView>;
  /** What comes back, to be played. */
  readonly sound: ReadonlySignal<MediaStream | null>;
  start(): void;
  stop(): void;
}

export interface Page {
  readonly state: ReadonlySignal<RoomState>;
  /** The server's clock in milliseconds; moves once a second. */
  readonly now: ReadonlySignal<number>;
  /** One's own picture. */
  readonly own: ReadonlySignal<MediaStream | null>;
  /** How loud one's own microphone is, 0 to 1. */
  readonly level: ReadonlySignal<number>;
  readonly slots: ReadonlySignal<ReadonlyMap<number, Streams>>;
  /** The browser wants a tap before it plays sound. */
  readonly silent: ReadonlySignal<boolean>;
  /** Whether the keys M, V and H work. */
  readonly keys: Signal<boolean>;
  /** What a screen reader announces. */
  readonly said: ReadonlySignal<string>;
  readonly verbs: Verbs;
  readonly echo: EchoControl;
  /** The browser that this page is better opened in; null: stay here. */
  readonly openIn: OpenIn | null;
  /** This page's address, without anything that is not for others. */
  readonly address: string;
  readonly name: string;
  readonly home: string;
  readonly staffPhone: string;
  /** By which clocks times are shown. */
  readonly clocks: Clocks;
}
