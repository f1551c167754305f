"""PostgreSQL or Valkey away, as one process finds them.

Owns what a process gets instead of an answer, and that it gets answers again. Everybody else, the
test's own connections included, goes on as before.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError

from sessions.rooms.database import Database
from sessions.rooms.process import Process

NOWHERE = "unix:///nonexistent/socket"


class NoConnection(ThreadPoolExecutor):
    """Threads that get no connection to PostgreSQL."""

    def submit(self, *_call: Any, **_named: Any) -> "Future[Any]":
        refused: Future[Any] = Future()
        refused.set_exception(OperationalError("no connection"))
        return refused


class Rows:
    """PostgreSQL as a process finds it; `ask` is the test's own connection."""

    def __init__(self, process: Process) -> None:
        self._database = process.database
        self._threads = process.database.threads, process.database.background
        self._own = Database(1)

    def stop(self) -> None:
        """No connection can be had."""
        away = NoConnection(1)
        self._database.threads = self._database.background = away

    async def start(self) -> None:
        """Connections can be had, and the process knows."""
        self.restore()
        asking = self._database._asking
        if asking is not None:
            await asking

    def restore(self) -> None:
        """Connections can be had, though the process may not know yet."""
        self._database.threads, self._database.background = self._threads

    async def ask(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Runs a call in a transaction."""
        return await self._own.run(call, *arguments)

    def close(self) -> None:
        self.restore()
        self._own.close()


async def unsent(*_: object) -> bool:
    """A message that the channel layer loses."""
    return False


def valkey_away(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection to Valkey is refused, and every wake-up is lost."""
    nowhere = type(process.store.client).from_url(NOWHERE)
    monkeypatch.setattr(process.store, "client", nowhere)
    monkeypatch.setattr(process.store, "_scripts", {})  # those of before go to the real one
    monkeypatch.setattr(process.broadcast, "wake", unsent)
