"""Fixtures of the room's tests: a session of this evening."""

from collections.abc import Iterator

import pytest

from tests.signaling.evening import Evening, evening
from tests.signaling.quiet import wait_for_database_calls


@pytest.fixture
def tonight(transactional_db: None) -> Iterator[Evening]:
    """A session that starts in five minutes; its lobby is open."""
    yield evening()
    wait_for_database_calls()
