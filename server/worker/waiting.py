"""Waiting that a stop cuts short. Knows nothing of what is waited for."""

import asyncio
import contextlib


async def until(stop: asyncio.Event, seconds: float) -> None:
    """Waits, but not longer than until the stop."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, seconds)):
            await stop.wait()
