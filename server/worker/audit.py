"""Linking audit rows and writing checkpoints, once a second and once more at the end.

Owns the beat and what happens when it cannot be done: rows wait, and are linked later. What a
link or a checkpoint is, the audit knows.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from django.db import InterfaceError, OperationalError, close_old_connections

from server.worker.waiting import until
from sessions.audit.checkpoints import Checkpoints
from sessions.audit.sealer import Sealer

log = logging.getLogger(__name__)

BEAT_S: Final = 1.0
DATABASE_AWAY = (OperationalError, InterfaceError)  # the ticker says so


async def keep_audit(stop: asyncio.Event) -> None:
    """Runs until the stop, in a thread of its own."""
    loop = asyncio.get_running_loop()
    once = partial(seal_once, Sealer(), Checkpoints())
    with ThreadPoolExecutor(1, "audit") as thread:
        while not stop.is_set():
            due = loop.time() + BEAT_S
            await loop.run_in_executor(thread, once)
            await until(stop, due - loop.time())
        await loop.run_in_executor(thread, partial(once, at_end=True))


def seal_once(sealer: Sealer, checkpoints: Checkpoints, *, at_end: bool = False) -> None:
    """One round. A fault does not end the worker; the rows are still there a second later."""
    try:
        checkpoints.after(sealer.seal(), now=at_end)
    except DATABASE_AWAY:
        return
    except Exception:
        log.exception("audit rows could not be linked")
    finally:
        close_old_connections()
