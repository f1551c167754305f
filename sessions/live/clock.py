"""The one clock of all rooms: Valkey's, as far as a process knows it.

Several web processes and the ticker share a room, and the agenda of all of them has to say the
same, on machines whose clocks are minutes apart as well. All of them ask Valkey anyway: every
answer of a script carries its time, from which a process learns how far its own clock is off.
Owns that difference. Knows no room.
"""

import time
from datetime import UTC, datetime
from typing import Final

APART_MS: Final = 250.0  # a smaller difference may come from the network as well
SLOW_MS: Final = 100.0  # an answer that took longer says too little


class RoomClock:
    """One process's view of Valkey's clock."""

    def __init__(self) -> None:
        self._difference_ms = 0.0

    def learn(self, valkey_ms: int, asked_s: float, answered_s: float) -> None:
        """Takes Valkey's time from an answer; `asked_s` and `answered_s` are this process's
        time.time().

        Clocks that agree within APART_MS count as one: correcting by less would only make ours
        jitter (RFC 5905, section 8, takes the middle of the round trip for the instant of the
        reading).
        """
        if (answered_s - asked_s) * 1000 > SLOW_MS:
            return
        found = valkey_ms - (asked_s + answered_s) * 500
        if abs(found - self._difference_ms) > APART_MS:
            self._difference_ms = 0.0 if abs(found) <= APART_MS else found

    def now_ms(self) -> int:
        """Milliseconds since 1970 (UTC) on the rooms' clock."""
        return round(time.time() * 1000 + self._difference_ms)

    def now(self) -> datetime:
        """The instant on the rooms' clock."""
        return datetime.fromtimestamp((time.time() * 1000 + self._difference_ms) / 1000, UTC)
