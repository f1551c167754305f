/**
 * Whose picture a slot shows, and whether it may be seen. Pure: from owners, announcements and
 * frames it decides whether the slot is covered. Knows no peer connection, no element, no message.
 *
 * A slot passes from one person to the next without a sign in the media itself, and the messages
 * about it (`media.slot_owned`, `media.slot_shown`) take another path than the packets: either
 * may come first. A face under another person's name is the worst that can happen here, an
 * initial for a second longer is not bad at all. So the tile is covered, and opens on proof:
 *
 * S1  From the moment the slot has a new owner it is covered. Nobody's slot is covered at once.
 * S2  It opens with a frame that (a) is not older than the announced RTP timestamp (RFC 3550
 *     §5.1, modulo 2^32) and (b) whose newest CSRC is the owner's. Both: the timestamp alone
 *     would believe a message about the wrong slot, the CSRC alone may be one frame ahead of
 *     the picture.
 * S3  While it is open, a frame with another CSRC, or with none, covers it at once.
 * S4  The announcement and the frame may come in either order, and both may come before the
 *     owner: the last frame is kept, and is looked at again with each message.
 * S5  An announcement cannot be waited for where it may have been lost: for the owner that holds
 *     when control was lost, and for the owner that the repeated slot map then names. Nor can a
 *     timestamp be compared where the browser gives none. There (b) alone opens the slot, on two
 *     frames in a row, since a CSRC is at most one frame ahead of the picture.
 */

/** Whose slot it is: the participant's key, and the number the node stamps on their packets. */
export interface Owner {
  readonly key: string;
  readonly csrc: number;
}

/** A frame on the screen. Null where the browser gives no timestamp, or no packet had a CSRC. */
export interface Frame {
  readonly rtpTimestamp: number | null;
  readonly csrc: number | null;
}

export interface Slot {
  readonly owner: Owner | null;
  /** The RTP timestamp that was announced for this owner's first frame. */
  readonly announced: number | null;
  readonly lastFrame: Frame | null;
  /** Frames in a row with the owner's CSRC. */
  readonly matching: number;
  /** S5: this owner's announcement may have been lost. */
  readonly mayHaveMissed: boolean;
  /** S5: the next owner that is named comes from the repeated slot map. */
  readonly awaitsMap: boolean;
  readonly covered: boolean;
}

export const EMPTY: Slot = {
  owner: null,
  announced: null,
  lastFrame: null,
  matching: 0,
  mayHaveMissed: false,
  awaitsMap: false,
  covered: true,
};

/** The slot belongs to `owner` from now. The same owner again changes nothing. */
export function owned(slot: Slot, owner: Owner | null): Slot {
  if (owner === null) return { ...EMPTY, lastFrame: slot.lastFrame };
  if (slot.owner?.key === owner.key && slot.owner.csrc === owner.csrc) {
    return { ...slot, awaitsMap: false };
  }
  return opens({
    ...EMPTY,
    owner,
    lastFrame: slot.lastFrame,
    matching: slot.lastFrame?.csrc === owner.csrc ? 1 : 0,
    mayHaveMissed: slot.awaitsMap,
  });
}

/** The frame with this RTP timestamp is the first that shows the participant `key` here. */
export function announced(slot: Slot, key: string, rtpTimestamp: number): Slot {
  return slot.owner?.key === key ? opens({ ...slot, announced: rtpTimestamp }) : slot;
}

/** A frame is on the screen. */
export function shown(slot: Slot, frame: Frame): Slot {
  const matches = slot.owner !== null && frame.csrc === slot.owner.csrc;
  const matching = matches ? Math.min(slot.matching + 1, 2) : 0;
  return opens({ ...slot, lastFrame: frame, matching, covered: slot.covered || !matches });
}

/** Control was lost and is back: announcements may have been missed, a slot map follows. */
export function resumed(slot: Slot): Slot {
  return opens({ ...slot, mayHaveMissed: slot.owner !== null, awaitsMap: true });
}

/** True when `a` is not older than `b`: RTP timestamps wrap at 2^32. */
export function notOlder(a: number, b: number): boolean {
  return (a - b) >>> 0 < 2 ** 31;
}

function opens(slot: Slot): Slot {
  return slot.covered && proven(slot) ? { ...slot, covered: false } : slot;
}

function proven({ announced, lastFrame, matching, mayHaveMissed }: Slot): boolean {
  if (lastFrame === null || matching === 0) return false;
  const { rtpTimestamp } = lastFrame;
  if (mayHaveMissed && matching === 2) return true;
  if (announced === null) return false;
  return rtpTimestamp === null ? matching === 2 : notOlder(rtpTimestamp, announced);
}
