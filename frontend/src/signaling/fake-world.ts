/**
 * A world for tests: a server that the test plays, and time that passes when the test says so.
 * Callbacks run in the order in which they are due.
 */

import type { Command, Event } from '../messages';
import type { Socket, SocketListener, World } from './world';

interface Timer {
  due: number;
  readonly every: number | null;
  readonly callback: () => void;
}

/** One socket as the server sees it. */
export class FakeSocket implements Socket {
  readonly received: Command[] = [];
  abandoned = false;

  constructor(private readonly on: SocketListener) {}

  send(frame: string): void {
    this.received.push(JSON.parse(frame) as Command);
  }

  abandon(): void {
    this.abandoned = true;
  }

  accept(): void {
    if (!this.abandoned) this.on.opened();
  }

  deliver(event: Event): void {
    if (!this.abandoned) this.on.received(JSON.stringify(event));
  }

  close(code: number, reason = ''): void {
    if (!this.abandoned) this.on.closed(code, reason);
  }

  /** The newest command of this type. */
  last<T extends Command['type']>(type: T): Extract<Command, { type: T }> {
    const found = this.received.findLast((command) => command.type === type);
    if (found === undefined) throw new Error(`no ${type} was sent`);
    return found as Extract<Command, { type: T }>;
  }
}

export class FakeWorld implements World {
  time = 1000;
  /** This device's clock is set to 1970 plus this. */
  wallOffset = 1_000_000;
  readonly sockets: FakeSocket[] = [];
  readonly #timers = new Set<Timer>();
  readonly #sleepers = new Set<() => void>();

  get socket(): FakeSocket {
    const newest = this.sockets.at(-1);
    if (newest === undefined) throw new Error('no socket was opened');
    return newest;
  }

  open(_path: string, on: SocketListener): Socket {
    const socket = new FakeSocket(on);
    this.sockets.push(socket);
    return socket;
  }

  now(): number {
    return this.time;
  }

  wallNow(): number {
    return this.time + this.wallOffset;
  }

  random(): number {
    return 0.5;
  }

  after(ms: number, callback: () => void): () => void {
    return this.#start({ due: this.time + ms, every: null, callback });
  }

  beat(ms: number, callback: () => void): () => void {
    return this.#start({ due: this.time + ms, every: ms, callback });
  }

  wake(callback: () => void): () => void {
    this.#sleepers.add(callback);
    return () => this.#sleepers.delete(callback);
  }

  /** The network or the person comes back. */
  wakeUp(): void {
    for (const callback of this.#sleepers) callback();
  }

  pass(ms: number): void {
    const end = this.time + ms;
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.time = timer.due;
      if (timer.every === null) this.#timers.delete(timer);
      else timer.due += timer.every;
      timer.callback();
    }
    this.time = end;
  }

  #start(timer: Timer): () => void {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  #next(end: number): Timer | undefined {
    const due = [...this.#timers].filter((timer) => timer.due <= end);
    return due.sort((a, b) => a.due - b.due)[0];
  }
}
