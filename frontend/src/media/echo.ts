/**
 * The echo of the device check: a peer connection of its own with the media node, in a room where
 * nobody is but the probe, which plays back two seconds later what it hears. Owns that connection
 * and what is asked of the server about it. Plays nothing: the sound is handed over. One at a time.
 */

import { type Figures, figuresOf, type ProbeReport } from './figures';
import { askRelays } from './relays';

/** Where the server takes echoes: the address, the page's token, whether there is a relay. */
export interface EchoPlace {
  readonly url: string;
  readonly token: string;
  readonly relay: boolean;
}

export type EchoNews =
  | { readonly at: 'idle' | 'connecting' | 'listening' }
  | { readonly at: 'report'; readonly figures: Figures }
  | { readonly at: 'failed'; readonly text: string };

export interface EchoListener {
  news(news: EchoNews): void;
  /** What comes back, to be played; null when there is no more. */
  sound(sound: MediaStream | null): void;
}

const LOOK_MS = 1000;
const CONNECT_MS = 10_000;
const END_BEFORE_MS = 2_000; // before the server's end, so that there is a report
const FAILED = 'We could not try your sound. You can join all the same.';

type Answer = { sdp?: string; seconds?: number; text?: string };

export class Echo {
  #call: Call | null = null;
  /** The server knows that the last one is over: only then another is asked for. */
  #ended: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly place: EchoPlace,
    private readonly on: EchoListener,
  ) {}

  /** Begins. What goes wrong is news. */
  async start(track: MediaStreamTrack): Promise<void> {
    this.close();
    const call = new Call(this.place, (news) => {
      if (call === this.#call) this.#hear(news);
    });
    this.#call = call;
    this.on.news({ at: 'connecting' });
    await this.#ended;
    await call.start(track, (sound) => call === this.#call && this.on.sound(sound));
  }

  /** The person has heard enough: shows how it was, if there was anything to hear. */
  stop(): void {
    if (this.#call?.connected) void this.#call.finish();
    else this.close();
  }

  /** Another microphone. */
  send(track: MediaStreamTrack | null): void {
    this.#call?.send(track);
  }

  /** Ends without a report, as when the check is left. */
  close(): void {
    this.#call?.close();
    this.#forget();
    this.on.news({ at: 'idle' });
  }

  #hear(news: EchoNews): void {
    if (news.at === 'report' || news.at === 'failed') this.#forget();
    this.on.news(news);
  }

  #forget(): void {
    this.#ended = this.#call?.ended ?? this.#ended;
    this.#call = null;
    this.on.sound(null);
  }
}

/** One attempt. */
class Call {
  #pc: RTCPeerConnection | null = null;
  #sender: RTCRtpSender | null = null;
  #report: ProbeReport | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #over = false;
  connected = false;
  ended: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly place: EchoPlace,
    private readonly on: (news: EchoNews) => void,
  ) {}

  async start(track: MediaStreamTrack, play: (sound: MediaStream) => void): Promise<void> {
    try {
      await this.#connect(track, play);
    } catch {
      this.#fail(FAILED);
    }
  }

  async #connect(track: MediaStreamTrack, play: (sound: MediaStream) => void): Promise<void> {
    if (this.#over) return;
    const relays = this.place.relay ? await askRelays(this.place.url) : [];
    if (this.#over) return;
    const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: relays });
    this.#pc = pc;
    this.#sender = pc.addTransceiver(track, { direction: 'sendonly' }).sender;
    const back = pc.addTransceiver('audio', { direction: 'recvonly' }).receiver;
    await pc.setLocalDescription();
    const answer = await this.#post<Answer>('', { sdp: pc.localDescription?.sdp ?? '' });
    if (this.#over) return;
    if (!answer?.sdp) return this.#fail(answer?.text ?? FAILED);
    await pc.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    play(new MediaStream([back.track]));
    this.#watch(pc, answer.seconds ?? 60);
  }

  /** Looks each second: is it connected, and is the time over. */
  #watch(pc: RTCPeerConnection, seconds: number): void {
    const began = performance.now();
    const look = () => {
      const elapsed = performance.now() - began;
      if (pc.connectionState === 'connected' && !this.connected) this.on({ at: 'listening' });
      this.connected ||= pc.connectionState === 'connected';
      const late = !this.connected && elapsed > CONNECT_MS;
      if (pc.connectionState === 'failed' || late) return this.#fail(FAILED);
      if (elapsed >= seconds * 1000 - END_BEFORE_MS) return void this.finish();
      if (this.connected) void this.#ask();
    };
    pc.onconnectionstatechange = look;
    this.#timer = setInterval(look, LOOK_MS);
  }

  async #ask(): Promise<void> {
    const answer = await this.#get<{ report: ProbeReport | null }>('report/');
    this.#report = answer?.report ?? this.#report;
  }

  send(track: MediaStreamTrack | null): void {
    if (track && this.#sender?.track !== track) void this.#sender?.replaceTrack(track);
  }

  /** The last figures, then the end. */
  async finish(): Promise<void> {
    const pc = this.#pc;
    if (this.#over || pc === null) return;
    clearInterval(this.#timer);
    await this.#ask();
    const figures = figuresOf(this.#report, (await pc.getStats()).values());
    if (this.#over) return;
    this.close();
    this.on({ at: 'report', figures });
  }

  #fail(text: string): void {
    if (this.#over) return;
    this.close();
    this.on({ at: 'failed', text });
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#timer);
    this.#pc?.close();
    this.ended = this.#post('end/', {});
  }

  #get<T>(path: string): Promise<T | null> {
    return read(fetch(this.place.url + path));
  }

  #post<T>(path: string, fields: Record<string, string>): Promise<T | null> {
    const headers = { 'X-CSRFToken': this.place.token };
    const body = new URLSearchParams(fields);
    return read(fetch(this.place.url + path, { method: 'POST', headers, body, keepalive: true }));
  }
}

/** What the server said, a refusal with its text included; null when it said nothing of ours. */
async function read<T>(asked: Promise<Response>): Promise<T | null> {
  try {
    return (await (await asked).json()) as T;
  } catch {
    return null;
  }
}
