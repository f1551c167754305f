"""The figures that Prometheus scrapes: right, and of nobody."""

import re
import urllib.request
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import OperationalError
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry

from server import metrics
from server.worker.tasks import AUDIT_STATE
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomState
from sessions.live.heartbeat import KEY
from sessions.models import AttendanceCheckpoint, Room
from sessions.signaling.frames import refused
from tests.scheduling.tracks import NOW, track
from tests.valkey import connection

LINE = re.compile(r'^([a-z_]+)(\{counter="[a-z_]+"\})? (\S+)$', re.MULTILINE)


def scraped(registry: CollectorRegistry) -> dict[str, str]:
    """Everything that is served, as Prometheus reads it."""
    port = metrics.serve("127.0.0.1:0", registry)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    return {name: value for name, _, value in LINE.findall(text)}


@pytest.mark.django_db
def test_rooms_and_people_are_counted() -> None:
    with time_machine.travel(NOW):
        sessions = list(track().sessions.order_by("number")[:3])
    for session, state in zip(sessions, ("live", "paused", "ended"), strict=True):
        Room.objects.filter(session=session).update(state=RoomState(state).value)
    now = timezone.now()
    for session, seconds, persons in (
        (sessions[0], 70, [1, 2, 3]),
        (sessions[0], 10, [1, 2]),
        (sessions[1], 20, [4]),
        (sessions[2], 200, [5, 6]),
    ):
        at = now - timedelta(seconds=seconds)
        AttendanceCheckpoint.objects.create(session=session, at=at, persons=persons)
    assert (metrics.rooms(), metrics.people()) == (2, 3)


@pytest.mark.parametrize(("found", "shown"), [(True, 1.0), (False, 0.0)])
def test_state_of_the_audit_is_that_of_the_last_night(found: bool, shown: float) -> None:
    cache.set(AUDIT_STATE, found, 60)
    assert metrics.audit_whole() == shown
    cache.delete(AUDIT_STATE)
    assert metrics.audit_whole() != metrics.audit_whole()  # not a number: not known


def test_what_is_away_has_no_figure_and_the_others_have_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away() -> float:
        raise OperationalError

    told = {"thirds_rooms": ("", away), "thirds_audit_whole": ("", lambda: 1.0)}
    monkeypatch.setattr(metrics, "GAUGES", told)
    assert scraped(CollectorRegistry()) == {"thirds_rooms": "NaN", "thirds_audit_whole": "1.0"}


def test_age_of_the_worker_is_that_of_its_heartbeat() -> None:
    store = connection()
    seconds, _ = store.time()  # type: ignore[misc]
    store.set(KEY, (seconds - 40) * 1000)
    assert 39 < metrics.worker_age() < 60
    store.delete(KEY)
    assert metrics.worker_age() != metrics.worker_age()


def test_refusal_is_counted_by_its_code() -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("thirds_refusals_total", {"code": "room.locked"}) or 0.0

    before = counted()
    refused(1, Refuse("room.locked"))
    assert counted() == before + 1


def test_without_an_address_nothing_is_served() -> None:
    assert metrics.serve("", CollectorRegistry()) == 0
