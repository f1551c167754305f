"""What the worker's container is asked, and what the worker looks at each night."""

import os

import pytest
from django.core.cache import cache

from server.worker import health
from server.worker.tasks import AUDIT_STATE, verify_audit
from sessions.live.heartbeat import KEY
from tests.audit.tampering import EVENTS, tamper, write
from tests.people.accounts import account
from tests.valkey import connection

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.mark.parametrize(("ago_s", "well"), [(0, True), (10, True), (20, False), (None, False)])
async def test_worker_is_well_while_it_does_its_rounds(ago_s: int | None, well: bool) -> None:
    """Kills: a check that the process is there, which a worker that hangs passes."""
    store = connection()
    store.delete(KEY)
    if ago_s is not None:
        seconds, _ = store.time()  # type: ignore[misc]
        store.set(KEY, (seconds - ago_s) * 1000)
    assert await health.answers(os.environ["REDIS_URL"]) is well


async def test_worker_is_not_to_blame_for_valkey() -> None:
    assert await health.answers(NOWHERE)


@pytest.mark.django_db
def test_audit_that_is_whole_is_known_in_the_morning(caplog: pytest.LogCaptureFixture) -> None:
    cache.delete(AUDIT_STATE)
    write(account(), 2)
    verify_audit(timestamp=0)
    assert cache.get(AUDIT_STATE) is True
    assert [one for one in caplog.records if one.levelname == "CRITICAL"] == []


@pytest.mark.django_db
def test_audit_that_was_changed_is_an_alarm_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    rows = write(account(), 2)
    tamper(f"UPDATE {EVENTS} SET verb = 'x' WHERE id = %s", rows[0].pk)
    verify_audit(timestamp=0)
    assert cache.get(AUDIT_STATE) is False
    (said,) = [one.getMessage() for one in caplog.records if one.levelname == "CRITICAL"]
    assert said.startswith("the audit is not whole: Row ")
