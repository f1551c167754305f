"""Loaded first by a process that runs under libfaketime: gives it a `time.sleep` that works there.

libfaketime 0.9.10 answers clock_nanosleep(2) by an absolute instant, which Python's sleep uses,
with EINVAL. Owns that one function; must not touch any clock.
"""

import select
import time


def sleep(seconds: float) -> None:
    """Waits, as `time.sleep` does."""
    select.select([], [], [], seconds)


time.sleep = sleep  # type: ignore[assignment]
