"""How many wrong codes an account bears before codes are stopped for it. Pure.

Owns the two bounds (GUE1). Each is a bound on guessing, not a rate: 100 tries of a code with six
digits find it once in ten thousand (NIST SP 800-63B 5.2.2 allows 100). Time is an argument.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sessions.core.refusal import Refuse

A_DAY: Final = 10
IN_ALL: Final = 100
DAY: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Guesses:
    """The wrong codes typed for an account: the instants of the last 24 hours, and how many since
    the last right one."""

    recent: tuple[datetime, ...] = ()
    total: int = 0

    def stopped(self, now: datetime) -> Refuse | None:
        """GUE1. Why no code is compared now, if none is: codes.stopped, codes.stopped_today."""
        if self.total >= IN_ALL:
            return Refuse("codes.stopped")
        return Refuse("codes.stopped_today") if len(self._of_day(now)) >= A_DAY else None

    def failed(self, now: datetime) -> "Guesses":
        """With one more wrong code."""
        return Guesses((*self._of_day(now), now), self.total + 1)

    def _of_day(self, now: datetime) -> tuple[datetime, ...]:
        """An instant in the future counts too: a clock that was set back forgives nothing."""
        return tuple(at for at in self.recent if at > now - DAY)
