/**
 * Devices for tests: tracks that can be stopped and taken away, devices that open when a test lets
 * them. Nothing of the page imports it.
 */

import type { LocalMedia } from './devices';

type Kind = 'audio' | 'video';

/** A track that can be stopped and taken away, as the browser's. */
export class FakeTrack extends EventTarget {
  enabled = true;
  muted = false;
  readyState: 'live' | 'ended' = 'live';

  constructor(readonly kind: Kind = 'audio') {
    super();
  }

  getSettings(): MediaTrackSettings {
    return { deviceId: `the ${this.kind} device` };
  }

  stop(): void {
    this.readyState = 'ended';
  }

  /** The system takes the device for something else, or gives it back. */
  setMuted(muted: boolean): void {
    this.muted = muted;
    this.dispatchEvent(new Event(muted ? 'mute' : 'unmute'));
  }

  /** The device is unplugged. */
  end(): void {
    this.readyState = 'ended';
    this.dispatchEvent(new Event('ended'));
  }
}

/** Devices that open once `hold` has resolved, unless they are blocked or something else has them. */
export class FakeDevices {
  readonly opened: FakeTrack[] = [];
  readonly asked: { audio: boolean; video: boolean }[] = [];
  hold: Promise<void> = Promise.resolve();
  blocked = false;
  busy = false;
  muted = false;

  readonly open = async (
    _choice: unknown,
    want: { audio: boolean; video: boolean },
  ): Promise<LocalMedia> => {
    this.asked.push(want);
    await this.hold;
    const problem = this.blocked ? 'blocked' : this.busy ? 'busy' : null;
    return {
      audio: this.#track('audio', want.audio),
      video: this.#track('video', want.video),
      audioProblem: want.audio ? problem : null,
      videoProblem: want.video ? problem : null,
    };
  };

  /** The newest track of that kind. */
  newest(kind: Kind): FakeTrack {
    const found = this.opened.findLast((track) => track.kind === kind);
    if (found === undefined) throw new Error(`no ${kind} was opened`);
    return found;
  }

  /** Kinds of the tracks that capture now: the device's lamp is on. */
  capturing(): Kind[] {
    return this.opened.filter((track) => track.readyState === 'live').map(({ kind }) => kind);
  }

  #track(kind: Kind, wanted: boolean): MediaStreamTrack | null {
    if (!wanted || this.blocked || this.busy) return null;
    const track = new FakeTrack(kind);
    track.muted = this.muted;
    this.opened.push(track);
    return track as unknown as MediaStreamTrack;
  }
}
