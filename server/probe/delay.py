"""Two seconds of sound, between hearing and playing back.

Owns the delay line. It is a ring of fixed size in memory: what is played is wiped, what does not
fit is dropped, and nothing is ever written anywhere else. There is no recorder. Pure: positions
are samples on the clock of the echo, which begins at 0; must not know codecs or time.
"""

from typing import Final

RATE: Final = 48_000  # samples a second
SAMPLE: Final = 4  # bytes of one: two channels of 16 bits
DELAY: Final = 2 * RATE
CAPACITY: Final = 3 * RATE  # the delay, and what comes before its time


class DelayLine:
    """What is put in at a position is taken out at that position plus DELAY, once."""

    def __init__(self) -> None:
        self._ring = bytearray(CAPACITY * SAMPLE)
        self._played = -DELAY  # the first position that may still be played

    @property
    def size(self) -> int:
        """Bytes of memory, from the first sample to the last."""
        return len(self._ring)

    def put(self, position: int, sound: bytes) -> None:
        """Keeps what may still be played; what came too late, or too early to fit, is dropped."""
        late = max(0, self._played - position)
        position += late
        room = max(0, self._played + CAPACITY - position)
        kept = sound[late * SAMPLE : (late + room) * SAMPLE]
        for start, part in self._parts(position, len(kept) // SAMPLE):
            self._ring[part] = kept[start * SAMPLE : start * SAMPLE + part.stop - part.start]

    def take(self, position: int, count: int) -> bytes:
        """`count` samples of what was put in DELAY before `position`, silence where nothing was.
        Positions only rise; what lies before is wiped."""
        first = position - DELAY
        self._wipe(first)
        taken = b"".join(bytes(self._ring[part]) for _, part in self._parts(first, count))
        self._wipe(first + count)
        return taken

    def _wipe(self, until: int) -> None:
        for _, part in self._parts(self._played, min(until - self._played, CAPACITY)):
            self._ring[part] = bytes(part.stop - part.start)
        self._played = max(self._played, until)

    @staticmethod
    def _parts(position: int, count: int) -> list[tuple[int, slice]]:
        """Where these samples are in the ring: one part, or two across its end. Each with the
        number of samples before it."""
        if count <= 0:
            return []
        at = position % CAPACITY
        first = min(count, CAPACITY - at)
        parts = [(0, slice(at * SAMPLE, (at + first) * SAMPLE))]
        if first < count:
            parts.append((first, slice(0, (count - first) * SAMPLE)))
        return parts
