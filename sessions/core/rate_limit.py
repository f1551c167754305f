"""A token bucket: how many messages one connection may send. Pure; the clock is an argument."""

from dataclasses import dataclass


@dataclass(slots=True)
class TokenBucket:
    """`rate` tokens a second, at most `size` kept. `at` is when it was looked at last (s)."""

    rate: float
    size: float
    at: float
    tokens: float

    @classmethod
    def full(cls, rate: float, at: float) -> "TokenBucket":
        """A bucket that holds a second's tokens."""
        return cls(rate, rate, at, rate)

    def take(self, now: float) -> bool:
        """Takes one token at `now` (seconds of a clock that never goes back); False: none left."""
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True
