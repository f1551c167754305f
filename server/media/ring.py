"""A layer's latest packets, kept so that what a receiver lost can be sent again.

Pure. Owns how much is kept: a second by the layer's own clock, and never more than MOST_OCTETS or
MOST_KEPT packets, whatever the publisher sends. Must not know who asks, or by which numbers.
"""

from typing import Final

from server.media.vp8 import Descriptor

# of a media packet: index, marker, timestamp, payload, VP8 descriptor
Kept = tuple[int, int, int, bytes, Descriptor]

KEPT_TICKS: Final = 90_000  # RTP time: one second of pictures
MOST_OCTETS: Final = 150_000  # payload; two seconds of the largest layer
MOST_KEPT: Final = 256  # packets; the largest layer has about 90 a second


class Ring:
    """The packets of one layer by index, in the order in which they came."""

    __slots__ = ("_dropped", "_kept", "octets")

    def __init__(self) -> None:
        self._kept: dict[int, Kept] = {}
        self._dropped = -1  # the highest index that was kept and no longer is
        self.octets = 0  # payload of all that is kept

    def keep(self, kept: Kept) -> None:
        """Adds a packet unless it is `late`, and drops what is too old or too much now."""
        packets, timestamp = self._kept, kept[2]
        if self.late(kept[0]):
            return
        packets[kept[0]] = kept
        self.octets += len(kept[3])
        while True:
            oldest = next(iter(packets.values()))
            age = timestamp - oldest[2] & 0xFFFFFFFF
            full = len(packets) > MOST_KEPT or self.octets > MOST_OCTETS
            if not full and not KEPT_TICKS < age < 0x80000000:
                return
            self._drop(oldest)

    def find(self, index: int) -> Kept | None:
        """The packet, if it is still there."""
        return self._kept.get(index)

    def late(self, index: int) -> bool:
        """A packet of this index is of no use: it is here, or what came with it is gone."""
        return index in self._kept or index <= self._dropped

    def clear(self) -> None:
        """Drops everything: nothing came for so long that nobody asks any more."""
        for kept in tuple(self._kept.values()):
            self._drop(kept)

    def _drop(self, kept: Kept) -> None:
        del self._kept[kept[0]]
        self._dropped = max(self._dropped, kept[0])
        self.octets -= len(kept[3])
