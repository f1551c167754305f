"""What holds for every test."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

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
    monkeypatch.setattr("sessions.rooms.room_time.learn", lambda *_reading: None)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Tests that commit have every table emptied after them, the audit's too: only in the
    databases of tests does the trigger that refuses it stand aside."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in ("group_sessions_auditevent", "group_sessions_auditlink"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER never_emptied")
