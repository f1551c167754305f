"""Fixtures of the websocket's tests: a session of this evening."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from django.conf import LazySettings

from sessions.rooms.process import Process
from sessions.signaling.consumer import RoomConsumer
from tests.signaling.away import Rows
from tests.signaling.evening import Browser, Evening, evening
from tests.signaling.node import TalkingNode
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


@pytest_asyncio.fixture
async def node(tmp_path: Path, settings: LazySettings) -> AsyncIterator[TalkingNode]:
    """A media node that answers, and says what the test has it say."""
    talking = await TalkingNode.start(tmp_path, settings.THIRDS_MEDIA_SECRET)
    yield talking
    await talking.stop()


@pytest_asyncio.fixture
async def dana(tonight: Evening, node: TalkingNode) -> AsyncIterator[Browser]:
    """Alone in the room, and the node knows it."""
    browser = tonight.browser("Dana")
    await browser.hello()
    await node.until(lambda: bool(node.attached))
    yield browser
    await browser.drop()
