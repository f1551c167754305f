/**
 * This browser's media: sends the microphone and the camera to the node, receives the others in
 * slots, reconnects by itself. Owns the peer connections and the slots' state. Knows no socket and
 * no room: its owner carries offers and answers, and passes on the node's messages about slots.
 */

import { type Counters, countersOf } from './counters';
import { watchFrames } from './frames';
import { Link } from './link';
import { OpenOffer } from './open-offer';
import { type Happening, type PathState, type Renewal, step } from './recovery';
import { Outgoing } from './sending';
import { announced, EMPTY, type Frame, owned, resumed, type Slot, shown } from './slots';
import { look, still } from './stall';

export type MediaState = 'connecting' | 'connected' | 'failed';

export interface MediaListener {
  /** The slot's media tracks, once for each peer connection: attach them to the tile. */
  stream(slot: number, video: MediaStream, audio: MediaStream): void;
  /** Whose slot it is, and whether its picture may be seen. Only when one of them changes. */
  covered(slot: number, covered: boolean, key: string | null): void;
  state(state: MediaState): void;
  /** An offer is needed: call `offer(slots, renewal)` and carry it. Called again if no answer
   * comes. */
  needed?(renewal: Renewal): void;
  /** What is really sent has changed, perhaps by the device or the system; or it is known again. */
  sending?(microphone: boolean, camera: boolean): void;
}

export interface MediaPeer {
  /** Makes a peer connection and its offer ahead of time: the next fresh offer for as many slots
   * is that one. Nothing is sent before. */
  prepare(slots: number, relays?: RTCIceServer[]): Promise<void>;
  /** The offer that was made ahead of time and has not been used; null: none. */
  prepared(): string | null;
  /** The node's answer to `prepared()`: applied before anything else is done. False: that offer is
   * gone, and another is to be made. */
  begin(answer: string, offer: string): boolean;
  /**
   * The SDP to send to the node. `fresh` (the default) makes a new peer connection, which takes
   * over from the one before when it is connected; `restart` restarts ICE on the one there is.
   * `relays` are TURN servers, for networks that let nothing else out.
   */
  offer(slots: number, renewal?: Renewal, relays?: RTCIceServer[]): Promise<string>;
  /** The node's answer to `offer`. Only the first answer to the newest offer is applied. */
  accept(answer: string, offer: string): Promise<void>;
  /** Sends this track from now. Null: the microphone is off, and its track disabled. */
  setMicrophone(track: MediaStreamTrack | null): Promise<void>;
  setCamera(track: MediaStreamTrack | null): Promise<void>;
  /** False until the newest peer connection has its senders: what is sent is not known then. */
  hasSenders(): boolean;
  /** True when the newest peer connection really sends that track. */
  microphoneIsOpen(): boolean;
  cameraIsOpen(): boolean;
  /** What has been counted of the peer connection that is shown; null: there is none. */
  counters(): Promise<Counters | null>;
  /** `media.slot_owned`. */
  slotOwned(slot: number, key: string | null, csrc: number): void;
  /** `media.slot_shown`. */
  slotShown(slot: number, key: string, rtpTimestamp: number): void;
  /** `media.closed` with `again`: what the newest answer was about is gone. */
  closed(): void;
  /** Control was lost and is back: messages about slots may have been missed. */
  controlResumed(): void;
  close(): void;
}

/** Whether this browser has peer connections. */
export const hasWebRtc = typeof globalThis.RTCPeerConnection === 'function';

/** A peer that has made no offer yet. */
export function mediaPeer(on: MediaListener): MediaPeer {
  return new Peer(on);
}

/** A peer connection with the state of its slots. */
interface Path {
  readonly link: Link;
  readonly slots: Slot[];
  readonly stops: (() => void)[];
}

/** A peer connection that waits for somebody to join. */
interface Ahead {
  readonly link: Link;
  readonly slots: number;
  readonly offer: string;
}

const LOOK_MS = 150;

class Peer implements MediaPeer {
  /** The one that is shown, and the newest one: two only while a fresh one is connecting. */
  #shown: Path | null = null;
  #newest: Path | null = null;
  #ahead: Ahead | null = null;
  readonly #open = new OpenOffer();
  /** The offer that is being made: a second call meanwhile gets the same. */
  #offering: Promise<string> | null = null;
  #hasSenders = false;
  #closed = false;
  #state: PathState = 'idle';
  #deadline: ReturnType<typeof setTimeout> | undefined;
  readonly #reported = new Map<number, string>();
  readonly #microphone: Outgoing;
  readonly #camera: Outgoing;

  constructor(private readonly on: MediaListener) {
    this.#microphone = new Outgoing(() => this.#sendingChanged());
    this.#camera = new Outgoing(() => this.#sendingChanged());
    globalThis.addEventListener('online', this.#moved);
  }

  async prepare(slots: number, relays: RTCIceServer[] = []): Promise<void> {
    const link = new Link(slots, relays);
    const offer = await link.offer();
    if (this.#closed || this.#newest) link.close();
    else this.#ahead = { link, slots, offer };
  }

  prepared(): string | null {
    return this.#ahead?.offer ?? null;
  }

  begin(answer: string, offer: string): boolean {
    const ahead = this.#ahead;
    if (ahead?.offer !== offer) return false;
    this.#ahead = null;
    void ahead.link.accept(answer);
    void this.#use(ahead.link);
    return true;
  }

  offer(slots: number, renewal: Renewal = 'fresh', relays: RTCIceServer[] = []): Promise<string> {
    this.#offering ??= this.#makeOffer(slots, renewal, relays).finally(() => {
      this.#offering = null;
    });
    return this.#offering;
  }

  async accept(answer: string, offer: string): Promise<void> {
    if (this.#open.answered(offer)) await this.#newest?.link.accept(answer);
  }

  setMicrophone(track: MediaStreamTrack | null): Promise<void> {
    return this.#microphone.set(track);
  }

  setCamera(track: MediaStreamTrack | null): Promise<void> {
    return this.#camera.set(track);
  }

  hasSenders(): boolean {
    return this.#hasSenders;
  }

  microphoneIsOpen(): boolean {
    return this.#microphone.isOpen();
  }

  cameraIsOpen(): boolean {
    return this.#camera.isOpen();
  }

  async counters(): Promise<Counters | null> {
    const link = this.#shown?.link;
    if (!link) return null;
    const stats = await link.pc.getStats();
    return countersOf(
      stats.values(),
      link.slots.map(({ audio, video }) => [audio.mid, video.mid]),
    );
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
    if (this.#open.renewal !== 'fresh') this.#happened('closed');
  }

  controlResumed(): void {
    this.#changeAll(resumed);
    this.#happened('resumed');
  }

  close(): void {
    globalThis.removeEventListener('online', this.#moved);
    clearTimeout(this.#deadline);
    this.#state = 'idle';
    this.#closed = true;
    this.#forgetAhead();
    for (const path of this.#paths()) retire(path);
    this.#shown = this.#newest = null;
    this.#microphone.moveAway();
    this.#camera.moveAway();
  }

  #sendingChanged(): void {
    this.on.sending?.(this.microphoneIsOpen(), this.cameraIsOpen());
  }

  /** An offer made ahead of time names addresses of the network that was. */
  readonly #moved = () => {
    this.#forgetAhead();
    this.#happened('moved');
  };

  #forgetAhead(): void {
    this.#ahead?.link.close();
    this.#ahead = null;
  }

  async #makeOffer(slots: number, renewal: Renewal, relays: RTCIceServer[]): Promise<string> {
    const same = renewal === 'restart' ? this.#newest?.link : undefined;
    const restarts = same?.canRestart === true;
    this.#open.begin(restarts ? 'restart' : 'fresh');
    const offer = await (restarts ? same.restart(relays) : this.#freshOffer(slots, relays));
    this.#open.made(offer);
    return offer;
  }

  async #freshOffer(slots: number, relays: RTCIceServer[]): Promise<string> {
    const ahead = this.#ahead;
    if (ahead?.slots !== slots) this.#forgetAhead();
    this.#ahead = null;
    const link = ahead?.slots === slots ? ahead.link : new Link(slots, relays);
    await this.#use(link);
    return link === ahead?.link ? ahead.offer : link.offer();
  }

  /** A new peer connection. It is shown at once unless the one before may still work. */
  async #use(link: Link): Promise<void> {
    const path: Path = { link, slots: link.slots.map(() => EMPTY), stops: [] };
    if (this.#newest !== this.#shown) retire(this.#newest);
    this.#newest = path;
    this.#hasSenders = false;
    this.#watch(path);
    if (!mayWork(this.#shown)) this.#show(path);
    this.#happened('offered');
    this.on.state('connecting');
    await this.#microphone.moveTo(link.audio.sender);
    await this.#camera.moveTo(link.video.sender);
    this.#hasSenders = true;
    this.#sendingChanged();
  }

  #watch(path: Path): void {
    path.link.pc.onconnectionstatechange = () => this.#connectionChanged(path);
    path.stops.push(this.#watchFlow(path));
    path.link.slots.forEach(({ videoStream, video }, slot) => {
      const presented = (frame: Frame) => this.#change(path, slot, (was) => shown(was, frame));
      path.stops.push(watchFrames(videoStream, video.receiver, presented));
    });
  }

  /** Watches whether bytes come in, while the path is the newest and has been connected. */
  #watchFlow(path: Path): () => void {
    let flow = still(performance.now());
    let asking = false;
    const ask = async () => {
      if (asking || !mayWork(path)) return;
      asking = true;
      const bytes = await path.link.received();
      asking = false;
      const next = look(flow, bytes, performance.now());
      flow = next.flow;
      if (next.change !== null && path === this.#newest) this.#happened(next.change);
    };
    const timer = setInterval(() => void ask(), LOOK_MS);
    return () => clearInterval(timer);
  }

  #connectionChanged(path: Path): void {
    if (path !== this.#newest) return;
    const state = path.link.pc.connectionState;
    if (state === 'connected') this.#show(path);
    if (state === 'connected' || state === 'failed') this.on.state(state);
    if (state === 'connected' || state === 'disconnected' || state === 'failed') {
      this.#happened(state);
    }
  }

  /** Hands the path's media tracks to the tiles, covered as they are, and closes the old path. */
  #show(path: Path): void {
    if (this.#shown === path) return;
    const before = this.#shown;
    this.#shown = path;
    path.link.slots.forEach(({ videoStream, audioStream }, slot) => {
      this.#report(slot, path.slots[slot] ?? EMPTY);
      this.on.stream(slot, videoStream, audioStream);
    });
    for (const slot of this.#reported.keys()) {
      if (slot >= path.slots.length) this.#report(slot, EMPTY);
    }
    retire(before);
  }

  #paths(): Set<Path> {
    return new Set([this.#shown, this.#newest].filter((path) => path !== null));
  }

  /**
   * The node's messages are about the newest peer connection. They are applied to the one that is
   * still shown as well: there, too, nobody may be seen in a slot that belongs to somebody else.
   */
  #changeAll(change: (was: Slot, slot: number) => Slot): void {
    for (const path of this.#paths()) {
      for (const slot of path.slots.keys()) this.#change(path, slot, (was) => change(was, slot));
    }
  }

  /** Covers before it lets a new owner's frames pass: nobody is decoded under another's name. */
  #change(path: Path, slot: number, change: (was: Slot) => Slot): void {
    const was = path.slots[slot];
    if (was === undefined) return;
    const is = change(was);
    path.slots[slot] = is;
    if (path === this.#shown) this.#report(slot, is);
    if (was.owner?.csrc !== is.owner?.csrc) path.link.slots[slot]?.gate(is.owner?.csrc ?? null);
  }

  #report(slot: number, { covered, owner }: Slot): void {
    const now = `${covered} ${owner?.key ?? ''}`;
    if (this.#reported.get(slot) === now) return;
    this.#reported.set(slot, now);
    this.on.covered(slot, covered, owner?.key ?? null);
  }

  #happened(happening: Happening): void {
    const next = step(this.#state, happening);
    if (next === null) return;
    clearTimeout(this.#deadline);
    this.#state = next.to;
    if (next.within !== null) {
      this.#deadline = setTimeout(() => this.#happened('overdue'), next.within);
    }
    if (next.ask !== null) this.on.needed?.(next.ask);
  }
}

/** It carries media, or may again. */
function mayWork(path: Path | null): boolean {
  const state = path?.link.pc.connectionState;
  return state === 'connected' || state === 'disconnected';
}

function retire(path: Path | null): void {
  for (const stop of path?.stops ?? []) stop();
  path?.link.close();
}
