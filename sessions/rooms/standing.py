"""What a changed standing means to rooms: sockets and media of that person end, at once.

Three ways, as with a removal: the node directly, the room's desired value, and a wake-up to the
person's sockets in every process, which ask anew for themselves whether they may stay
(`signaling.standing`). The wake-up may be lost: sockets ask now and then anyway. Knows no
socket, and not why a standing changed beyond its kind.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from sessions.core.admission import SeatState
from sessions.core.permissions import Grant, grants
from sessions.core.room_state import LOBBY_MINUTES, OVER
from sessions.models import Person, Seat
from sessions.people.access import AccessChange, access_changed
from sessions.rooms import bridge, broadcast, room_time
from sessions.scheduling.selectors import standing

EVERYWHERE: Final = frozenset(
    {
        AccessChange.SIGNED_OUT_EVERYWHERE,
        AccessChange.ACCOUNT_CLOSED,
        AccessChange.ROLES_CHANGED,
    }
)
"""Changes that end all that a person has open; the others depend on the session."""


def listen() -> None:
    """From now on a changed standing reaches the rooms of this process's person."""
    access_changed.connect(_heard, dispatch_uid="rooms.standing")


def take(person: Person, change: AccessChange) -> None:
    """Ends the media of every seat that the person lost, then wakes the person's sockets.

    Who signed out in one browser may be in the room with another one: that is for the sockets
    to say. Only if they cannot be asked (Redis away), sound and picture end everywhere.
    """
    lost = [] if change is AccessChange.SIGNED_OUT else _lost(person, change)
    _end_media(lost)
    woken = broadcast.wake_person(person.public_id)
    if change is AccessChange.SIGNED_OUT and not woken:
        _end_media(_seats(person))


def _heard(person: Person, change: AccessChange, **_: Any) -> None:
    take(person, change)


def _end_media(seats: Iterable[Seat]) -> None:
    for seat in seats:
        bridge.end(seat.room.key, seat.key)
        bridge.demand(seat.room.key)


def _lost(person: Person, change: AccessChange) -> list[Seat]:
    seats = _seats(person)
    return seats if change in EVERYWHERE else [seat for seat in seats if not _is_kept(seat)]


def _is_kept(seat: Seat) -> bool:
    """Whether the person still is what the seat was taken as: staff, or a client."""
    wanted = Grant.STAFFS if seat.is_staff else Grant.ON_ROSTER
    return wanted in grants(standing(seat.person, seat.room.session))


def _seats(person: Person) -> list[Seat]:
    """Those that may have media now. One query."""
    opened = room_time.now() + timedelta(minutes=LOBBY_MINUTES)
    rows = Seat.objects.filter(
        person=person, state=SeatState.ADMITTED.value, room__session__starts_at__lte=opened
    ).exclude(room__state__in=[state.value for state in OVER])
    return list(rows.select_related("person", "room__session"))
