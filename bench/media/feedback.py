"""What a receiver says of the packets that reached it, as a browser does (transport-cc).

Without it a server's estimate of each link has nothing to do, and a measured packet would be
cheaper than a real one. Owns the numbers and stamps since the last report. Must not know sockets.
"""

from collections.abc import Iterator
from typing import Final

from server.media import rtcp
from server.media.numbering import elements
from tests.media.client_peer import TRANSPORT_ID

EVERY_NS: Final = 100_000_000
HEAD_BYTES: Final = 40  # of a packet, in which its number is


class Feedback:
    """Of one receiver. Stamps are ns of the wall clock."""

    def __init__(self) -> None:
        self.heads: list[tuple[bytes, int]] = []
        self.numbered = self.unnumbered = 0
        self._count = 0
        self._last = 0

    def report(self) -> bytes | None:
        """On everything that came since the last one; None: nothing did."""
        heads, self.heads = self.heads, []
        arrivals = dict(self._arrivals(heads))
        if not arrivals:
            return None
        self._count = self._count + 1 & 0xFF
        return rtcp.transport_feedback(1, 1, self._count, arrivals)

    def _arrivals(self, heads: list[tuple[bytes, int]]) -> Iterator[tuple[int, float]]:
        """A server that does not number its packets has them counted, so it has as much to read."""
        for head, stamp in heads:
            number = number_of(head)
            self.numbered += number is not None
            self.unnumbered += number is None
            self._last = self._last + 1 & 0xFFFF if number is None else number
            yield self._last, stamp / 1e9


def number_of(head: bytes) -> int | None:
    """The number for transport-cc of a packet, by the id that was offered."""
    if not head[0] & 16:
        return None
    found = dict(elements(head, 12 + 4 * (head[0] & 15))).get(TRANSPORT_ID)
    return None if found is None else int.from_bytes(found, "big")
