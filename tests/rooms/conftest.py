"""Fixtures of the room's tests: a session of this evening."""

import pytest

from tests.signaling.evening import Evening, evening


@pytest.fixture
def tonight(transactional_db: None) -> Evening:
    """A session that starts in five minutes; its lobby is open."""
    return evening()
