"""The worker's process: ticker, audit and queue of jobs, in one loop, until it is stopped.

Owns how long to wait when Redis or PostgreSQL is away, and saying so once. Knows no rule of a
room: it is handed a ticker that has the services' verbs and the record's writer.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Iterator
from typing import Final

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException

from server.worker.audit import keep_audit
from server.worker.waiting import until
from sessions.live import heartbeat
from sessions.rooms.ticker import Tick, Ticker

log = logging.getLogger(__name__)

BEAT_S: Final = 1.0
QUEUE_AWAY = (ConnectorException, psycopg.Error, OSError)
QUEUE_WAITS_S: Final = (1.0, 2.0, 5.0, 10.0)  # the last again and again
POOL_WAITS_S: Final = 3.0  # for a connection; longer is "away"
GRACE_S: Final = 8.0  # for a job that runs when the worker is stopped
WORDS: Final = {
    Tick.NO_REDIS: "Redis is away: presence waits for it",
    Tick.NO_DATABASE: "PostgreSQL is away: what happens in rooms is written when it is back",
}


def hush() -> None:
    """Leaves it to `Outage` to say that PostgreSQL is away: libraries say it every second."""
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_is_no_outage)


def _is_no_outage(record: logging.LogRecord) -> bool:
    fault = record.exc_info[1] if record.exc_info else None
    return not isinstance(fault, ConnectorException)


class Outage:
    """Says a state of things when it begins and when it ends, never in between."""

    def __init__(self) -> None:
        self._said = ""

    def say(self, words: str) -> None:
        """`words` say what is away; empty: all is well."""
        if words and words != self._said:
            log.warning(words)
        if self._said and not words:
            log.warning("back again, after: %s", self._said)
        self._said = words


async def work(ticker: Ticker) -> None:
    """Runs until SIGTERM or SIGINT; what runs then is finished first."""
    hush()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as group:
        group.create_task(beat(ticker, stop), name="ticker")
        group.create_task(run_queue(stop), name="queue")
        group.create_task(keep_audit(stop), name="audit")


async def beat(ticker: Ticker, stop: asyncio.Event) -> None:
    """Ticks once a second, says so by the heartbeat, and gives the lease back at the end."""
    loop = asyncio.get_running_loop()
    outage = Outage()
    while not stop.is_set():
        due = loop.time() + BEAT_S
        outage.say(WORDS.get(await ticker.tick(ticker.process.clock.now()), ""))
        await heartbeat.beat(ticker.process.store)
        await until(stop, due - loop.time())
    await ticker.stop()
    await ticker.process.close()


async def run_queue(stop: asyncio.Event) -> None:
    """Works on jobs; with PostgreSQL away it waits, longer each time, and tries again."""
    outage = Outage()
    waits = _waits()
    while not stop.is_set():
        try:
            await _work_on_jobs(stop, outage)
            waits = _waits()
        except QUEUE_AWAY:
            outage.say("PostgreSQL is away: jobs wait for it")
            await until(stop, next(waits))


async def _work_on_jobs(stop: asyncio.Event, outage: Outage) -> None:
    connector = PsycopgConnector(
        kwargs=connector_params(), min_size=1, max_size=4, timeout=POOL_WAITS_S
    )
    with app.replace_connector(connector) as worker:
        try:
            async with asyncio.timeout(POOL_WAITS_S):
                await worker.open_async()
            outage.say("")
            await _rununtil(stop, worker)
        finally:
            await worker.close_async()


async def _rununtil(stop: asyncio.Event, worker: App) -> None:
    """Runs the queue's worker; at the stop it finishes the jobs it has."""
    jobs = asyncio.create_task(
        worker.run_worker_async(
            install_signal_handlers=False,
            shutdown_graceful_timeout=GRACE_S,
            delete_jobs="successful",
        )
    )
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({jobs, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    jobs.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await jobs


def _waits() -> Iterator[float]:
    yield from QUEUE_WAITS_S
    while True:
        yield QUEUE_WAITS_S[-1]
