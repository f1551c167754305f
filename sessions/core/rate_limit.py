"""Token buckets: how many messages one connection may send, how often one person may join. Pure;
the clock is an argument."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock


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


class TokenBuckets:
    """A token bucket for each key; may be asked from any thread. At most `most` are kept: beyond
    that the one used longest ago is forgotten, which forgives its key."""

    def __init__(self, rate: float, size: float, most: int = 10_000) -> None:
        self._rate, self._size, self._most = rate, size, most
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()
        self._lock = Lock()

    def take(self, key: str, now: float) -> bool:
        """Takes one of the key's tokens; False: none left."""
        with self._lock:
            bucket = self._buckets.pop(key, None)
            bucket = bucket or TokenBucket(self._rate, self._size, now, self._size)
            self._buckets[key] = bucket
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
            return bucket.take(max(now, bucket.at))
