"""A room with people in it, for tests of services: connections without sockets."""

import secrets
from dataclasses import dataclass

from sessions.live import presence
from sessions.live.presence import Joined, Roster
from sessions.live.store import run
from sessions.live.stream import Event, Events, read_after
from sessions.rooms import services
from tests.signaling.evening import Evening


@dataclass(frozen=True)
class Connected:
    """Somebody's seat and the connection that holds it."""

    seat: str
    connection: str
    generation: int


def connect(tonight: Evening, name: str, connection: str = "") -> Connected:
    """Comes through the door as a socket does: enter, then join."""
    entered = services.enter(tonight[name], tonight.address)
    assert isinstance(entered, services.Entered)
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
    roster = run(presence.roster(tonight.room.key))
    assert isinstance(roster, Roster)
    return roster


def told_since(tonight: Evening, before: Roster) -> tuple[Event, ...]:
    """What the stream was told after a roster was read."""
    events = run(read_after(tonight.room.key, before.epoch, before.seq))
    assert isinstance(events, Events)
    return events.events
