"""What changed access means to rooms: sockets and media of that person end, at once.

Three ways, as with a removal: the node directly, the room's desired value, and a wake-up to the
person's sockets in every process, which ask again whether they may stay
(`signaling.access_watch`). The wake-up may be lost: sockets ask now and then anyway. Knows no
socket, and not why access changed beyond its kind.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from sessions.core.admission import SeatState
from sessions.core.permissions import Grant, grants
from sessions.core.room_state import LOBBY_MINUTES, OVER
from sessions.models import Person, Seat
from sessions.people.access import AccessChange, access_changed
from sessions.rooms.process import Process
from sessions.scheduling.selectors import principal

EVERYWHERE: Final = frozenset(
    {
        AccessChange.SIGNED_OUT_EVERYWHERE,
        AccessChange.ACCOUNT_CLOSED,
        AccessChange.ADDRESS_CHANGED,
        AccessChange.ROLES_CHANGED,
    }
)
"""Changes that end all that a person has open; the others depend on the session."""


def listen(process: Callable[[], Process]) -> None:
    """From now on changed access reaches the rooms, through this process."""

    def heard(person: Person, change: AccessChange, **_: Any) -> None:
        revoke(process(), person, change)

    access_changed.connect(heard, weak=False, dispatch_uid="rooms.revocation")


def revoke(process: Process, person: Person, change: AccessChange) -> None:
    """Ends the media of every seat that the person lost, then wakes the person's sockets. From a
    thread.

    Somebody who signed out in one browser may be in the room with another one: that is for the
    sockets to say. Only if they cannot be asked (Valkey away), sound and picture end everywhere.
    """
    now = process.clock.now()
    lost = [] if change is AccessChange.SIGNED_OUT else _lost(person, change, now)

    async def revoked(process: Process) -> bool:
        await _end_media(process, lost)
        return await process.broadcast.wake_person(person.public_id)

    woken = process.run_from_thread(revoked)
    if change is AccessChange.SIGNED_OUT and not woken:
        seats = _seats(person, now)
        process.run_from_thread(lambda process: _end_media(process, seats))


async def _end_media(process: Process, seats: Iterable[Seat]) -> None:
    """Ends what each seat's media is now. A page that comes later gets a newer generation, so
    somebody who may come again is seen and heard again."""
    for seat in seats:
        room = seat.room.key
        generation = await process.desired.end_generation(room, seat.key)
        await process.links.revoke_everywhere(room, seat.key, generation)
        await process.media.write(room)


def _lost(person: Person, change: AccessChange, now: datetime) -> list[Seat]:
    seats = _seats(person, now)
    return seats if change in EVERYWHERE else [seat for seat in seats if not _is_kept(seat)]


def _is_kept(seat: Seat) -> bool:
    """Whether the person still is what the seat was taken as: staff, or a client."""
    wanted = Grant.STAFFS if seat.is_staff else Grant.ON_ROSTER
    return wanted in grants(principal(seat.person, seat.room.session))


def _seats(person: Person, now: datetime) -> list[Seat]:
    """Those that may have media now. One query."""
    opened = now + timedelta(minutes=LOBBY_MINUTES)
    rows = Seat.objects.filter(
        person=person, state=SeatState.ADMITTED.value, room__session__starts_at__lte=opened
    ).exclude(room__state__in=[state.value for state in OVER])
    return list(rows.select_related("person", "room__session"))
