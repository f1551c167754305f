"""The worker's heartbeat: when one of them did its round last, on Valkey's clock.

Owns one key. A worker that hangs (stopped by a signal, a dead disk) keeps its process and its
connections; only this shows it. Knows nothing of what the worker does in a round.
"""

from typing import Final

from sessions.core.refusal import Refuse
from sessions.live.store import AWAY, DOWN, Store

KEY: Final = "worker:heartbeat"
LATE_S: Final = 15.0  # a worker beats once a second; a round is cut short long before this


async def beat(store: Store) -> Refuse | None:
    """A round was done now. `store.down` when Valkey does not answer."""
    try:
        await store.client.set(KEY, await _now_ms(store))
    except AWAY:
        return DOWN
    return None


async def age_s(store: Store) -> float | Refuse | None:
    """Seconds since the last round of any worker; None: Valkey knows of none. `store.down` when
    Valkey does not answer."""
    try:
        last, now = await store.client.get(KEY), await _now_ms(store)
    except AWAY:
        return DOWN
    return None if last is None else max(0, now - int(last)) / 1000


def is_late(age: float | Refuse | None) -> bool:
    """Whether no worker is known to be at work."""
    return not isinstance(age, float) or age > LATE_S


async def _now_ms(store: Store) -> int:
    seconds, microseconds = await store.client.time()
    return int(seconds) * 1000 + int(microseconds) // 1000
