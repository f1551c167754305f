"""Whose rules of time zones count: those of the pinned tzdata package, in every process.

Python reads the machine's zone files first, and those are as old as its system. Then one process
would put a session of Vancouver an hour beside where another put it. Settings call this before
anything else, so web, worker, probe and every command of manage.py have it; the media node, which
has no settings, calls it itself.
"""

import zoneinfo


def use_pinned_zones() -> None:
    """From here on this process reads the tzdata package alone."""
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
