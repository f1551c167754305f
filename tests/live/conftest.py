"""What holds for every test of the live state."""

import pytest

from tests.conftest import AGES


@pytest.fixture(autouse=True)
def limits_of_wake_ups(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wake-up is given up on a slow machine: a test would wait for it without end. A test of
    the limit puts it back."""
    monkeypatch.setattr("sessions.live.broadcast.SOCKET_TIMEOUT_S", AGES)
    monkeypatch.setattr("sessions.live.feed.SOCKET_TIMEOUT_S", AGES)
