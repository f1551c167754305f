/**
 * The newest offer, until it is answered: at most one answer is taken, and none to an older offer.
 * Two callers may carry the same offer, and an answer may arrive while the next offer is made.
 * Pure; knows no peer connection.
 */

import type { Renewal } from './recovery';

export class OpenOffer {
  /** What the newest offer is for; null when it has been answered, or before the first. */
  renewal: Renewal | null = null;
  #sdp: string | null = null;

  /** An offer is being made: the one before takes no answer any more. */
  begin(renewal: Renewal): void {
    this.renewal = renewal;
    this.#sdp = null;
  }

  made(sdp: string): void {
    this.#sdp = sdp;
  }

  /** Whether an answer to `sdp` is to be applied. After that there is none to wait for. */
  answered(sdp: string): boolean {
    if (this.#sdp !== sdp) return false;
    this.#sdp = null;
    this.renewal = null;
    return true;
  }
}
