/**
 * The room's one websocket: opened ahead of time, says hello when the person enters, reconnects by
 * itself, settles every command exactly once, knows the server's clock. Owns the socket and the
 * last (epoch, seq) that was handed on. Knows no room and no media: it does not interpret events.
 */

import type { Command, Event } from '../messages';
import { retryDelay } from './backoff';
import { type Exchange, keepNewest, serverOffset } from './clock';
import { returnAfter } from './closing';
import { alive, beat, type Liveness, received } from './liveness';
import { lost, Pending, type Reply } from './pending';
import { browserWorld, type Socket, type World } from './world';

export type { Reply } from './pending';

export type ConnectionStatus = 'connecting' | 'open' | 'reconnecting' | 'closed';

/** Omits `K` from each member of a union, not from what they have in common. */
export type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** A command without its id, which the connection gives it. */
export type Request = DistributiveOmit<Command, 'id'>;

/** Why the socket closed: RFC 6455's code and the server's sentence, '' when it had none. */
export interface Close {
  readonly code: number;
  readonly text: string;
}

export interface Listener {
  /** Everything but replies, in order of arrival. */
  event(event: Event): void;
  /** Only when it changes. `close` says what ended the connection before. */
  status(status: ConnectionStatus, close?: Close): void;
  /** Milliseconds to add to this device's clock to get the server's. */
  clock(offsetMs: number): void;
}

/** What a hello says of this page; an offer only while it has no media in the room. */
export interface Greeting {
  readonly microphone: boolean;
  readonly camera: boolean;
  readonly sdp?: string;
}

export interface Connection {
  /** Says hello, and from then on whenever it connects. Before that nothing is reported. */
  enter(): void;
  /** Never rejects: resolves `refused` with `connection.lost` when there is no connection. */
  send(request: Request): Promise<Reply>;
  /** Closes for good. */
  close(): void;
  /** Connects at once, also after a close after which it does not reconnect by itself. */
  retryNow(): void;
}

const BEAT_MS = 500;
/** From the attempt to the reply to hello; then the next attempt is made. */
const OPENING_MS = 4000;
/** What a browser reports when a connection was lost without a close: RFC 6455 §7.1.5. */
const LOST: Close = { code: 1006, text: '' };

type Phase =
  | { readonly at: 'waiting'; readonly cancel: () => void }
  | { readonly at: 'opening'; readonly socket: Socket; readonly since: number }
  | { readonly at: 'ready'; readonly socket: Socket; liveness: Liveness }
  | { readonly at: 'open'; readonly socket: Socket; liveness: Liveness }
  | { readonly at: 'closed'; readonly forGood: boolean };

/** Opens a socket to `url`, so that no time is lost with that when the person enters, and stays
 * connected. `hello` gives the true state, at each attempt. */
export function connect(
  url: string,
  on: Listener,
  hello: () => Greeting,
  world: World = browserWorld,
): Connection {
  return new RoomConnection(url, on, hello, world);
}

class RoomConnection implements Connection {
  #phase: Phase = { at: 'closed', forGood: false };
  #status: ConnectionStatus | null = null;
  #attempt = 0;
  #last: { epoch: string; seq: number } | null = null;
  #closingText = '';
  #entered = false;
  #exchanges: readonly Exchange[] = [];
  readonly #pending = new Pending();
  readonly #stops: (() => void)[];

  constructor(
    private readonly url: string,
    private readonly on: Listener,
    private readonly hello: () => Greeting,
    private readonly world: World,
  ) {
    this.#stops = [world.beat(BEAT_MS, () => this.#beat()), world.wake(() => this.#woken())];
    this.#open();
  }

  enter(): void {
    if (this.#entered) return;
    this.#entered = true;
    this.#attempt = 0;
    this.#setStatus('connecting');
    const phase = this.#phase;
    if (phase.at === 'ready') this.#greet(phase.socket);
    else if (phase.at !== 'opening') this.#open();
  }

  send(request: Request): Promise<Reply> {
    if (this.#phase.at !== 'open') return Promise.resolve(lost(0));
    const { socket } = this.#phase;
    return new Promise((resolve) => this.#write(socket, request, resolve));
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#abandon();
    this.#phase = { at: 'closed', forGood: true };
    this.#setStatus('closed', { code: 1000, text: '' });
  }

  retryNow(): void {
    if (this.#phase.at === 'closed') {
      if (this.#phase.forGood) return;
      this.#attempt = 0;
      this.#setStatus('connecting');
      this.#open();
    } else this.#woken();
  }

  /** The network or the person is back: connects at once what waits, pings what is open. */
  #woken(): void {
    const phase = this.#phase;
    if (phase.at === 'waiting') this.#open();
    else if (phase.at === 'open' || phase.at === 'ready') this.#ping(phase.socket);
    else if (phase.at === 'opening' && this.world.now() - phase.since > 1000) this.#open();
  }

  #open(): void {
    this.#abandon();
    this.#closingText = '';
    const socket = this.world.open(this.url, {
      opened: () => (this.#entered ? this.#sayHello(socket) : this.#keep(socket)),
      received: (frame) => this.#received(JSON.parse(frame) as Event),
      closed: (code, reason) => this.#lose({ code, text: this.#closingText || reason }),
    });
    this.#phase = { at: 'opening', socket, since: this.world.now() };
  }

  /** Nobody has entered yet: pings keep the socket until then. */
  #keep(socket: Socket): void {
    this.#phase = { at: 'ready', socket, liveness: alive(this.world.now()) };
    this.#attempt = 0;
    this.#ping(socket);
  }

  /** The socket was kept: what is left of opening is the hello. */
  #greet(socket: Socket): void {
    this.#phase = { at: 'opening', socket, since: this.world.now() };
    this.#sayHello(socket);
  }

  #sayHello(socket: Socket): void {
    const request = { type: 'hello', ...this.hello(), ...this.#last } as Request;
    this.#write(socket, request, (reply) => {
      if (reply.type !== 'refused') this.#opened();
      else if (reply.code !== 'connection.lost') this.#closingText = reply.text;
    });
  }

  /** The server accepted the hello, or already sends the room. */
  #opened(): void {
    if (this.#phase.at !== 'opening') return;
    const { socket } = this.#phase;
    this.#phase = { at: 'open', socket, liveness: alive(this.world.now()) };
    this.#attempt = 0;
    this.#exchanges = [];
    this.#setStatus('open');
    this.#ping(socket);
  }

  #received(event: Event): void {
    if (this.#phase.at === 'open' || this.#phase.at === 'ready') {
      this.#phase.liveness = received(this.#phase.liveness, this.world.now());
    }
    if (isReply(event) && this.#pending.settle(event)) return;
    if (!this.#entered) return;
    if (event.type === 'closing') this.#closingText = event.text;
    else if (event.type !== 'refused') this.#opened();
    this.on.event(event);
    if ('seq' in event) this.#last = { epoch: event.epoch, seq: event.seq };
  }

  #beat(): void {
    const phase = this.#phase;
    const now = this.world.now();
    if (phase.at === 'opening' && now - phase.since >= OPENING_MS) this.#lose(LOST);
    if (phase.at !== 'open' && phase.at !== 'ready') return;
    const { liveness, verdict } = beat(phase.liveness, now);
    phase.liveness = liveness;
    if (verdict === 'dead') this.#lose(LOST);
    if (verdict === 'ping') this.#ping(phase.socket);
  }

  #ping(socket: Socket): void {
    const sentAt = this.world.now();
    this.#write(socket, { type: 'ping' }, (reply) => {
      if (reply.type === 'pong') this.#learnClock(sentAt, reply.now_ms);
    });
  }

  #learnClock(sentAt: number, serverMs: number): void {
    const receivedAt = this.world.now();
    this.#exchanges = keepNewest(this.#exchanges, { sentAt, receivedAt, serverMs });
    const toMonotonic = serverOffset(this.#exchanges) ?? 0;
    // Measured against the monotonic clock and turned into one against the wall clock only here,
    // so that after the wall clock was changed the next answer corrects it.
    this.on.clock(toMonotonic + this.world.now() - this.world.wallNow());
  }

  #write(socket: Socket, request: Request, settle: (reply: Reply) => void): void {
    const id = this.#pending.add(settle);
    socket.send(JSON.stringify({ ...request, id }));
  }

  /** The connection is gone: reports it, and reconnects or not by the table of close codes. */
  #lose(close: Close): void {
    this.#abandon();
    const how = returnAfter(close.code);
    if (how === 'never') {
      this.#phase = { at: 'closed', forGood: false };
      this.#setStatus('closed', close);
      return;
    }
    const delay = retryDelay(this.#attempt, this.world.random(), how === 'spread');
    this.#attempt += 1;
    this.#phase = { at: 'waiting', cancel: this.world.after(delay, () => this.#open()) };
    this.#setStatus('reconnecting', close);
  }

  /** Drops the socket or the timer. Nothing from an old socket is handed on. */
  #abandon(): void {
    const phase = this.#phase;
    this.#phase = { at: 'closed', forGood: false };
    if (phase.at === 'waiting') phase.cancel();
    if ('socket' in phase) phase.socket.abandon();
    this.#pending.dropAll();
  }

  #setStatus(status: ConnectionStatus, close?: Close): void {
    if (!this.#entered || status === this.#status) return;
    this.#status = status;
    this.on.status(status, close);
  }
}

function isReply(event: Event): event is Reply {
  return ['ok', 'refused', 'pong', 'media.answer', 'media.relay_access'].includes(event.type);
}
