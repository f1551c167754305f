"""A room with people in it, for tests of verbs: connections without sockets."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.presence import Joined, Roster
from sessions.live.stream import Event, Events, read_after
from sessions.models import Person
from sessions.rooms.names import RoomName
from sessions.rooms.perform import Asked, perform, under_lock
from sessions.rooms.process import Process
from sessions.rooms.selectors import RoomNow
from sessions.rooms.verbs.door import Entered, enter
from tests.signaling.evening import Evening
from tests.valkey import run

T = TypeVar("T")


@dataclass(frozen=True)
class Connected:
    """Somebody's seat and the connection that holds it."""

    seat: str
    connection: str
    generation: int


def with_process(work: Callable[[Process], Awaitable[T]]) -> T:
    """Runs some work of a process that lives as long as it, from a test without a loop."""

    async def alone() -> T:
        process = Process.of_settings()
        try:
            return await work(process)
        finally:
            await process.close()

    return asyncio.run(alone())


def do(verb: Verb, actor: Person, session: str, **arguments: Any) -> RoomNow | Refuse:
    """Performs one verb as a socket does."""
    return with_process(lambda process: perform(process, verb, actor, session, arguments))


def come_in(actor: Person, session: str) -> Entered | Refuse:
    """Asks the door as a socket does."""
    asked = Asked(Verb.ROOM_ENTER, actor, session)
    return with_process(lambda process: under_lock(process, asked, enter))


def name_of(tonight: Evening) -> RoomName:
    """By what the room is called."""
    room = tonight.room
    return RoomName(room.pk, room.key, room.session_id, tonight.address)


def connect(tonight: Evening, name: str, connection: str = "") -> Connected:
    """Comes through the door as a socket does: enter, then join."""
    entered = come_in(tonight[name], tonight.address)
    assert isinstance(entered, Entered)
    assert entered.place is not None
    connection = connection or secrets.token_urlsafe(12)
    joined = run(
        presence.join(
            tonight.room.key,
            entered.seat.key,
            connection,
            place=entered.place,
            staff=entered.seat.staff,
            microphone_allowed=entered.seat.microphone_allowed,
            waiting=entered.waiting,
        )
    )
    assert isinstance(joined, Joined)
    return Connected(entered.seat.key, connection, joined.generation)


def roster_of(tonight: Evening) -> Roster:
    """Who is connected now."""
    return run(presence.roster(tonight.room.key))


def told_since(tonight: Evening, before: Roster) -> tuple[Event, ...]:
    """What the stream was told after a roster was read."""
    events = run(read_after(tonight.room.key, before.epoch, before.seq))
    assert isinstance(events, Events)
    return events.events
