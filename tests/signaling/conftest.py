"""Fixtures of the websocket's tests: a session of this evening."""

from collections.abc import Iterator

import pytest

from sessions.rooms.process import Process
from sessions.signaling.consumer import RoomConsumer
from tests.signaling.away import Rows
from tests.signaling.evening import Evening, evening
from tests.signaling.quiet import wait_for_database_calls


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Browsers in tests do not ping by themselves; a busy machine must not silence them."""
    monkeypatch.setattr(RoomConsumer, "silence_s", 600.0)
    monkeypatch.setattr(RoomConsumer, "quiet_s", 600.0)


@pytest.fixture
def tonight(transactional_db: None) -> Iterator[Evening]:
    """A session that starts in five minutes; its lobby is open."""
    yield evening()
    wait_for_database_calls()


@pytest.fixture
def rows(process: Process, tonight: Evening) -> Iterator[Rows]:
    """PostgreSQL as this test's process finds it; it is there when the tables are emptied."""
    found = Rows(process)
    yield found
    found.close()
