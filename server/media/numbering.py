"""Numbers of streams: what a packet's are without their wrap, and how a slot's go on.

Pure. Owns the arithmetic that makes one continuous stream out of several publishers' (sequence
number, timestamp, VP8 picture id and TL0PICIDX), the note of what is missing, and the reading
of header extensions. Must not know addresses, keys or peers' rights.
"""

from collections.abc import Iterator
from typing import Final

from server.media.ring import Kept
from server.media.streams import Leg, Slot, Source
from server.media.vp8 import moved

LONGEST_JUMP: Final = 10  # seconds between two layers' clocks; more is a report gone wrong
PAUSE_TICKS: Final = 5760  # 120 ms of sound, the longest Opus packet; a pause of DTX is 200 to 400
MOST_MISSING: Final = 128  # packets; a wider gap is left to a key frame


def read_extensions(leg: Leg, packet: bytes, at: int, now: float) -> tuple[int, int]:
    """Where the payload begins, and the audio level or -1. Notes a transport-cc number.

    RFC 8285: one-byte elements under 0xBEDE, two-byte elements under 0x100x.
    """
    profile = packet[at] << 8 | packet[at + 1]
    end = at + 4 + 4 * (packet[at + 2] << 8 | packet[at + 3])
    narrow = profile == 0xBEDE
    at += 4
    level = -1
    if not narrow and profile >> 4 != 0x100:
        return end, level
    while at < end:
        name = packet[at]
        if not name:
            at += 1
            continue
        if narrow:
            size, name, at = (name & 15) + 1, name >> 4, at + 1
        else:
            size, at = packet[at + 1], at + 2
        if name == leg.transport_id and size == 2:
            leg.arrivals[packet[at] << 8 | packet[at + 1]] = now
        elif name == leg.level_id and size == 1:
            level = packet[at] & 127
        at += size
    return end, level


def layer_of(leg: Leg, packet: bytes, *, repaired: bool) -> str:
    """The RID that a packet names, or the one that it repairs; empty: it names none (RFC 8852)."""
    wanted = leg.repaired_rid_id if repaired else leg.rid_id
    at = 12 + 4 * (packet[0] & 15)
    if not packet[0] & 16 or not wanted:
        return ""
    for name, value in elements(packet, at):
        if name == wanted:
            return value.decode("ascii", "replace")
    return ""


def elements(packet: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Header extensions by their ids. Raises IndexError where the packet is cut short."""
    profile = packet[at] << 8 | packet[at + 1]
    end = at + 4 + 4 * (packet[at + 2] << 8 | packet[at + 3])
    narrow, at = profile == 0xBEDE, at + 4
    while at < end and (narrow or profile >> 4 == 0x100):
        if not packet[at]:
            at += 1
            continue
        name, size = packet[at], packet[at] & 15
        if narrow:
            name, size, at = name >> 4, size + 1, at + 1
        else:
            size, at = packet[at + 1], at + 2
        yield name, packet[at : at + size]
        at += size


def paused(source: Source, sequence: int, timestamp: int) -> bool:
    """Whether the encoder left out more than 120 ms before this packet: the clock jumped, and no
    packet of the sequence is missing."""
    next_one = sequence == source.index + 1 & 0xFFFF
    return next_one and PAUSE_TICKS < (timestamp - source.timestamp & 0xFFFFFFFF) < 1 << 31


def index_of(source: Source, sequence: int) -> int:
    """The sequence number without its wrap, nearest to the newest one seen (RFC 3550 A.1)."""
    if source.index < 0:
        source.base = sequence + 0x10000
        source.index = source.base - 1
        return source.base
    return source.index + ((sequence - source.index + 0x8000 & 0xFFFF) - 0x8000)


def note_missing(source: Source, index: int) -> None:
    """Remembers the gap before `index`; one that is too wide is left to a key frame."""
    if index - source.index > MOST_MISSING:
        source.missing.clear()
        source.key_frame.wanted = True
        return
    for lost in range(source.index + 1, index):
        source.missing[lost] = (float("-inf"), 0)
    while len(source.missing) > MOST_MISSING:
        del source.missing[next(iter(source.missing))]


def begin(slot: Slot, kept: Kept, now: float) -> None:
    """Joins the source's numbers to where the slot stopped, the time gone by included."""
    index, _, timestamp, _, descriptor = kept
    slot.shift = slot.sequence + 1 - index
    slot.timestamp_shift = _timestamp_shift(slot, timestamp, now)
    slot.aligned = None
    slot.picture_shift = slot.picture + 1 - descriptor[2]
    slot.tl0_shift = slot.tl0 + 1 - descriptor[5]
    slot.start = index
    slot.waiting = slot.fresh = False


def _timestamp_shift(slot: Slot, timestamp: int, now: float) -> int:
    """By the publisher's own clock where both layers are on it, else by the time gone by."""
    if slot.aligned is not None:
        ahead = timestamp + slot.aligned - slot.timestamp & 0xFFFFFFFF
        if 0 < ahead < LONGEST_JUMP * slot.clock:
            return slot.aligned
    elapsed = 0 if slot.fresh else max(1, int((now - slot.sent_at) * slot.clock))
    return slot.timestamp + elapsed - timestamp


def aligned(slot: Slot, before: Source, after: Source) -> int | None:
    """The timestamp's shift with which another layer of the same camera goes on as the one before:
    their sender reports name the same instants (RFC 3550, section 6.4.1)."""
    if before.sender_report is None or after.sender_report is None:
        return None
    (ntp, rtp, _), (later_ntp, later_rtp, _) = before.sender_report, after.sender_report
    ticks = round((later_ntp - ntp) * slot.clock / 2**32)
    return slot.timestamp_shift + rtp + ticks - later_rtp


def stop(slot: Slot, source: Source) -> None:
    """Records where the stream is, for the next owner."""
    if not slot.waiting:
        slot.sequence = source.index + slot.shift & 0xFFFF
        slot.timestamp = source.timestamp + slot.timestamp_shift & 0xFFFFFFFF
        slot.picture = source.picture + slot.picture_shift & 0x7FFF
        slot.tl0 = source.tl0 + slot.tl0_shift & 0xFF
        slot.sent_at = source.arrived
    slot.waiting = True


def repair(slot: Slot, csrc: int, sequence: int, kept: Kept) -> bytes:
    """A kept picture packet once more under the slot's `sequence`, as RTX where it was offered."""
    _, marker, timestamp, payload, descriptor = kept
    body = moved(payload, descriptor, slot.picture_shift, slot.tl0_shift)
    body += payload[descriptor[7] :]
    number, kind, ssrc = sequence, slot.payload, slot.ssrc
    if slot.repair_payload:  # RFC 4588 §4: the original number goes before the payload
        slot.repair_sequence = number = slot.repair_sequence + 1 & 0xFFFF
        kind, ssrc = slot.repair_payload, slot.repair_ssrc
        body = sequence.to_bytes(2, "big") + body
    out = timestamp + slot.timestamp_shift & 0xFFFFFFFF
    extension, count = slot.extensions[0], slot.leg.sent.number
    return slot.pack(slot.first, marker | kind, number, out, ssrc, csrc, extension, count) + body
