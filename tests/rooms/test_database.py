"""The one way to the database: what is held in one room does not stop another."""

import asyncio
import threading

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection

from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.rooms import database
from sessions.rooms.perform import Asked, perform, under_lock
from sessions.rooms.process import Process
from sessions.rooms.selectors import RoomNow
from sessions.rooms.verbs.door import Entered, enter
from tests.rooms.held import Held
from tests.signaling.evening import PATIENCE_S, Evening, evening

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def real_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are, for what waits until it is given up."""
    for name, value in REAL.items():
        monkeypatch.setattr(database, name, value)


REAL = {"LIMITS": database.LIMITS, "ANSWER_S": database.ANSWER_S}


async def come_in(process: Process, tonight: Evening) -> Entered | Refuse:
    """Dana, at the door of her room."""
    return await under_lock(
        process, Asked(Verb.ROOM_ENTER, tonight["Dana"], tonight.address), enter
    )


def sleep_in_the_database(seconds: float) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])
    return "slept"


def quick() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "quick"


async def test_verb_answers_while_a_lock_is_held_in_another_room(
    tonight: Evening, process: Process
) -> None:
    """Kills: thread_sensitive=True, with which this verb would wait behind the held one."""
    await come_in(process, tonight)
    other = await process.database.run(other_evening)
    assert isinstance(other, Evening)
    async with Held(other.room):
        stuck = asyncio.create_task(come_in(process, other))
        outcome = await perform(process, Verb.ROOM_START, tonight["Dana"], tonight.address, {})
        assert isinstance(outcome, RoomNow)
        assert not stuck.done()
    await stuck


class Slow:
    """Calls that take as long as the test wants: they end when it lets them go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def __call__(self) -> str:
        quick()
        self.let_go.wait(PATIENCE_S)
        return "slow"


async def test_calls_run_side_by_side_up_to_the_size_of_the_pool(process: Process) -> None:
    """Every thread but one is taken; the last call is answered while the others go on."""
    slow = Slow()
    taking = [
        asyncio.create_task(process.database.run(slow))
        for _ in range(settings.DATABASE_POOL_SIZE - 1)
    ]
    await asyncio.sleep(0)
    assert await process.database.run(quick) == "quick"
    assert not slow.let_go.is_set()
    assert not any(task.done() for task in taking)
    slow.let_go.set()
    assert await asyncio.gather(*taking) == ["slow"] * len(taking)


@pytest.mark.usefixtures("real_limits")
async def test_lock_that_cannot_be_had_is_store_down(tonight: Evening, process: Process) -> None:
    """Kills: a verb that waits for ever behind a stuck transaction."""
    async with Held(tonight.room):
        outcome = await come_in(process, tonight)
    assert outcome == Refuse("store.down")


@pytest.mark.usefixtures("real_limits")
async def test_statement_that_takes_too_long_is_store_down(process: Process) -> None:
    assert await process.database.run(sleep_in_the_database, 30.0) == Refuse("store.down")


async def test_connections_go_back_to_the_pool(process: Process) -> None:
    """Three times as many calls as connections, one after the other and all at once."""
    answers = await asyncio.gather(*[process.database.run(quick) for _ in range(24)])
    assert answers == ["quick"] * 24


async def test_fault_in_a_call_stays_a_fault(process: Process) -> None:
    def breaks() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await process.database.run(breaks)


@pytest.mark.usefixtures("real_limits")
async def test_limits_end_with_the_call(process: Process) -> None:
    """Kills: a SET without LOCAL, which would bind the pages that share the pool."""

    def limit() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            return str(cursor.fetchone()[0])

    def outside() -> str:
        try:
            return limit()
        finally:
            connection.close()

    assert await process.database.run(limit) == "1500ms"
    assert await asyncio.to_thread(outside) == "0"


# ---- while it is away --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "away"),
    [
        (None, True),
        ("57P01", True),
        ("57P03", True),
        ("08006", True),
        ("57014", False),
        ("55P03", False),
        ("40001", False),
    ],
)
def test_outage_is_a_connection_that_cannot_be_had(state: str | None, away: bool) -> None:
    """Kills: one room's held lock that refuses the verbs of every other room."""
    fault = OperationalError("down")
    fault.__cause__ = psycopg.OperationalError()
    fault.__cause__.sqlstate = state
    assert database.is_away(fault) is away


async def test_outage_refuses_at_once_and_ends_by_itself(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: calls that wait for a server that is away; an outage that is never over."""
    calls: list[str] = []
    real = database._in_transaction

    def away(_call: object) -> None:
        calls.append("away")
        raise OperationalError("down")

    monkeypatch.setattr(database, "RETRY_S", 0.01)
    monkeypatch.setattr(database, "_in_transaction", away)
    assert await process.database.run(quick) == Refuse("store.down")
    asking = process.database._asking
    assert asking is not None
    assert calls == ["away"]
    assert await process.database.run(quick) == Refuse("store.down")
    assert calls == ["away"]  # refused unasked
    monkeypatch.setattr(database, "_in_transaction", real)
    await asking
    assert await process.database.run(quick) == "quick"


def other_evening() -> Evening:
    return evening(prefix="other-")


async def test_what_is_asked_of_everybody_keeps_no_tap_waiting(process: Process) -> None:
    """More of it than there are threads, and slow. Kills: a crowd that takes every thread."""
    slow = Slow()
    crowd = [
        asyncio.create_task(process.database.run_in_background(slow))
        for _ in range(settings.DATABASE_POOL_SIZE + 1)
    ]
    await asyncio.sleep(0)
    assert await process.database.run(quick) == "quick"
    assert not any(task.done() for task in crowd)
    slow.let_go.set()
    await asyncio.gather(*crowd)
