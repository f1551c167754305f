"""The one way to the database: what is held in one room does not stop another."""

import asyncio
import threading

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction

from sessions.core.refusal import Refuse
from sessions.models import Room
from sessions.rooms import database, services
from sessions.rooms.selectors import RoomNow
from tests.signaling.evening import PATIENCE_S, Evening, evening

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def real_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are, for what waits until it is given up."""
    for name in ("STATEMENT_MS", "LOCK_MS", "ANSWER_S"):
        monkeypatch.setattr(database, name, LIMITS[name])


LIMITS = {
    "STATEMENT_MS": database.STATEMENT_MS,
    "LOCK_MS": database.LOCK_MS,
    "ANSWER_S": database.ANSWER_S,
}


class Held:
    """A transaction on a thread of its own that holds a room's row lock until it is let go."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.holds = threading.Event()
        self.let_go = threading.Event()
        self.thread = threading.Thread(target=self._hold, daemon=True)

    def _hold(self) -> None:
        try:
            with transaction.atomic():
                Room.objects.select_for_update().get(pk=self.room.pk)
                self.holds.set()
                self.let_go.wait(PATIENCE_S)
        finally:
            connection.close()

    async def __aenter__(self) -> "Held":
        self.thread.start()
        await asyncio.to_thread(self.holds.wait, PATIENCE_S)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.let_go.set()
        await asyncio.to_thread(self.thread.join, PATIENCE_S)


def sleep_in_the_database(seconds: float) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])
    return "slept"


def quick() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "quick"


async def test_verb_answers_while_a_lock_is_held_in_another_room(tonight: Evening) -> None:
    """Kills: thread_sensitive=True, with which this verb would wait behind the held one."""
    await database.run(services.enter, tonight["Dana"], tonight.address)
    other = await database.run(other_evening)
    assert isinstance(other, Evening)
    async with Held(other.room):
        stuck = asyncio.create_task(database.run(services.enter, other["Dana"], other.address))
        outcome = await database.run(services.start, tonight["Dana"], tonight.address)
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


async def test_calls_run_side_by_side_up_to_the_size_of_the_pool() -> None:
    """Every thread but one is taken; the last call is answered while the others go on."""
    slow = Slow()
    taking = [
        asyncio.create_task(database.run(slow)) for _ in range(settings.DATABASE_POOL_SIZE - 1)
    ]
    await asyncio.sleep(0)
    assert await database.run(quick) == "quick"
    assert not slow.let_go.is_set()
    assert not any(task.done() for task in taking)
    slow.let_go.set()
    assert await asyncio.gather(*taking) == ["slow"] * len(taking)


@pytest.mark.usefixtures("real_limits")
async def test_lock_that_cannot_be_had_is_store_down(tonight: Evening) -> None:
    """Kills: a verb that waits for ever behind a stuck transaction."""
    async with Held(tonight.room):
        outcome = await database.run(services.enter, tonight["Dana"], tonight.address)
    assert outcome == Refuse("store.down")


@pytest.mark.usefixtures("real_limits")
async def test_statement_that_takes_too_long_is_store_down() -> None:
    assert await database.run(sleep_in_the_database, 30.0) == Refuse("store.down")


async def test_connections_go_back_to_the_pool() -> None:
    """Three times as many calls as connections, one after the other and all at once."""
    answers = await asyncio.gather(*[database.run(quick) for _ in range(24)])
    assert answers == ["quick"] * 24


async def test_fault_in_a_call_stays_a_fault() -> None:
    def breaks() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.run(breaks)


@pytest.mark.usefixtures("real_limits")
async def test_limits_end_with_the_call() -> None:
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

    assert await database.run(limit) == "1500ms"
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


async def test_outage_refuses_at_once_and_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills: calls that wait for a server that is away; an outage that is never over."""
    calls: list[str] = []
    real = database._in_transaction

    def away(_call: object) -> None:
        calls.append("away")
        raise OperationalError("down")

    monkeypatch.setattr(database, "AGAIN_S", 0.01)
    monkeypatch.setattr(database, "_in_transaction", away)
    assert await database.run(quick) == Refuse("store.down")
    asking = database._outages[asyncio.get_running_loop()]
    assert (asking.holds, calls) == (True, ["away"])
    assert await database.run(quick) == Refuse("store.down")
    assert calls == ["away"]  # refused unasked
    monkeypatch.setattr(database, "_in_transaction", real)
    assert asking._asking is not None
    await asking._asking
    assert await database.run(quick) == "quick"


def other_evening() -> Evening:
    return evening(prefix="other-")


async def test_what_is_asked_of_everybody_keeps_no_tap_waiting(tonight: Evening) -> None:
    """More of it than there are threads, and slow. Kills: a crowd that takes every thread."""
    slow = Slow()
    crowd = [
        asyncio.create_task(database.run_behind(slow))
        for _ in range(settings.DATABASE_POOL_SIZE + 1)
    ]
    await asyncio.sleep(0)
    assert await database.run(quick) == "quick"
    assert not any(task.done() for task in crowd)
    slow.let_go.set()
    await asyncio.gather(*crowd)
