"""A media node as a process, for each test anew."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.media.node_process import NodeProcess, running_node


@pytest.fixture
def folder() -> Iterator[Path]:
    """Of a short name: a unix socket's path holds 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="probe-") as made:
        yield Path(made)


@pytest.fixture
async def node(folder: Path) -> AsyncIterator[NodeProcess]:
    async with running_node(folder) as running:
        yield running
