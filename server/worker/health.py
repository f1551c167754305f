"""`python -m server.worker.health`: whether a worker does its rounds.

Owns one question to Valkey, where each round leaves a heartbeat. While Valkey is away it says yes:
the worker outlives that, and is not to be started again for it.
"""

import asyncio
import os
import sys

from sessions.core.refusal import Refuse
from sessions.live import heartbeat
from sessions.live.clock import RoomClock
from sessions.live.store import Store


async def answers(redis_url: str) -> bool:
    """Whether a round was done lately, as far as is known."""
    store = Store(redis_url, RoomClock())
    try:
        age = await heartbeat.age_s(store)
    finally:
        await store.close()
    return isinstance(age, Refuse) or not heartbeat.is_late(age)


if __name__ == "__main__":
    sys.exit(not asyncio.run(answers(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"))))
