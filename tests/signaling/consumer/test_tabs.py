"""Several tabs of one person at once: the last takes the seat, and each other is told."""

import asyncio
import json

import pytest

from sessions.signaling.consumer import RoomConsumer
from tests.signaling.evening import Evening

pytestmark = pytest.mark.django_db(transaction=True)


async def test_tabs_that_say_hello_at_once_all_but_one_are_told_at_once(
    tonight: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser that restores its windows. Kills: a snapshot that passes over another connection
    that took the seat before it was read; the next heartbeat would tell."""
    monkeypatch.setattr(RoomConsumer, "beat_s", 3600)
    tabs = [tonight.browser("Dana") for _ in range(5)]
    for tab in tabs:
        assert await tab.connect()
    for tab in tabs:
        await tab.send(json.dumps({"type": "hello", "id": 1}))
    closing = [asyncio.ensure_future(tab.close_code()) for tab in tabs]
    waiting, told = set(closing), set[asyncio.Future[int]]()
    while len(told) < 4:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        told |= done
    assert [one.result() for one in told] == [4409] * 4
    (left,) = waiting
    left.cancel()
