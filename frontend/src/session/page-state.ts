// The state that the components show, and the one way in which it changes.
// Owns the signals. Knows no socket and no media: the session acts on what changed.
import { type Signal, signal } from '@preact/signals';
import { announcement } from '../room/announce';
import { reduce } from '../room/reduce';
import { type Input, type Live, liveOf, type Notice, opening, type RoomState } from '../room/state';

/** Called after each change, with the state before and after it. */
export type Follow = (before: RoomState, after: RoomState) => void;

export class PageState {
  readonly state: Signal<RoomState>;
  /** The server's clock in milliseconds, by whole seconds. */
  readonly now: Signal<number>;
  /** The newest sentence for a screen reader. */
  readonly said = signal('');

  constructor(
    canJoin: boolean,
    private readonly wallNow: () => number,
    private readonly follow: Follow,
  ) {
    this.state = signal(opening(canJoin));
    this.now = signal(this.#serverNow());
  }

  get current(): RoomState {
    return this.state.peek();
  }

  /** The room, on the screens that have one. */
  get live(): Live | null {
    return liveOf(this.current.screen);
  }

  dispatch(input: Input): void {
    const before = this.current;
    const after = reduce(before, input);
    if (after === before) return;
    this.state.value = after;
    this.tick();
    this.said.value = announcement(before, after) || this.said.peek();
    this.follow(before, after);
  }

  /** A sentence of the page's own for the status line. */
  notify(code: string, text: string, tone: Notice['tone']): void {
    this.dispatch({ kind: 'notice', notice: { code, text, about: code, tone } });
  }

  /** Lets the clock on the screen go on. */
  tick(): void {
    this.now.value = this.#serverNow();
  }

  #serverNow(): number {
    return Math.floor((this.wallNow() + this.current.offsetMs) / 1000) * 1000;
  }
}
