"""Sound that survives a loss: payloads that carry the sounds before them as well (RFC 2198).

Pure. Owns their layout (`red/48000/2` in descriptions), which lost sound a later packet brings back,
and what the node repeats towards a subscriber. Must not know slots, keys or addresses.

The node takes what a publisher sends apart, and makes other RED of it for each subscriber. So a subscriber
gets as many earlier sounds as the node thinks right, whatever the publisher's browser can do; and
what was lost on the way to the node is forwarded to everybody, also to who cannot read RED.
"""

import struct
from collections.abc import Sequence
from typing import Final

from server.media.ring import Kept
from server.media.vp8 import NONE, Descriptor

DISTANCE: Final = 2  # how many earlier sounds the node repeats
REMEMBERED: Final = 16  # packets of a microphone: later than that, none is played any more
LATEST: Final = 5760  # RTP ticks, 120 ms: an earlier sound than that lies before a pause (DTX)
MOST_BLOCKS: Final = 32  # as browsers take at most
LONGEST_BLOCK: Final = 1023  # bytes: its length has ten bits
LONGEST: Final = 1200  # bytes of a payload, as browsers send at most

Earlier = Sequence[tuple[int, bytes]]  # ticks before the newest sound, and the sound; oldest first
NOTHING: Final[Earlier] = ()
Recent = dict[int, tuple[int, bytes]]  # index to timestamp and sound, in the order of arrival

MALFORMED: Final[tuple[None, bytes, Earlier]] = (None, b"", NOTHING)
_BLOCK: Final = struct.Struct("!BBH")


def read(payload: bytes, opus: int) -> tuple[Descriptor | None, bytes, Earlier]:
    """That of a sound, the newest sound, and those before it. First None: it is malformed, or not
    all of it is of the payload type `opus` (RFC 2198, section 3)."""
    at, size = 0, len(payload)
    headers: list[tuple[int, int]] = []
    while at + 4 < size and payload[at] & 128 and len(headers) < MOST_BLOCKS:
        kind, high, low = _BLOCK.unpack_from(payload, at)
        if kind & 127 != opus:
            return MALFORMED
        headers.append((high << 6 | low >> 10, low & 1023))
        at += 4
    if at >= size or payload[at] != opus:
        return MALFORMED
    at += 1
    earlier: list[tuple[int, bytes]] = []
    for ticks, length in headers:
        earlier.append((ticks, payload[at : at + length]))
        at += length
    return (NONE, payload[at:], earlier) if at <= size else MALFORMED


def lost(recent: Recent, packet: Kept, earlier: Earlier) -> list[Kept]:
    """The sounds that are among the `earlier` ones of a packet and never came by themselves, oldest
    first. The last of `earlier` is of the packet before, and so on."""
    index, _, timestamp, _, _ = packet
    found: list[Kept] = []
    for at, (ticks, sound) in enumerate(earlier, index - len(earlier)):
        if at in recent or not sound or not 0 < ticks <= LATEST:
            continue
        if recent and at > min(recent):  # else it is of before all that may be heard
            found.append((at, 0, timestamp - ticks & 0xFFFFFFFF, sound, NONE))
    return found


def repeated(recent: Recent, kept: Kept) -> "Payloads | None":
    """Remembers a sound, and gives the payloads that repeat what came before it; None where nothing
    is to repeat: it is the first, or the first after a pause."""
    index, _, timestamp, sound, _ = kept
    recent[index] = timestamp, sound
    if len(recent) > REMEMBERED:
        del recent[next(iter(recent))]
    earlier: list[tuple[int, bytes]] = []
    left = LONGEST - len(sound) - 1
    for distance in range(1, DISTANCE + 1):
        moment, before = recent.get(index - distance, (timestamp, b""))
        ticks = timestamp - moment & 0xFFFFFFFF
        left -= 4 + len(before)
        if before and 0 < ticks <= LATEST and len(before) <= LONGEST_BLOCK and left >= 0:
            earlier.insert(0, (ticks, before))
    return Payloads(earlier, sound) if earlier else None


class Payloads(dict[int, bytes]):
    """One packet's payload with what came before, by the payload type that a subscriber has for
    Opus. Each is made when it is first asked for."""

    def __init__(self, earlier: Earlier, sound: bytes) -> None:
        super().__init__()
        self._earlier, self._sound = earlier, sound

    def __missing__(self, opus: int) -> bytes:
        made = self[opus] = payload_of(opus, self._earlier, self._sound)
        return made


def payload_of(opus: int, earlier: Earlier, sound: bytes) -> bytes:
    """RFC 2198, section 3. Ticks fit 14 bits, each earlier sound LONGEST_BLOCK."""
    heads = [
        _BLOCK.pack(128 | opus, ticks >> 6, (ticks & 63) << 10 | len(one)) for ticks, one in earlier
    ]
    return b"".join((*heads, bytes((opus,)), *(one for _, one in earlier), sound))
