"""What was sent to one subscriber, by the number that its browser reports on (transport-cc).

Pure: time is an argument. Owns the counter over all that goes to the peer, repairs included, and
what becomes of each number. Keeps the last PLACES packets, whether they are reported on or not.
Must not know streams, or what follows from the reports.
"""

from array import array
from typing import Final

from server.media.estimate import Acked
from server.media.rtcp import TransportFeedback

PLACES: Final = 1024  # packets: half a second to a peer that is sent 2,000 a second
NUMBER, OCTETS = 0, 1  # in `counts`: the next packet's number, bytes since they were last taken


class SentLog:
    """Times are monotonic seconds, sizes bytes as sent. Arrays, since C writes to them as well
    (fan_out)."""

    __slots__ = ("counts", "sent_at", "sizes")

    def __init__(self) -> None:
        self.counts = array("Q", (0, 0))
        self.sent_at = array("d", bytes(8 * PLACES))
        self.sizes = array("H", bytes(2 * PLACES))  # 0: nothing is known, or it was given back

    @property
    def number(self) -> int:
        """The next packet's."""
        return self.counts[NUMBER]

    def take_octets(self) -> int:
        """Bytes sent since this was last asked."""
        octets, self.counts[OCTETS] = self.counts[OCTETS], 0
        return octets

    def record(self, size: int, now: float) -> int:
        """A packet left with the next number."""
        counts = self.counts
        number = counts[NUMBER]
        self.sent_at[number % PLACES] = now
        self.sizes[number % PLACES] = size
        counts[NUMBER] = number + 1 & 0xFFFF
        counts[OCTETS] += size
        return number

    def acknowledged(self, feedback: TransportFeedback) -> list[Acked]:
        """What the report says of packets of which nothing was known yet, in the order of their
        numbers. One that has not arrived is lost when a later one has; what a report says of it
        afterwards comes too late."""
        arrivals, base, newest = feedback.arrivals, feedback.base, self.counts[NUMBER]
        sent_at, sizes = self.sent_at, self.sizes
        known = len(arrivals)
        while known and arrivals[known - 1] is None:
            known -= 1
        found: list[Acked] = []
        for offset in range(known):
            number = base + offset & 0xFFFF
            place = number % PLACES
            size = sizes[place]
            if size and 0 < (newest - number & 0xFFFF) <= PLACES:
                found.append(Acked(sent_at[place], size, arrivals[offset]))
                sizes[place] = 0
        return found
