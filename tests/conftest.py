"""What holds for every test."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from sessions.rooms.process import Process

# A busy machine must not fail a property. The parent is Hypothesis's own profile, which is
# derandomised where CI is set.
settings.register_profile(
    "unhurried", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("quick", settings.get_profile("unhurried"), max_examples=15)


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("quick" if config.getoption("--quick") else "unhurried")


@pytest.fixture(autouse=True)
def own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests move this process's clock, which Redis knows nothing of: it is not put right."""
    monkeypatch.setattr("sessions.live.clock.RoomClock.learn", lambda *_reading: None)


@pytest.fixture(autouse=True)
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    """What this test's process owns of the rooms: on the test's own loop, and nobody else's."""
    mine = Process.of_settings()
    monkeypatch.setattr(apps.get_app_config("group_sessions"), "process", mine)
    yield mine
    mine.database.close()


AGES = 3600.0  # seconds; no test lasts so long
LIMITS = {
    "sessions.live.store.LEASE_MS": round(AGES * 1000),
    "sessions.live.store.AWAY_MS": round(AGES * 900),
    "sessions.live.store.SOCKET_TIMEOUT_S": AGES,
    "sessions.live.store.ANSWER_S": AGES,
    "sessions.rooms.database.LIMITS": "SELECT",  # no limit
    "sessions.rooms.database.ANSWER_S": AGES,
    "sessions.rooms.ticker.LEASE_S": AGES,
    "sessions.signaling.consumer.RATE": 1e6,  # messages a second
}


@pytest.fixture(autouse=True)
def limits_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """No lease runs out between two lines of a test on a slow machine, no answer comes too late,
    and on a fast one nobody sends too much. A test of one of these limits puts it back, or
    overrides this fixture."""
    for name, value in LIMITS.items():
        monkeypatch.setattr(name, value)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Tests that commit have every table emptied after them, the audit's too: only in the
    databases of tests does the trigger that refuses it stand aside."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in ("group_sessions_auditevent", "group_sessions_auditlink"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER never_emptied")
