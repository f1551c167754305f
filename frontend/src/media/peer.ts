/**
 * This browser's media: sends the microphone and the camera to the node, receives the others in
 * slots, mends itself. Owns the peer connections and the slots' state. Knows no socket and no
 * room: offers and answers, and the node's words about slots, are carried by whoever made it.
 */

import { watchFrames } from './frames';
import { Link } from './link';
import { type Happening, type PathState, type Renewal, step } from './recovery';
import { Outgoing } from './sending';
import { announced, EMPTY, type Frame, owned, resumed, type Slot, shown } from './slots';
import { look, still } from './stall';

export type MediaState = 'connecting' | 'connected' | 'failed';

export interface MediaListener {
  /** The slot's media tracks, once per peer connection: attach them to the tile's elements. */
  stream(slot: number, video: MediaStream, audio: MediaStream): void;
  /** Whose slot it is, and whether its picture may be seen. Only when one of them changes. */
  covered(slot: number, covered: boolean, key: string | null): void;
  state(state: MediaState): void;
  /** An offer is needed: call `offer(slots, renewal)` and carry it. Said again if nothing comes. */
  needed?(renewal: Renewal): void;
  /** What is really sent has changed, perhaps by the device or the system. */
  sending?(microphone: boolean, camera: boolean): void;
}

export interface MediaPeer {
  /**
   * The SDP to send to the node. `fresh` (the default) makes a new peer connection, which takes
   * over from the one before when it is connected; `restart` mends the one there is. `relays`
   * are ways to the node for networks that let nothing else out.
   */
  offer(slots: number, renewal?: Renewal, relays?: RTCIceServer[]): Promise<string>;
  /** The node's answer. With `offer`, an answer to any other than the newest offer is dropped. */
  accept(answer: string, offer?: string): Promise<void>;
  /** Sends this track from now. Null: the microphone is off, and its track disabled. */
  setMicrophone(track: MediaStreamTrack | null): Promise<void>;
  setCamera(track: MediaStreamTrack | null): Promise<void>;
  /** True when the newest peer connection really sends that track. */
  microphoneIsOpen(): boolean;
  cameraIsOpen(): boolean;
  /** `media.slot_owned`. */
  slotOwned(slot: number, key: string | null, csrc: number): void;
  /** `media.slot_shown`. */
  slotShown(slot: number, key: string, rtpTimestamp: number): void;
  /** `media.closed` with `again`: what the newest answer was about is gone. */
  closed(): void;
  /** Control was lost and is back: words about slots may have been missed. */
  controlResumed(): void;
  close(): void;
}

/** Whether this browser can take part at all. */
export const supported = { webrtc: typeof globalThis.RTCPeerConnection === 'function' };

/** A peer that has made no offer yet. */
export function mediaPeer(on: MediaListener): MediaPeer {
  return new Peer(on);
}

/** A peer connection with the state of its slots. */
interface Line {
  readonly link: Link;
  readonly slots: Slot[];
  readonly stops: (() => void)[];
}

const LOOK_MS = 150;

class Peer implements MediaPeer {
  /** The one that is shown, and the newest one: two only while a fresh one is connecting. */
  #seen: Line | null = null;
  #newest: Line | null = null;
  #newestOffer = '';
  /** What the newest offer is to be, until it is answered. */
  #unanswered: Renewal | null = null;
  /** The offer that is being made: whoever asks meanwhile gets the same. */
  #offering: Promise<string> | null = null;
  #path: PathState = 'idle';
  #deadline: ReturnType<typeof setTimeout> | undefined;
  readonly #told = new Map<number, string>();
  readonly #microphone: Outgoing;
  readonly #camera: Outgoing;

  constructor(private readonly on: MediaListener) {
    const changed = () => on.sending?.(this.microphoneIsOpen(), this.cameraIsOpen());
    this.#microphone = new Outgoing(changed);
    this.#camera = new Outgoing(changed);
    globalThis.addEventListener('online', this.#moved);
  }

  offer(slots: number, renewal: Renewal = 'fresh', relays: RTCIceServer[] = []): Promise<string> {
    this.#offering ??= this.#makeOffer(slots, renewal, relays).finally(() => {
      this.#offering = null;
    });
    return this.#offering;
  }

  async accept(answer: string, offer: string = this.#newestOffer): Promise<void> {
    if (offer !== this.#newestOffer) return;
    this.#unanswered = null;
    await this.#newest?.link.accept(answer);
  }

  setMicrophone(track: MediaStreamTrack | null): Promise<void> {
    return this.#microphone.set(track);
  }

  setCamera(track: MediaStreamTrack | null): Promise<void> {
    return this.#camera.set(track);
  }

  microphoneIsOpen(): boolean {
    return this.#microphone.isOpen();
  }

  cameraIsOpen(): boolean {
    return this.#camera.isOpen();
  }

  slotOwned(slot: number, key: string | null, csrc: number): void {
    const owner = key === null ? null : { key, csrc };
    this.#changeAll((was, at) => {
      if (at === slot) return owned(was, owner);
      return owner !== null && was.owner?.key === key ? owned(was, null) : was;
    });
  }

  slotShown(slot: number, key: string, rtpTimestamp: number): void {
    this.#changeAll((was, at) => (at === slot ? announced(was, key, rtpTimestamp) : was));
  }

  /** A fresh offer that waits for its answer is newer than what was closed. */
  closed(): void {
    if (this.#unanswered !== 'fresh') this.#happened('closed');
  }

  controlResumed(): void {
    this.#changeAll(resumed);
    this.#happened('resumed');
  }

  close(): void {
    globalThis.removeEventListener('online', this.#moved);
    clearTimeout(this.#deadline);
    this.#path = 'idle';
    for (const line of this.#lines()) retire(line);
    this.#seen = this.#newest = null;
    this.#microphone.moveAway();
    this.#camera.moveAway();
  }

  readonly #moved = () => this.#happened('moved');

  async #makeOffer(slots: number, renewal: Renewal, relays: RTCIceServer[]): Promise<string> {
    const same = renewal === 'restart' ? this.#newest?.link : undefined;
    const restarts = same?.pc.signalingState === 'stable';
    this.#unanswered = restarts ? 'restart' : 'fresh';
    this.#newestOffer = await (restarts
      ? same.restart(relays)
      : (await this.#renew(slots, relays)).link.offer());
    return this.#newestOffer;
  }

  /** A new peer connection. It is shown at once unless there is one that may still work. */
  async #renew(slots: number, relays: RTCIceServer[]): Promise<Line> {
    const link = new Link(slots, relays);
    const line: Line = { link, slots: link.slots.map(() => EMPTY), stops: [] };
    if (this.#newest !== this.#seen) retire(this.#newest);
    this.#newest = line;
    this.#watch(line);
    if (!mayWork(this.#seen)) this.#show(line);
    this.#happened('offered');
    this.on.state('connecting');
    await this.#microphone.moveTo(link.audio.sender);
    await this.#camera.moveTo(link.video.sender);
    return line;
  }

  #watch(line: Line): void {
    line.link.pc.onconnectionstatechange = () => this.#connectionChanged(line);
    line.stops.push(this.#watchFlow(line));
    line.link.slots.forEach(({ videoStream, video }, slot) => {
      const presented = (frame: Frame) => this.#change(line, slot, (was) => shown(was, frame));
      line.stops.push(watchFrames(videoStream, video.receiver, presented));
    });
  }

  /** Looks whether bytes come in, as long as the line is the newest and has been connected. */
  #watchFlow(line: Line): () => void {
    let flow = still(performance.now());
    let asking = false;
    const ask = async () => {
      if (asking || !mayWork(line)) return;
      asking = true;
      const bytes = await line.link.received();
      asking = false;
      const next = look(flow, bytes, performance.now());
      flow = next.flow;
      if (next.says !== null && line === this.#newest) this.#happened(next.says);
    };
    const timer = setInterval(() => void ask(), LOOK_MS);
    return () => clearInterval(timer);
  }

  #connectionChanged(line: Line): void {
    if (line !== this.#newest) return;
    const state = line.link.pc.connectionState;
    if (state === 'connected') this.#show(line);
    if (state === 'connected' || state === 'failed') this.on.state(state);
    if (state === 'connected' || state === 'disconnected' || state === 'failed') {
      this.#happened(state);
    }
  }

  /** Hands the line's media tracks to the tiles, covered as they are, and lets the old one go. */
  #show(line: Line): void {
    if (this.#seen === line) return;
    const before = this.#seen;
    this.#seen = line;
    line.link.slots.forEach(({ videoStream, audioStream }, slot) => {
      this.#tell(slot, line.slots[slot] ?? EMPTY);
      this.on.stream(slot, videoStream, audioStream);
    });
    for (const slot of this.#told.keys()) {
      if (slot >= line.slots.length) this.#tell(slot, EMPTY);
    }
    retire(before);
  }

  #lines(): Set<Line> {
    return new Set([this.#seen, this.#newest].filter((line) => line !== null));
  }

  /**
   * The node's words are about the newest peer connection. They are told to the one that is still
   * seen as well: there, too, nobody may be seen in a slot that is said to be another's.
   */
  #changeAll(change: (was: Slot, slot: number) => Slot): void {
    for (const line of this.#lines()) {
      for (const slot of line.slots.keys()) this.#change(line, slot, (was) => change(was, slot));
    }
  }

  /** Covers before it lets a new owner's frames pass: nobody is decoded under another's name. */
  #change(line: Line, slot: number, change: (was: Slot) => Slot): void {
    const was = line.slots[slot];
    if (was === undefined) return;
    const is = change(was);
    line.slots[slot] = is;
    if (line === this.#seen) this.#tell(slot, is);
    if (was.owner?.csrc !== is.owner?.csrc) line.link.slots[slot]?.gate(is.owner?.csrc ?? null);
  }

  #tell(slot: number, { covered, owner }: Slot): void {
    const words = `${covered} ${owner?.key ?? ''}`;
    if (this.#told.get(slot) === words) return;
    this.#told.set(slot, words);
    this.on.covered(slot, covered, owner?.key ?? null);
  }

  #happened(happening: Happening): void {
    const next = step(this.#path, happening);
    if (next === null) return;
    clearTimeout(this.#deadline);
    this.#path = next.to;
    if (next.within !== null) {
      this.#deadline = setTimeout(() => this.#happened('overdue'), next.within);
    }
    if (next.ask !== null) this.on.needed?.(next.ask);
  }
}

/** Not given up: it carries media, or may again. */
function mayWork(line: Line | null): boolean {
  const state = line?.link.pc.connectionState;
  return state === 'connected' || state === 'disconnected';
}

function retire(line: Line | null): void {
  for (const stop of line?.stops ?? []) stop();
  line?.link.close();
}
