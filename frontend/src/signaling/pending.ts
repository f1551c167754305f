/**
 * Commands that wait for their reply. Owns the ids; every command is settled exactly once: with
 * its reply, or as lost when the connection drops. Knows no socket.
 */

import type { MediaAnswer, Ok, Pong, Refused, RelayAccess } from '../messages';

export type Reply = Ok | Refused | MediaAnswer | RelayAccess | Pong;

/** The reply to a command whose connection dropped before the real one came. */
export function lost(id: number): Refused {
  return {
    type: 'refused',
    id,
    code: 'connection.lost',
    text: 'The connection dropped before this went through. Please try again.',
  };
}

export class Pending {
  #nextId = 1;
  readonly #waiting = new Map<number, (reply: Reply) => void>();

  /** An id of its own for one command; `settle` is called once with what comes back. */
  add(settle: (reply: Reply) => void): number {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#waiting.set(id, settle);
    return id;
  }

  /** Settles the command of this reply. False when no command waits for it. */
  settle(reply: Reply): boolean {
    if (reply.id === null) return false;
    const settle = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    settle?.(reply);
    return settle !== undefined;
  }

  /** The connection is gone: every command that waits is lost. */
  dropAll(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [id, settle] of waiting) settle(lost(id));
  }
}
