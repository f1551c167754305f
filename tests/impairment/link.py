"""One direction of a bad network: what becomes of each datagram. Pure.

Owns loss, delay, jitter, and a rate with a queue in front of it. Instants are seconds on the
caller's clock; chance is the caller's `Random`, so that a run can be repeated. Knows no socket.
"""

from dataclasses import dataclass, field
from random import Random


@dataclass(frozen=True, slots=True)
class Conditions:
    """Both directions of a path have conditions of their own.

    `loss`: the share of datagrams that vanish. `delay`: seconds that each takes; `jitter`: up to so
    many seconds more, evenly spread. `rate`: bits per second of payload, None: without limit;
    `queue`: seconds of that rate that wait at most, what comes on top of it is dropped.
    `reorders`: whether jitter lets one datagram overtake another; mobile networks keep the order.
    """

    loss: float = 0.0
    delay: float = 0.0
    jitter: float = 0.0
    rate: int | None = None
    queue: float = 0.3
    reorders: bool = False


PERFECT = Conditions()


@dataclass(slots=True)
class Link:
    """`lost`, `overflowed`: datagrams dropped by chance and by a full queue; `passed`: the rest."""

    random: Random
    conditions: Conditions = PERFECT
    lost: int = 0
    overflowed: int = 0
    passed: int = 0
    _sent_by: float = field(default=0.0, repr=False)  # when the queue will be empty
    _newest_due: float = field(default=0.0, repr=False)

    def due(self, size: int, now: float) -> float | None:
        """When a datagram of `size` bytes that is sent now arrives; None: never."""
        conditions = self.conditions
        if conditions.loss and self.random.random() < conditions.loss:
            self.lost += 1
            return None
        sent = self._sent(size, now)
        if sent is None:
            self.overflowed += 1
            return None
        self.passed += 1
        return self._arrival(sent)

    def _sent(self, size: int, now: float) -> float | None:
        """When the last bit of it is out of the queue; None: there is no place left."""
        rate = self.conditions.rate
        if rate is None:
            return now
        begins = max(now, self._sent_by)
        if begins - now > self.conditions.queue:
            return None
        self._sent_by = begins + size * 8 / rate
        return self._sent_by

    def _arrival(self, sent: float) -> float:
        conditions = self.conditions
        due = sent + conditions.delay
        if conditions.jitter:
            due += self.random.random() * conditions.jitter
        if not conditions.reorders:
            due = max(due, self._newest_due)
        self._newest_due = max(due, self._newest_due)
        return due
