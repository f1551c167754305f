"""A running node and its people, new for each test."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.media.running import People


@pytest.fixture
async def people() -> AsyncIterator[People]:
    """Whose node sends by Python, each datagram to be seen."""
    async with gathered() as running:
        yield running


@pytest.fixture
async def people_by_c() -> AsyncIterator[People]:
    """Whose node sends by C where the library is."""
    async with gathered(compiled=True) as running:
        yield running


@asynccontextmanager
async def gathered(**configured: Any) -> AsyncIterator[People]:
    """In a folder of a short name: a unix socket's path holds 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="media-") as folder:
        running = People(Path(folder), **configured)
        await running.start()
        yield running
        await running.stop()
