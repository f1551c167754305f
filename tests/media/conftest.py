"""A running node and its people, new for each test."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.media.running import People


@pytest.fixture
async def people() -> AsyncIterator[People]:
    """In a folder of a short name: a unix socket's path holds 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="media-") as folder:
        running = People(Path(folder))
        await running.start()
        yield running
        await running.stop()
