"""Figures for Prometheus from a web process, on a port of their own: THIRDS_METRICS=127.0.0.1:9464.

Owns what is read at each scrape: rooms, people, the worker's age, the audit. What is away has no
figure (NaN), and a scrape never fails for it. Counters are kept where things happen
(sessions/metrics.py). No figure has a label that leads to a person or a group.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from math import nan
from typing import Final

from django.core.cache import cache
from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, Metric, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis import RedisError

from server.worker.tasks import AUDIT_STATE
from sessions.core.room_state import IN_SESSION
from sessions.models import AttendanceCheckpoint, Room
from sessions.rooms.health import worker_age_s

log = logging.getLogger(__name__)

AWAY: Final = (DatabaseError, RedisError, OSError, TimeoutError)
LATEST: Final = timedelta(seconds=90)  # checkpoints are written once a minute


def rooms() -> float:
    """Rooms that are live, paused or suspended."""
    return Room.objects.filter(state__in=[state.value for state in IN_SESSION]).count()


def people() -> float:
    """Who was connected to any room at its last checkpoint, at most a minute and a half ago."""
    recent = AttendanceCheckpoint.objects.filter(at__gt=timezone.now() - LATEST)
    newest = recent.order_by("session_id", "-at").distinct("session_id")
    return sum(len(persons) for persons in newest.values_list("persons", flat=True))


def worker_age() -> float:
    """Seconds since a worker did its last round."""
    age = worker_age_s()
    return age if isinstance(age, float) else nan


def audit_whole() -> float:
    """1 when the last nightly look found the audit whole, 0 when not."""
    found = cache.get(AUDIT_STATE)
    return nan if found is None else float(found)


GAUGES: Final[dict[str, tuple[str, Callable[[], float]]]] = {
    "thirds_rooms": ("Rooms in session", rooms),
    "thirds_people": ("People connected to rooms at the last checkpoints", people),
    "thirds_worker_age_seconds": ("Since the last round of a worker", worker_age),
    "thirds_audit_whole": ("Whether the last nightly look found the audit whole", audit_whole),
}


class Gauges(Collector):
    """Reads each figure when it is asked for."""

    def collect(self) -> Iterable[Metric]:
        """One family a figure."""
        for name, (text, look) in GAUGES.items():
            yield GaugeMetricFamily(name, text, value=looked(look))
        close_old_connections()


def looked(look: Callable[[], float]) -> float:
    """The figure, or NaN while what it comes from is away."""
    try:
        return look()
    except AWAY:
        return nan


def serve(address: str, registry: CollectorRegistry = REGISTRY) -> int:
    """Serves at `host:port` from a thread of its own; gives the port. Nothing for no address."""
    if not address:
        return 0
    host, _, port = address.rpartition(":")
    registry.register(Gauges())
    server, _ = start_http_server(int(port), host, registry)
    return int(server.server_port)
