"""Fixtures of the room's tests: a session of this evening, and a loop that goes on."""

import asyncio
from collections.abc import Iterator

import pytest

from sessions.core.permissions import Verb
from sessions.rooms.process import Process
from sessions.rooms.selectors import RoomNow
from tests.rooms.live import connect, do
from tests.signaling.evening import Evening, evening
from tests.signaling.quiet import wait_for_database_calls


@pytest.fixture
def tonight(transactional_db: None) -> Iterator[Evening]:
    """A session that starts in five minutes; its lobby is open."""
    yield evening()
    wait_for_database_calls()


@pytest.fixture
def live(tonight: Evening) -> Evening:
    """Started, with Dana, Sam and Ana in the room."""
    for name in ("Dana", "Sam", "Ana"):
        connect(tonight, name)
    for verb in (Verb.ROOM_ADMIT_ALL, Verb.ROOM_START):
        assert isinstance(do(verb, tonight["Dana"], tonight.address), RoomNow)
    return tonight


@pytest.fixture
def loop(process: Process) -> Iterator[asyncio.Runner]:
    """The loop of this test's process: it goes on where the test's last call on it ended."""
    with asyncio.Runner() as runner:
        yield runner
        runner.run(process.store.close())
