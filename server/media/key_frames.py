"""When a publisher is asked for the next key frame of one of its layers.

Pure. Owns the rule: one request at a time, and all who need a whole picture meanwhile are served
by it; after the key frame came the next request leaves at once, up to a rate that no receiver can
push a publisher beyond. Must not know RTCP or receivers.
"""

from typing import Final

UNANSWERED_SECONDS: Final = 0.5  # without a key frame, though pictures come: the request was lost
AT_ONCE: Final = 3.0  # requests that may follow each other without a pause
EACH_SECOND: Final = 2.0  # requests in the long run
NEVER: Final = float("-inf")


class KeyFrame:
    """The next key frame of one layer. Times are monotonic seconds."""

    __slots__ = ("_asked_at", "_left", "_refilled_at", "wanted")

    def __init__(self) -> None:
        self.wanted = False  # by somebody; also while the request is under way
        self._asked_at = NEVER  # the request that is under way
        self._left = AT_ONCE
        self._refilled_at = 0.0

    def ask(self, arrived: float, now: float) -> bool:
        """Somebody needs a whole picture: whether the publisher is to be asked now. If not, `ask`
        is to be called again by the clock as long as it is `wanted`.

        `arrived` is when the layer's newest packet came, 0.0 before the first. A stream begins
        with a key frame, so there is nothing to ask for before that; and one that is silent is
        asked once, not for ever.
        """
        self.wanted = True
        under_way = arrived <= self._asked_at or now - self._asked_at < UNANSWERED_SECONDS
        if not arrived or under_way:
            return False
        self._left = min(AT_ONCE, self._left + (now - self._refilled_at) * EACH_SECOND)
        self._refilled_at = now
        if self._left < 1:
            return False
        self._left -= 1
        self._asked_at = now
        return True

    def came(self) -> None:
        """A key frame began to arrive: it serves all who waited."""
        self.wanted = False
        self._asked_at = NEVER
