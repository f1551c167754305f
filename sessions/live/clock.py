"""The one clock of all rooms: Redis's, as far as this process knows it.

Several web processes and the ticker share a room, and the agenda of all of them has to say the
same, on machines whose clocks are minutes apart as well. Redis is the one whom all of them ask
anyway: every answer of a script bears its time, from which the difference to this process's own
clock is learnt. Owns that difference. Knows no room.
"""

import time
from datetime import UTC, datetime
from typing import Final

APART_MS: Final = 250.0  # a smaller difference is as likely the way as the clock
SLOW_MS: Final = 100.0  # an answer that took longer says too little

_difference_ms = 0.0


def learn(redis_ms: int, asked_s: float, answered_s: float) -> None:
    """Takes Redis's time from an answer; `asked_s` and `answered_s` are this process's time.time().

    Clocks that agree within APART_MS are taken for one: its readings would only make ours
    tremble (RFC 5905, section 8, takes the middle of the way for the instant of the reading).
    """
    global _difference_ms  # noqa: PLW0603 - one process has one clock
    if (answered_s - asked_s) * 1000 > SLOW_MS:
        return
    found = redis_ms - (asked_s + answered_s) * 500
    if abs(found - _difference_ms) > APART_MS:
        _difference_ms = 0.0 if abs(found) <= APART_MS else found


def now_ms() -> int:
    """Milliseconds since 1970 (UTC) on the rooms' clock."""
    return round(time.time() * 1000 + _difference_ms)


def now() -> datetime:
    """The instant on the rooms' clock."""
    return datetime.fromtimestamp((time.time() * 1000 + _difference_ms) / 1000, UTC)
