// A media peer for tests of the session: it makes offers by number and keeps what it was asked.
import type { Counters } from '../media/counters';
import type { MediaListener, MediaPeer } from '../media/peer';

/** Something that waits until the test opens it. */
export class Gate {
  open = () => {};
  readonly passed = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

/** A peer whose new senders have their tracks once `gate` is open. */
export class FakePeer implements MediaPeer {
  readonly offers: { slots: number; renewal: string; relays: number }[] = [];
  readonly accepted: string[] = [];
  readonly calls: string[] = [];
  /** What the browser has counted. */
  counted: Counters | null = null;
  gate: Gate | null = null;
  #ahead: string | null = null;
  #senders = false;
  #tracks: { microphone: MediaStreamTrack | null; camera: MediaStreamTrack | null } = {
    microphone: null,
    camera: null,
  };
  #offering: Promise<string> | null = null;

  constructor(readonly on: MediaListener) {}

  async prepare(slots: number, relays: RTCIceServer[] = []): Promise<void> {
    this.offers.push({ slots, renewal: 'prepared', relays: relays.length });
    this.#ahead = `offer ${this.offers.length}`;
  }

  prepared(): string | null {
    return this.#ahead;
  }

  begin(answer: string, offer: string): boolean {
    if (offer !== this.#ahead) return false;
    this.#ahead = null;
    void this.accept(answer, offer);
    void this.#take();
    return true;
  }

  offer(slots: number, renewal = 'fresh', relays: RTCIceServer[] = []): Promise<string> {
    this.#offering ??= this.#makeOffer(slots, renewal, relays.length).finally(() => {
      this.#offering = null;
    });
    return this.#offering;
  }

  async #makeOffer(slots: number, renewal: string, relays: number): Promise<string> {
    this.offers.push({ slots, renewal, relays });
    const ahead = renewal === 'fresh' ? this.#ahead : null;
    const offer = ahead ?? `offer ${this.offers.length}`;
    if (renewal === 'fresh') this.#senders = false;
    this.#ahead = null;
    await this.#take();
    return offer;
  }

  async #take(): Promise<void> {
    await this.gate?.passed;
    this.#senders = true;
    this.#sending();
  }

  async accept(answer: string, offer: string): Promise<void> {
    this.accepted.push(`${answer} for ${offer}`);
  }

  async setMicrophone(track: MediaStreamTrack | null): Promise<void> {
    this.#tracks.microphone = track;
    this.#sending();
  }

  async setCamera(track: MediaStreamTrack | null): Promise<void> {
    this.#tracks.camera = track;
    this.#sending();
  }

  /** The browser has taken the camera's track off its sender. */
  loseCamera(): void {
    this.#tracks.camera = null;
    this.#sending();
  }

  hasSenders(): boolean {
    return this.#senders;
  }

  microphoneIsOpen(): boolean {
    return this.#isOpen(this.#tracks.microphone);
  }

  cameraIsOpen(): boolean {
    return this.#isOpen(this.#tracks.camera);
  }

  #isOpen(track: MediaStreamTrack | null): boolean {
    return this.#senders && track?.readyState === 'live' && track.enabled && !track.muted;
  }

  #sending(): void {
    this.on.sending?.(this.microphoneIsOpen(), this.cameraIsOpen());
  }

  async counters(): Promise<Counters | null> {
    return this.counted;
  }

  slotOwned(slot: number, key: string | null): void {
    this.calls.push(`slot ${slot} is ${key}'s`);
  }

  slotShown(slot: number, key: string): void {
    this.calls.push(`slot ${slot} shows ${key}`);
  }

  closed(): void {
    this.calls.push('closed by the node');
  }

  controlResumed(): void {
    this.calls.push('control resumed');
  }

  close(): void {
    this.#senders = false;
    this.calls.push('close');
  }
}
