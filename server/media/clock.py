"""The node's own clock: seconds that never go back and go on while the machine sleeps.

CLOCK_MONOTONIC stands still during a suspend of the machine (clock_gettime(2)); a node that was
suspended has to know it, see `placement.Fence`.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Final

now: Final[Callable[[], float]] = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME)
    if hasattr(time, "CLOCK_BOOTTIME")
    else time.monotonic
)
