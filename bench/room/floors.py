"""The floors under `bench.room`, measured in the same run, on the same cores.

Owns two: the bare transaction that a verb cannot do without (a row locked, one inserted, one
changed, one audit row, committed to disk), and the bare broadcast of as many bytes to as many
sockets under the same pings (`room_echo`). Must not import the product's rooms.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

import psycopg

from bench.browsers import PING_S, Browser, Event
from bench.reporting import spread
from bench.stack import LOOPBACK, Stack, free_port, wait_for_web

NAME: Final = "echo"
TABLES: Final = """
CREATE TABLE floor_room (id int PRIMARY KEY, version int NOT NULL);
CREATE TABLE floor_mark (room_id int REFERENCES floor_room, number int, at timestamptz);
CREATE TABLE floor_audit (id bigserial PRIMARY KEY, at timestamptz, detail jsonb);
INSERT INTO floor_room VALUES (1, 0);
"""


def transactions(address: str, seconds: float) -> dict[str, Any]:
    """Seconds of each transaction, one after the other, as often as a room's verbs come."""
    took: list[float] = []
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(TABLES.encode())
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            began = time.perf_counter()
            _transaction(connection)
            took.append(time.perf_counter() - began)
            time.sleep(0.02)
    return spread(took)


def _transaction(connection: "psycopg.Connection[tuple[Any, ...]]") -> None:
    with connection.transaction():
        connection.execute("SELECT version FROM floor_room WHERE id = 1 FOR UPDATE")
        connection.execute("INSERT INTO floor_mark VALUES (1, 1, now())")
        connection.execute("UPDATE floor_room SET version = version + 1 WHERE id = 1")
        connection.execute("INSERT INTO floor_audit (at, detail) VALUES (now(), '{}')")


class EchoRoom:
    """Sockets of one bare room; one of them speaks."""

    def __init__(self, origin: str, name: str, people: int) -> None:
        address = f"{origin.replace('http', 'ws', 1)}/echo/{name}/"
        self._receipts: list[float] = []
        self._all = asyncio.Event()
        self._people = people
        self.browsers = [Browser(address, origin, "", self._hear) for _ in range(people)]

    def _hear(self, event: Event, at: float) -> None:
        self._receipts.append(at)
        if len(self._receipts) == self._people:
            self._all.set()

    async def speak_until(self, end: float, every_s: float, size: int) -> list[float]:
        """Seconds from each send of `size` bytes to its last receipt."""
        took = []
        await asyncio.sleep(random.uniform(0, every_s))  # noqa: S311 - spread only
        while (sent := time.perf_counter()) < end:
            self._receipts.clear()
            self._all.clear()
            self.browsers[0].send(json.dumps({"pad": "x" * (size - len('{"pad": ""}'))}))
            await self._all.wait()
            took.append(max(self._receipts) - sent)
            await asyncio.sleep(max(0.0, sent + every_s - time.perf_counter()))
        return took


async def broadcasts(
    stack: Stack, rooms: int, people: int, *, seconds: float, every_s: float, size: int
) -> dict[str, Any]:
    """Starts the bare application on the measured core and speaks in every room."""
    port = free_port()
    origin = f"http://{LOOPBACK}:{port}"
    daphne = [sys.executable, "-m", "daphne", "-b", LOOPBACK, "-p", str(port), "-v", "0"]
    stack.start(NAME, [*daphne, "bench.room.echo:application"], stack.split.measured)
    try:
        await asyncio.to_thread(wait_for_web, origin, stack.processes[NAME])
        bare = [EchoRoom(origin, f"room{number}", people) for number in range(rooms)]
        with stack.explained(NAME):
            return spread(await _speak(bare, seconds, every_s, size))
    finally:
        stack.stop(NAME)


async def _speak(
    rooms: Sequence[EchoRoom], seconds: float, every_s: float, size: int
) -> list[float]:
    browsers = [browser for room in rooms for browser in room.browsers]
    for browser in browsers:
        await browser.connect()
        browser.begin_pings(random.uniform(0, PING_S), bare=True)  # noqa: S311 - spread only
    end = time.perf_counter() + seconds
    took = await asyncio.gather(*(room.speak_until(end, every_s, size) for room in rooms))
    for browser in browsers:
        browser.drop()
    return [one for room in took for one in room]
