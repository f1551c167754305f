"""Writers of one room's desired value that overtake each other, on a real Valkey.

Each round trip of a writer (the number, the roster, the put) waits for its turn, so that a test
forces the order. What has to hold in any order: when all are done the value has the newest rows
and the newest roster.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from server.media.client import DesiredRoom, desired_key, read_desired
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.clock import RoomClock
from sessions.live.presence import Place
from sessions.live.store import Call, Store
from sessions.nodes.desired import DesiredRooms, RowFacts
from sessions.nodes.links import NodeLinks
from sessions.nodes.placement import Placements
from tests.valkey import connection, run

T = TypeVar("T")
Writer = asyncio.Task[DesiredRoom | Refuse]

PATIENCE: Final = 30.0  # seconds before what never comes fails a test; never asserted
NUMBER, PUT = "media/number", "media/put"
ROUND_TRIPS: Final = 3  # of one try: the number, the roster, the put


class StoreInTurns(Store):
    """Valkey, where each round trip of a task waits for its turn. `waiting` has the script that
    each task runs next."""

    def __init__(self) -> None:
        super().__init__(settings.REDIS_URL, RoomClock())
        self.waiting: dict[asyncio.Task[Any], str] = {}
        self._gates: dict[asyncio.Task[Any], asyncio.Event] = {}
        self._changed = asyncio.Event()

    async def run(self, call: Call[T]) -> T | Refuse:
        """In its turn."""
        await self._wait(call.script)
        return await super().run(call)

    async def evaluate(self, script: str, keys: list[str], arguments: list[Any]) -> Any:
        """In its turn."""
        await self._wait(script)
        return await super().evaluate(script, keys, arguments)

    async def _wait(self, script: str) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.waiting[task], self._gates[task] = script, asyncio.Event()
        self._changed.set()
        await self._gates[task].wait()

    async def stops(self, task: asyncio.Task[Any]) -> None:
        """Returns when the task waits for its turn, or is done."""
        task.add_done_callback(lambda _: self._changed.set())
        async with asyncio.timeout(PATIENCE):
            while not task.done() and task not in self.waiting:
                self._changed.clear()
                await self._changed.wait()

    async def advance(self, task: asyncio.Task[Any], round_trips: int = 1) -> None:
        """Some round trips of a task, or fewer if it is done before."""
        for _ in range(round_trips):
            if not task.done():
                del self.waiting[task]
                self._gates.pop(task).set()
                await self.stops(task)


@dataclass
class WrittenRoom:
    """A room whose rows and roster change, and the writers that each change has begun."""

    store: StoreInTurns
    desired: DesiredRooms
    key: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    version: int = 1
    on: bool = True
    read_ms: int = 0
    inside: set[str] = field(default_factory=set)
    writers: list[Writer] = field(default_factory=list)

    def facts(self) -> RowFacts:
        """The rows, read now; without a change between them, two readings are of one instant."""
        return RowFacts(True, self.on, None, self.version, self.read_ms)

    async def begin(self, writing: Awaitable[DesiredRoom | Refuse]) -> Writer:
        """A writer, before its first round trip."""
        writer = asyncio.ensure_future(writing)
        await self.store.stops(writer)
        self.writers.append(writer)
        return writer

    async def write(self, facts: RowFacts | None = None) -> Writer:
        """One that carries these facts, or those that hold now."""
        return await self.begin(self.desired.write(self.key, facts or self.facts()))

    async def write_without_rows(self) -> Writer:
        """One that knows no rows."""
        return await self.begin(self.desired.write_without_rows(self.key))

    def do_verb(self) -> RowFacts:
        """A verb changes the rows: what it knows of them."""
        self.version += 1
        return self.let_time_change()

    def let_time_change(self) -> RowFacts:
        """A break begins or ends by itself: what is read then."""
        self.on = not self.on
        self.read_ms += 1
        return self.facts()

    def come_or_go(self, seat: str) -> None:
        """Somebody comes into the room, or leaves it."""
        if seat in self.inside:
            run(presence.remove(self.key, seat, bar=False))
        else:
            run(presence.join(self.key, seat, "a connection", place=Place.ROOM))
        self.inside ^= {seat}

    async def finish(self, writer: Writer) -> None:
        """All that is left for a writer to do. With nobody beside it, it tries once again at
        most."""
        await self.store.advance(writer, 2 * ROUND_TRIPS)
        assert isinstance(writer.result(), DesiredRoom)

    def stored(self) -> DesiredRoom:
        """The value as the node reads it."""
        value = read_desired(str(connection().get(desired_key(self.key))).encode())
        assert value is not None
        return value

    def is_newest(self) -> bool:
        """Whether the value has the newest rows and the newest roster."""
        peers = self.stored().peers
        return {seat: peer.receive for seat, peer in peers.items()} == dict.fromkeys(
            self.inside, self.on
        )


@asynccontextmanager
async def written_room() -> AsyncIterator[WrittenRoom]:
    """A room that Ann is in, and whose first value is written."""
    store = StoreInTurns()
    room = WrittenRoom(store, DesiredRooms(store, NodeLinks(Placements(store), "")))
    room.come_or_go("ann")
    await room.finish(await room.write())
    assert room.is_newest()
    yield room
    await store.close()


async def test_verbs_facts_that_are_carried_out_late_do_not_overwrite_newer_ones() -> None:
    """Two verbs' effects in the other order. Kills: the rows of the value that is written last."""
    async with written_room() as room:
        older, newer = room.do_verb(), room.do_verb()
        await room.finish(await room.write(newer))
        before = room.stored().version
        room.come_or_go("ben")
        await room.finish(await room.write(older))
        assert room.is_newest()
        assert room.stored().version > before  # it was written: its roster is the newest


async def test_of_two_readings_of_the_same_version_the_later_one_counts() -> None:
    """The clock alone began a break. Kills: an order by the room's version alone."""
    async with written_room() as room:
        older = room.facts()
        newer = room.let_time_change()
        await room.finish(await room.write(newer))
        await room.finish(await room.write(older))
        assert room.is_newest()


async def test_value_with_a_higher_number_but_older_rows_is_tried_again() -> None:
    """Kills: a put that goes by the number alone, by which a room that rests is heard."""
    async with written_room() as room:
        older, newer = room.facts(), room.do_verb()
        first, second = await room.write(newer), await room.write(older)
        await room.store.advance(first)  # its number
        await room.store.advance(second)  # a higher one
        await room.finish(first)
        assert room.is_newest()
        await room.store.advance(second)  # the roster
        assert room.store.waiting[second] == PUT
        await room.store.advance(second)
        assert room.store.waiting[second] == NUMBER  # again
        assert room.is_newest()
        await room.finish(second)
        assert room.is_newest()


async def test_value_with_a_lower_number_but_newer_rows_is_tried_again() -> None:
    """Kills: a verb whose rows never reach the node, since a value with a higher number, from rows
    that were read before it, was put first."""
    async with written_room() as room:
        older, newer = room.facts(), room.do_verb()
        first, second = await room.write(newer), await room.write(older)
        await room.store.advance(first)  # its number
        await room.finish(second)  # with a higher one
        assert not room.is_newest()
        await room.store.advance(first)  # the roster
        assert room.store.waiting[first] == PUT
        await room.store.advance(first)
        assert room.store.waiting[first] == NUMBER  # again
        await room.finish(first)
        assert room.is_newest()


async def test_value_with_a_lower_number_and_an_older_roster_is_left() -> None:
    """Kills: a put without the number, by which the node keeps somebody who has left; trying
    again without end."""
    async with written_room() as room:
        room.come_or_go("ben")
        first = await room.write()
        await room.store.advance(first)  # its number
        await room.store.advance(first)  # the roster, with Ben
        room.come_or_go("ben")
        await room.finish(await room.write())
        value = room.stored()
        await room.store.advance(first)
        assert first.done()
        assert room.stored() == value
        assert room.is_newest()


async def test_value_without_rows_that_meets_newer_ones_is_tried_again() -> None:
    """PostgreSQL was away for one process and not for the other. Kills: rows of before a verb,
    kept by a writer that read none."""
    async with written_room() as room:
        first = await room.write(room.do_verb())
        second = await room.write_without_rows()
        await room.store.advance(first)  # its number
        await room.store.advance(second)  # a higher one, and the rows of before
        await room.finish(first)
        await room.finish(second)
        assert room.is_newest()


changes = st.sampled_from(["verb", "time", "ann", "ben", "ann without rows", "ben without rows"])
bursts = st.tuples(st.integers(0, 3), st.integers(1, ROUND_TRIPS))  # of one of those under way
rounds = st.tuples(st.lists(changes, min_size=1, max_size=2), st.lists(bursts, max_size=4))


async def change(room: WrittenRoom, what: str) -> None:
    """Makes a change and begins the writer that follows it."""
    if what == "verb":
        await room.write(room.do_verb())
    elif what == "time":
        await room.write(room.let_time_change())
    else:
        seat, _, without_rows = what.partition(" ")
        room.come_or_go(seat)
        await (room.write_without_rows() if without_rows else room.write())


async def advance(room: WrittenRoom, number: int, round_trips: int) -> None:
    """Some round trips of one of the writers that are under way, if there is one."""
    under_way = [writer for writer in room.writers if not writer.done()]
    if under_way:
        await room.store.advance(under_way[number % len(under_way)], round_trips)


@given(st.lists(rounds, min_size=1, max_size=4))
def test_value_is_the_newest_in_any_order_of_its_writers(
    story: list[tuple[list[str], list[tuple[int, int]]]],
) -> None:
    """Kills: each of the above, and a writer that is never done."""

    async def alone() -> None:
        async with written_room() as room:
            for events, advances in story:
                for event in events:
                    await change(room, event)
                for number, round_trips in advances:
                    await advance(room, number, round_trips)
            for writer in room.writers:
                await room.finish(writer)
            assert room.is_newest()

    asyncio.run(alone())
