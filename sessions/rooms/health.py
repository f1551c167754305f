"""How old the worker's heartbeat is, for pages, health checks and metrics, which run on threads."""

from sessions.core.refusal import Refuse
from sessions.live import heartbeat
from sessions.rooms.process import this_process


def worker_age_s() -> float | Refuse | None:
    """Seconds since a worker did its last round; None: no worker has, as far as Valkey knows.
    Refuses `store.down`. `heartbeat.is_late` says whether that is too long ago."""
    return this_process().run_from_thread(lambda process: heartbeat.age_s(process.store))
