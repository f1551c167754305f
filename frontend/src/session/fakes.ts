// A session's parts for tests: a server that shows what it was sent, a peer whose senders take
// their time, devices that open. Nothing of the page imports it.
import type { EchoListener } from '../media/echo';
import { FakeDevices } from '../media/fake-devices';
import type { Wanted } from '../media/own-devices';
import type { Event, ParticipantView, Snapshot } from '../messages';
import { snapshotOf } from '../room/testing';
import type { Connection, Greeting, Listener, Reply, Request } from '../signaling/connection';
import { FakePeer, type Gate } from './fake-peer';
import type { Parts } from './parts';
import { RoomSession } from './session';

const LOST: Reply = { type: 'refused', id: 0, code: 'connection.lost', text: '' };

/** Until everything that a test started is done, but for what waits at a gate. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** The room's server. It keeps what `hello` and the commands say of this participant's devices,
 * shows it to everyone by `participant.changed`, and answers commands with `ok`. */
export class FakeServer {
  snapshot: Snapshot = snapshotOf();
  readonly connections: FakeConnection[] = [];
  readonly refuses = new Set<Request['type']>();
  /** Whether the snapshot of the room brings the node's answer. */
  answersHello = true;
  /** Until it is opened no reply is sent. */
  gate: Gate | null = null;
  #seq = this.snapshot.seq;

  get connection(): FakeConnection {
    const newest = this.connections.at(-1);
    if (newest === undefined) throw new Error('there is no connection');
    return newest;
  }

  /** What the others are shown of this participant; undefined at the door. */
  get me(): ParticipantView | undefined {
    return this.snapshot.participants.find(({ key }) => key === this.snapshot.me.key);
  }

  get devices(): Wanted {
    const { microphone = false, camera = false } = this.me ?? {};
    return { microphone, camera };
  }

  readonly connect = (on: Listener, hello: () => Greeting): Connection => {
    const connection = new FakeConnection(this, on, hello);
    this.connections.push(connection);
    return connection;
  };

  /** A change of the room or of this participant's seat, sent to the page. */
  change(change: { room?: Partial<Snapshot['room']>; me?: Partial<Snapshot['me']> }): void {
    const { room, me } = this.snapshot;
    if (change.room) {
      const changed = { ...room, version: room.version + 1, ...change.room };
      this.snapshot = { ...this.snapshot, room: changed };
      this.#send({ type: 'room.changed', ...this.#stamp(), room: changed });
    }
    if (change.me) {
      const changed = { ...me, version: me.version + 1, ...change.me };
      this.snapshot = { ...this.snapshot, me: changed };
      this.#send({ type: 'me.changed', ...this.#stamp(), me: changed });
    }
  }

  /** Keeps it, and shows it when it differs. */
  hold(devices: Partial<Wanted>): void {
    const { me } = this;
    if (!me) return;
    const changed = { ...me, ...devices };
    if (changed.microphone === me.microphone && changed.camera === me.camera) return;
    const participant = { ...changed, version: me.version + 1 };
    const others = this.snapshot.participants;
    const participants = others.map((other) => (other.key === me.key ? participant : other));
    this.snapshot = { ...this.snapshot, participants };
    this.#send({ type: 'participant.changed', ...this.#stamp(), participant });
  }

  /** What a command does here; the reply. */
  async answer(request: Request): Promise<Reply> {
    await this.gate?.passed;
    if (this.refuses.has(request.type))
      return { type: 'refused', id: 1, code: 'room.locked', text: 'Locked.' };
    if (request.type === 'me.microphone') this.hold({ microphone: request.on });
    if (request.type === 'me.camera') this.hold({ camera: request.on });
    if (request.type === 'media.offer')
      return { type: 'media.answer', id: 1, sdp: `answer to ${request.sdp}` };
    if (request.type === 'media.relay')
      return {
        ...{ type: 'media.relay_access', id: 1, urls: ['turn:relay'] },
        ...{ username: 'u', credential: 'c' },
      };
    return { type: 'ok', id: 1 };
  }

  #stamp(): { epoch: string; seq: number } {
    this.#seq += 1;
    this.snapshot = { ...this.snapshot, seq: this.#seq };
    return { epoch: this.snapshot.epoch, seq: this.#seq };
  }

  #send(event: Event): void {
    const connection = this.connections.at(-1);
    if (connection?.isOpen) connection.on.event(event);
  }
}

/** One connection of the page, as the server sees it. */
export class FakeConnection implements Connection {
  readonly sent: Request[] = [];
  offered: string | null = null;
  isOpen = false;
  isClosed = false;
  retries = 0;
  #drop: () => void = () => {};
  #dropped = Promise.resolve();

  constructor(
    private readonly server: FakeServer,
    readonly on: Listener,
    private readonly hello: () => Greeting,
  ) {}

  enter(): void {
    this.on.status('connecting');
  }

  /** The socket is open: the page says hello. Nothing is answered yet. */
  sayHello(): Greeting {
    const { sdp, ...devices } = this.hello();
    this.offered = sdp ?? null;
    this.server.hold(devices);
    return devices;
  }

  /** Answers the hello: with a snapshot, or with the events that were missed, which are none. */
  answerHello(how: 'snapshot' | 'replay' = 'snapshot'): void {
    this.isOpen = true;
    this.#dropped = new Promise((resolve) => {
      this.#drop = resolve;
    });
    this.on.status('open');
    const answer = this.server.answersHello && this.offered ? `answer to ${this.offered}` : null;
    if (how === 'snapshot') this.on.event({ ...this.server.snapshot, media_answer: answer });
  }

  accept(how: 'snapshot' | 'replay' = 'snapshot'): void {
    this.sayHello();
    this.answerHello(how);
  }

  /** The connection is lost; it comes back by itself. */
  lose(): void {
    this.isOpen = false;
    this.#drop();
    this.on.status('reconnecting', { code: 1006, text: '' });
  }

  /** The server closes it with a code after which it does not come back by itself. */
  end(code: number): void {
    this.isOpen = false;
    this.#drop();
    this.on.status('closed', { code, text: '' });
  }

  async send(request: Request): Promise<Reply> {
    if (!this.isOpen) return LOST;
    this.sent.push(request);
    return Promise.race([this.server.answer(request), this.#dropped.then(() => LOST)]);
  }

  close(): void {
    this.isClosed = true;
    this.end(1000);
  }

  retryNow(): void {
    this.retries += 1;
  }

  /** Commands of these types, in the order in which they were sent. */
  sentOf<T extends Request['type']>(...types: T[]): Extract<Request, { type: T }>[] {
    const isOne = (request: Request): request is Extract<Request, { type: T }> =>
      (types as string[]).includes(request.type);
    return this.sent.filter(isOne);
  }
}

/** An echo that connects at once and keeps what it was asked. */
class FakeEcho {
  constructor(
    private readonly on: EchoListener,
    private readonly calls: string[],
  ) {}

  async start(track: MediaStreamTrack): Promise<void> {
    this.calls.push(`start ${track.kind}`);
    this.on.news({ at: 'listening' });
  }

  stop(): void {
    this.calls.push('stop');
    this.on.news({ at: 'idle' });
  }

  send(track: MediaStreamTrack | null): void {
    this.calls.push(`send ${track?.kind ?? 'nothing'}`);
  }

  close(): void {
    this.calls.push('close');
    this.on.news({ at: 'idle' });
  }
}

/** A page with its parts, at the device check. */
export class FakePage {
  readonly server = new FakeServer();
  readonly browser = new FakeDevices();
  readonly peers: FakePeer[] = [];
  readonly metered: string[] = [];
  readonly echoCalls: string[] = [];
  readonly timers: { ms: number; callback: () => void }[] = [];
  readonly beats = new Set<() => void>();
  wallNow = 0;
  outputs = ['speaker', 'headset'];
  chosenOutput = '';
  devicesChanged = () => {};
  seen: (visible: boolean) => void = () => {};
  readonly session: RoomSession;
  readonly #parts: Parts = {
    support: { can: true, openIn: null },
    address: 'https://thirds.example/rooms/s/',
    hasRelays: false,
    mediaSlots: 0,
    firstRelays: async () => [{ urls: 'turn:relay' }],
    connect: this.server.connect,
    newPeer: (on) => {
      const peer = new FakePeer(on);
      this.peers.push(peer);
      return peer;
    },
    newEcho: (on) => new FakeEcho(on, this.echoCalls),
    openDevices: this.browser.open,
    listDevices: async () => ({
      audio: [{ id: 'a', label: 'Headset' }],
      video: [{ id: 'v', label: 'Front camera' }],
      outputs: this.outputs.map((id) => ({ id, label: id })),
    }),
    outputs: {
      can: true,
      chosen: () => this.chosenOutput,
      choose: (id) => {
        this.chosenOutput = id;
      },
    },
    onDevicesChanged: (callback) => {
      this.devicesChanged = callback;
    },
    onSeen: (callback) => {
      this.seen = callback;
    },
    meter: (track, on) => {
      this.metered.push(`start ${track.kind}`);
      on(0.5);
      return () => this.metered.push('stop');
    },
    streamOf: (track) => ({ getVideoTracks: () => [track] }) as unknown as MediaStream,
    wallNow: () => this.wallNow,
    every: (_ms, callback) => {
      this.beats.add(callback);
      return () => this.beats.delete(callback);
    },
    after: (ms, callback) => void this.timers.push({ ms, callback }),
  };

  constructor(parts: Partial<Parts> = {}) {
    this.session = new RoomSession({ ...this.#parts, ...parts });
  }

  /** Two seconds pass. */
  async beat(): Promise<void> {
    this.wallNow += 2000;
    for (const callback of this.beats) callback();
    await settled();
  }

  get peer(): FakePeer {
    const newest = this.peers.at(-1);
    if (newest === undefined) throw new Error('there is no media peer');
    return newest;
  }

  get connection(): FakeConnection {
    return this.server.connection;
  }

  get at(): string {
    return this.session.page.current.screen.at;
  }

  /** From the check to where the server's snapshot leads. */
  async join(): Promise<this> {
    this.session.start();
    await settled();
    this.session.connect();
    this.connection.accept();
    await settled();
    return this;
  }
}
