"""From one packet of a publisher to one for each slot that carries it: numbered, sealed, sent.

Here the node spends its time, so it is done twice over: `interpreted` in Python, which runs
anywhere and says what is right, and `compiled` in C, where a compiler was there at set-up. Both
send the same bytes (`tests/media/test_fan_out.py`). Must not know where a packet came from, whose
turn begins, or what a slot ought to carry.
"""

from typing import Protocol

from server.media.redundancy import Payloads
from server.media.ring import Kept
from server.media.streams import Source


class FanOut(Protocol):
    """One way of doing it."""

    name: str  # as the node says at its start

    def send(self, source: Source, kept: Kept, longer: Payloads | None, now: float) -> None:
        """To every slot of the source that has begun; `longer` to those whose sounds repeat the
        ones before. Whatever the packet holds, it raises nothing, and one slot's trouble does not
        stop the others."""
