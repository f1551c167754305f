"""The probe's process: takes the requests for echoes, carries a few at once, and ends.

Owns how many there are (MOST_ECHOES, one a person), the sign of life by which web processes see
that there is a probe, and the rooms that another probe left open. Redis may go and come back.
"""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.media.client import (
    ECHO_REQUESTS_KEY,
    PROBE_LEASE_KEY,
    EchoAnswer,
    EchoRequest,
    newest_echo_key,
    read_echo_request,
)
from server.probe.configuration import Configuration
from server.probe.echo import Echo, send_answer
from server.probe.nodes import store_at
from server.probe.rooms import close_overdue

LOG = logging.getLogger(__name__)
MOST_ECHOES: Final = 8  # each decodes and encodes one voice: about 6 % of a core
LEASE_MS: Final = 3_000
LEASE_S: Final = 1.0
TAKE_S: Final = 0.5  # how long one look for a request waits; below the store's own time limit
RETRY_S: Final = 0.5  # after Redis was away
STOP_S: Final = 5.0


class Probe:
    """All echoes of one process, in the running event loop."""

    def __init__(self, configuration: Configuration) -> None:
        self._secret = configuration.media_secret
        self._store = store_at(configuration.redis_url)
        self._newest: dict[str, Echo] = {}  # by person
        self._carried: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def running(self) -> int:
        """Echoes that use a connection, those included that are about to end."""
        return len(self._carried)

    async def start(self) -> None:
        """Requests are taken from here on, and web processes can see so."""
        with contextlib.suppress(RedisError):
            await self._renew()
        self._tasks = [asyncio.ensure_future(self._for_ever(x)) for x in (self._take, self._live)]

    async def stop(self) -> None:
        """Ends every echo and takes no more."""
        self._stopping = True
        for echo in self._newest.values():
            echo.end()
        waited = [*self._tasks, *self._carried]
        if waited:
            _, late = await asyncio.wait(waited, timeout=STOP_S)
            for task in late:
                task.cancel()
        with contextlib.suppress(RedisError):
            await self._store.delete(PROBE_LEASE_KEY)
        await self._store.aclose()

    async def _for_ever(self, action: Callable[[], Awaitable[None]]) -> None:
        while not self._stopping:
            try:
                await action()
            except RedisError:
                await asyncio.sleep(RETRY_S)

    async def _live(self) -> None:
        await asyncio.sleep(LEASE_S)
        await self._renew()

    async def _renew(self) -> None:
        await self._store.set(PROBE_LEASE_KEY, self.running, px=LEASE_MS)
        await close_overdue(self._store, time.time())

    async def _take(self) -> None:
        """The next request, if one comes soon."""
        waited = self._store.blpop([ECHO_REQUESTS_KEY], timeout=TAKE_S)
        found = cast("tuple[bytes, bytes] | None", await cast("Any", waited))
        request = read_echo_request(found[1]) if found else None
        if request is None or not await _is_wanted(self._store, request):
            return
        if self.running >= MOST_ECHOES:
            await send_answer(self._store, request, EchoAnswer(code="echo.busy"))
        else:
            self._begin(request)

    def _begin(self, request: EchoRequest) -> None:
        former = self._newest.get(request.person)
        if former is not None:
            former.end()
        self._newest[request.person] = echo = Echo(request, self._store, self._secret)
        task = asyncio.ensure_future(self._carry(echo))
        self._carried.add(task)
        task.add_done_callback(self._carried.discard)

    async def _carry(self, echo: Echo) -> None:
        try:
            await echo.run()
        except Exception as fault:
            LOG.error("an echo failed: %s", type(fault).__name__)
        finally:
            if self._newest.get(echo.request.person) is echo:
                del self._newest[echo.request.person]


async def _is_wanted(store: Redis, request: EchoRequest) -> bool:
    """Not given up meanwhile: its web process waits a few seconds, and the person may have made
    another request."""
    return bool(await store.get(newest_echo_key(request.person)) == request.echo.encode())


async def run(configuration: Configuration, ready: Callable[[], None]) -> None:
    """Until SIGTERM or SIGINT. `ready` is called once requests are taken."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    probe = Probe(configuration)
    await probe.start()
    ready()
    await stopped.wait()
    await probe.stop()
