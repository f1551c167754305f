/**
 * Which frames of a slot reach the decoder. Pure: from the owner and each frame it decides whether
 * the frame passes. Knows no stream, no worker.
 *
 * The message about a slot may arrive later than its packets, and a browser reports a frame only
 * after it has put it on the screen: covering the tile then is a few milliseconds too late. So
 * until the page knows the new owner, that one's frames are not even decoded.
 *
 * G1  While the slot has an owner, a frame that bears another's CSRC does not pass.
 * G2  After a frame that did not pass, none does before a key frame: the others refer to it.
 * G3  A frame that bears no CSRC passes: some browsers report none. Only S3 of slots.ts is left.
 * G4  Of nobody's slot every frame passes: its tile is covered.
 */

/** An encoded frame, as RTCEncodedVideoFrame describes it. */
export interface Encoded {
  readonly key: boolean;
  readonly csrcs: readonly number[];
}

export interface Gate {
  readonly owner: number | null;
  /** A frame did not pass, and no key frame has since. */
  readonly missed: boolean;
}

export const OPEN: Gate = { owner: null, missed: false };

/** The slot belongs to the bearer of this CSRC from now; null: to nobody. */
export function belongs(gate: Gate, owner: number | null): Gate {
  return { ...gate, owner };
}

/** A frame has come. It passes unless the gate that is returned has `missed` it. */
export function arrived(gate: Gate, { key, csrcs }: Encoded): Gate {
  const known = gate.owner === null || csrcs.length === 0 || csrcs.includes(gate.owner);
  return { ...gate, missed: !known || (gate.missed && !key) };
}
