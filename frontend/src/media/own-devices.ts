/**
 * One's own microphone and camera: what the person wants, what is allowed, and what is true. Owns
 * the tracks. Knows no room and no screen: its owner says what is allowed, and where tracks go.
 */

import { type DeviceChoice, type DeviceProblem, type LocalMedia, openDevices } from './devices';
import { AGAIN_MS, after, type Happening, type Kind, UNDISTURBED } from './interruption';

export interface Wanted {
  readonly microphone: boolean;
  readonly camera: boolean;
}

export type Problems = Pick<LocalMedia, 'audioProblem' | 'videoProblem'>;

/** Where opened tracks are sent to: the media peer, when there is one. */
export interface Outlet {
  setMicrophone(track: MediaStreamTrack | null): Promise<void>;
  setCamera(track: MediaStreamTrack | null): Promise<void>;
  /** False while its senders are being made: what it sends is not known then. */
  hasSenders(): boolean;
  microphoneIsOpen(): boolean;
  cameraIsOpen(): boolean;
}

export interface DevicesListener {
  /** The truth or a track may have changed: read `truth()`, `audio` and `video` again. */
  changed(): void;
  problems(problems: Partial<Problems>): void;
}

export class OwnDevices {
  wanted: Wanted = { microphone: true, camera: true };
  choice: DeviceChoice = {};
  #audio: MediaStreamTrack | null = null;
  #video: MediaStreamTrack | null = null;
  #outlet: Outlet | null = null;
  #allowed: Wanted = { microphone: true, camera: true };
  #round = 0;
  #interruption = UNDISTURBED;

  constructor(
    private readonly on: DevicesListener,
    private readonly opens: typeof openDevices = openDevices,
    private readonly later: (ms: number, callback: () => void) => void = (ms, callback) =>
      void setTimeout(callback, ms),
  ) {}

  get audio(): MediaStreamTrack | null {
    return this.#audio;
  }

  get video(): MediaStreamTrack | null {
    return this.#video;
  }

  /**
   * What others can hear and see, read from the tracks and, in the room, from the senders. While
   * the senders are being renewed the tracks alone count: they are what the new senders will send.
   */
  truth(): Wanted {
    if (this.#outlet?.hasSenders())
      return {
        microphone: this.#outlet.microphoneIsOpen(),
        camera: this.#outlet.cameraIsOpen(),
      };
    return { microphone: isOpen(this.#audio), camera: isOpen(this.#video) };
  }

  /** Opens what is wanted and not open yet. After a newer call an older one opens nothing. */
  async open(): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    const want = {
      audio: this.wanted.microphone && this.#allowed.microphone && !isLive(this.#audio),
      video: this.wanted.camera && this.#allowed.camera && !isLive(this.#video),
    };
    if (!want.audio && !want.video) return this.apply();
    const opened = await this.opens(this.choice, want);
    if (round !== this.#round) return stopAll(opened.audio, opened.video);
    if (want.audio) this.#audio = this.#watched(opened.audio, 'audio');
    if (want.video) this.#video = this.#watched(opened.video, 'video');
    if (want.audio) this.#settle('audio', opened.audio, opened.audioProblem);
    if (want.video) this.#settle('video', opened.video, opened.videoProblem);
    this.on.problems({
      ...(want.audio ? { audioProblem: opened.audioProblem ?? problemOf(opened.audio) } : {}),
      ...(want.video ? { videoProblem: opened.videoProblem ?? problemOf(opened.video) } : {}),
    });
    await this.apply();
  }

  /** Another device, or the same again: what is open is closed and opened again. */
  async choose(choice: DeviceChoice): Promise<void> {
    this.choice = { ...this.choice, ...choice };
    if (choice.audioId !== undefined) this.#audio = stopped(this.#audio);
    if (choice.videoId !== undefined) this.#video = stopped(this.#video);
    await this.open();
  }

  /** What the person wants. A camera that is not wanted is closed, so that its lamp goes out. One
   * that is wanted and that the system mutes is opened once more: some systems never unmute it. */
  async want(wanted: Partial<Wanted>): Promise<void> {
    this.wanted = { ...this.wanted, ...wanted };
    if (wanted.microphone && this.#audio?.muted) this.#audio = stopped(this.#audio);
    if (wanted.camera && this.#video?.muted) this.#video = stopped(this.#video);
    if (!this.wanted.camera) this.#video = stopped(this.#video);
    await this.open();
  }

  /** What the room allows: staff may close a microphone, a break closes both. What is not
   * allowed is closed, so that the device's lamp goes out as well. */
  async allow(allowed: Wanted): Promise<void> {
    this.#allowed = allowed;
    if (!allowed.microphone) this.#audio = stopped(this.#audio);
    if (!allowed.camera) this.#video = stopped(this.#video);
    await this.open();
  }

  async sendTo(outlet: Outlet | null): Promise<void> {
    this.#outlet = outlet;
    await this.apply();
  }

  /** Closes both devices. What is wanted stays wanted. */
  release(): void {
    this.#round += 1;
    this.#interruption = { ...UNDISTURBED, hidden: this.#interruption.hidden };
    this.#audio = stopped(this.#audio);
    this.#video = stopped(this.#video);
    this.on.changed();
  }

  /** Makes the tracks and the senders what is wanted and allowed. */
  async apply(): Promise<void> {
    const microphone = this.wanted.microphone && this.#allowed.microphone;
    const camera = this.wanted.camera && this.#allowed.camera;
    if (this.#audio) this.#audio.enabled = microphone;
    if (this.#video) this.#video.enabled = camera;
    await this.#outlet?.setMicrophone(microphone ? this.#audio : null);
    await this.#outlet?.setCamera(camera ? this.#video : null);
    this.on.changed();
  }

  /** The page went out of sight, or the person is back in front of it: then what a call or
   * another app has interrupted is opened again. */
  seen(visible: boolean): void {
    this.#happened({ what: visible ? 'shown' : 'hidden' });
  }

  /** What the device or the system does to an open track is said, and so is that it is over. */
  #watched(track: MediaStreamTrack | null, kind: Kind): MediaStreamTrack | null {
    for (const [event, what] of OUTSIDE) {
      track?.addEventListener(event, () => {
        if (track === this.#audio || track === this.#video) {
          this.on.problems({ [`${kind}Problem`]: problemOf(track) });
          this.#happened({ what, kind });
        }
        this.on.changed();
      });
    }
    return track;
  }

  #happened(happening: Happening): void {
    const { is, open } = after(this.#interruption, happening);
    this.#interruption = is;
    if (open.length > 0) void this.#reopen(open);
  }

  /** Fresh tracks: those that were interrupted may say that they work, and capture nothing. One
   * that is not wanted now is opened by the tap that wants it. */
  async #reopen(kinds: readonly Kind[]): Promise<void> {
    if (kinds.includes('audio')) this.#audio = stopped(this.#audio);
    if (kinds.includes('video')) this.#video = stopped(this.#video);
    await this.open();
  }

  /** After an interruption a device that something else has still is tried again, and one that
   * comes muted is waited for. A person who said no is not asked again. */
  #settle(kind: Kind, track: MediaStreamTrack | null, problem: DeviceProblem | null): void {
    const taken = problem === 'busy' && this.#interruption[kind];
    this.#happened({ what: 'settled', kind, interrupted: taken || track?.muted === true });
    if (taken) this.later(AGAIN_MS, () => this.#happened({ what: 'waited' }));
  }
}

/** What the device or the system does to a track without asking the page. */
const OUTSIDE = [
  ['ended', 'ended'],
  ['mute', 'muted'],
  ['unmute', 'unmuted'],
] as const;

/** Why a track that is open gives nothing. */
function problemOf(track: MediaStreamTrack | null): DeviceProblem | null {
  if (track === null) return null;
  if (track.readyState === 'ended') return 'gone';
  return track.muted ? 'muted' : null;
}

function isLive(track: MediaStreamTrack | null): boolean {
  return track?.readyState === 'live';
}

function isOpen(track: MediaStreamTrack | null): boolean {
  return track !== null && track.readyState === 'live' && track.enabled && !track.muted;
}

function stopped(track: MediaStreamTrack | null): null {
  track?.stop();
  return null;
}

function stopAll(...tracks: (MediaStreamTrack | null)[]): void {
  for (const track of tracks) track?.stop();
}
