// What a session is made of: each part is the browser's own, or a test's.
// Owns shapes only.
import type { DeviceName, openDevices } from '../media/devices';
import type { Echo, EchoListener } from '../media/echo';
import type { Outputs } from '../media/output';
import type { MediaListener, MediaPeer } from '../media/peer';
import type { Support } from '../room/support';
import type { Connection, Greeting, Listener } from '../signaling/connection';

export interface Parts {
  /** Whether this browser can join, and which one can in its place. */
  readonly support: Support;
  /** This page's address, without anything that is not for others. */
  readonly address: string;
  /** This installation has TURN servers: access to them is asked for before each offer. */
  readonly hasRelays: boolean;
  /** How many others there may be, as the page was made; 0: not known. */
  readonly mediaSlots: number;
  /** TURN servers for an offer that is made before the room can be asked for them. */
  firstRelays(): Promise<RTCIceServer[]>;
  /** Opens the room's websocket. `hello` is called at each attempt. */
  connect(on: Listener, hello: () => Greeting): Connection;
  newPeer(on: MediaListener): MediaPeer;
  newEcho(on: EchoListener): Pick<Echo, 'start' | 'stop' | 'send' | 'close'>;
  readonly openDevices: typeof openDevices;
  listDevices(): Promise<{
    audio: readonly DeviceName[];
    video: readonly DeviceName[];
    outputs: readonly DeviceName[];
  }>;
  readonly outputs: Outputs;
  /** Calls back when a device is plugged in or pulled out. */
  onDevicesChanged(callback: () => void): void;
  /** Calls back when the page is out of sight (false), and when the person is back (true). */
  onSeen(callback: (visible: boolean) => void): void;
  /** Calls back with a loudness of 0 to 1; returns how to stop. */
  meter(track: MediaStreamTrack, on: (level: number) => void): () => void;
  streamOf(track: MediaStreamTrack): MediaStream;
  /** Milliseconds since 1970, by this device's clock. */
  wallNow(): number;
  /** Calls back every `ms` milliseconds; returns how to stop. */
  every(ms: number, callback: () => void): () => void;
  /** Calls back once after `ms` milliseconds. */
  after(ms: number, callback: () => void): void;
}
