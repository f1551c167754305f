"""The worker's process: what it says, when it waits, and that SIGTERM ends it cleanly."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from server.worker.process import Outage, beat, run_queue
from server.worker.tasks import clear_expired_sign_ins
from sessions.live import presence
from sessions.live.presence import Place
from sessions.models import AttendanceMark
from sessions.people.login_sessions import SessionStore
from sessions.rooms.process import Process
from sessions.rooms.ticker import LEASE_KEY, Tick
from tests.record.evening import Evening
from tests.valkey import connection as valkey
from tests.valkey import run


@dataclass
class PlayedTicker:
    """Goes through a list of ticks, then asks for the stop."""

    ticks: list[Tick]
    stop_event: asyncio.Event
    process: Process
    asked: list[datetime] = field(default_factory=list)
    stopped: bool = False

    async def tick(self, now: datetime) -> Tick:
        self.asked.append(now)
        if len(self.asked) == len(self.ticks):
            self.stop_event.set()
        return self.ticks[len(self.asked) - 1]

    async def stop(self) -> None:
        self.stopped = True


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("server")]


def test_outage_is_said_once_and_its_end_once(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage()
    for words in ("", "away", "away", "", ""):
        outage.say(words)
    assert said(caplog) == ["away", "back again, after: away"]


async def test_beat_says_an_outage_once_and_gives_the_lease_back(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, process: Process
) -> None:
    monkeypatch.setattr("server.worker.process.BEAT_S", 0.0)
    stop = asyncio.Event()
    ticks = [Tick.DONE, Tick.NO_REDIS, Tick.NO_REDIS, Tick.DONE, Tick.DONE]
    ticker = PlayedTicker(ticks, stop, process)
    await beat(ticker, stop)  # type: ignore[arg-type]

    assert len(ticker.asked) == len(ticks)
    assert ticker.stopped
    assert said(caplog) == [
        "Redis is away: presence waits for it",
        "back again, after: Redis is away: presence waits for it",
    ]


async def test_queue_without_postgresql_waits_longer_each_time_and_says_so_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    stop = asyncio.Event()

    async def until(_stop: asyncio.Event, seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 6:
            stop.set()

    monkeypatch.setattr("server.worker.process.until", until)
    monkeypatch.setattr("server.worker.process.POOL_WAITS_S", 0.05)
    nobody = {"host": "/nonexistent", "dbname": "nobody"}
    monkeypatch.setattr("server.worker.process.connector_params", lambda: nobody)
    await run_queue(stop)

    assert waited == [1.0, 2.0, 5.0, 10.0, 10.0, 10.0]
    assert said(caplog) == ["PostgreSQL is away: jobs wait for it"]
    logging.getLogger("psycopg.pool").setLevel(logging.NOTSET)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Waits for something that another process brings about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.05)


@pytest.fixture
def worker(transactional_db: None) -> subprocess.Popen[bytes]:
    """`manage.py worker` on this test's database and Valkey."""
    url = urlsplit(os.environ["DATABASE_URL"])
    database = url._replace(path="/" + connection.settings_dict["NAME"]).geturl()
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "server.settings.test",
    }
    valkey().delete(LEASE_KEY)
    command = [sys.executable, "manage.py", "worker"]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)


@pytest.mark.django_db(transaction=True)
def test_worker_writes_who_was_lost_and_stops_cleanly_on_sigterm(
    worker: subprocess.Popen[bytes],
) -> None:
    evening = Evening.make(starts_at=timezone.now() - timedelta(minutes=5))
    key, seat = evening.room.key, evening.seat(evening.dana)
    run(presence.join(key, seat, "c1", place=Place.ROOM, clock_ms=1_000))
    try:
        until(lambda: AttendanceMark.objects.count() == 2)
    finally:
        worker.send_signal(signal.SIGTERM)
        _, words = worker.communicate(timeout=30)

    reasons = AttendanceMark.objects.order_by("seq").values_list("kind", "reason")
    assert list(reasons) == [("join", ""), ("leave", "lost")]
    assert worker.returncode == 0, words.decode()
    assert b"Traceback" not in words, words.decode()
    assert valkey().get(LEASE_KEY) is None


@pytest.mark.django_db
def test_nightly_job_forgets_sign_ins_that_ran_out_and_no_others() -> None:
    kept, old = SessionStore(), SessionStore()
    kept.create()
    old.set_expiry(timezone.now() - timedelta(days=1))
    old.create()
    clear_expired_sign_ins(timestamp=0)
    assert (kept.exists(str(kept.session_key)), old.exists(str(old.session_key))) == (True, False)
