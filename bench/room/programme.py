"""The programme that `bench.room` runs: so many rooms, each with one facilitator and its clients.

Owns the rows, and the cookies of the people in them. Import it only once Django is set up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from sessions.core.permissions import Role
from sessions.models import Room
from tests import world

STARTS_IN: Final = timedelta(minutes=5)  # the lobby is open, nobody is late
MINUTES: Final = 180  # three segments of an hour: what a run extends is never exhausted


@dataclass(frozen=True, slots=True)
class Group:
    """A session's public id, and the Cookie header of each of its people, the facilitator's
    first."""

    session: str
    cookies: tuple[str, ...]


def make(rooms: int, people: int) -> list[Group]:
    """`rooms` sessions that start in five minutes, with `people` each, facilitator included."""
    with transaction.atomic():
        return [_group(number, people) for number in range(rooms)]


def _group(number: int, people: int) -> Group:
    starts_at = timezone.now() + STARTS_IN
    track = world.track(f"Track {number}", starts_at, MINUTES, seats=people)
    room = world.room(track, starts_at, MINUTES)
    return Group(room.session.public_id, tuple(_cookies(room, people, number)))


def _cookies(room: Room, people: int, number: int) -> Iterator[str]:
    track = room.session.track
    facilitator = world.person(
        f"Dana {number}", Role.FACILITATOR, email=f"staff{number}@example.org"
    )
    world.staff(track, facilitator)
    yield world.cookie_of(facilitator)
    for place in range(1, people):
        client = world.person(f"Sam {place}", email=f"client{number}.{place}@example.org")
        world.enrol(track, client, room.session)
        yield world.cookie_of(client)
