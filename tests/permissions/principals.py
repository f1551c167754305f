"""Every principal that the matrix goes through: roles, and how they stand to a session.

One programme for each: its own track, session, leader and room, so that nothing that is allowed
to one disturbs another.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import combinations

from django.utils import timezone

from sessions.core.admission import SeatState
from sessions.core.permissions import Principal, Role
from sessions.core.room_state import RoomState
from sessions.models import AgendaMark, Person, Room, Seat, Session, Staffing
from sessions.scheduling.members import write_down
from sessions.scheduling.selectors import principal
from tests.signaling.evening import Evening, evening
from tests.world import enrol, person

ROLE_SETS = [frozenset(found) for count in range(4) for found in combinations(Role, count)]


class Context(StrEnum):
    """How somebody stands to the session that is asked about."""

    IN_ROOM = "own session, in the room"
    WAITING = "own session, not yet admitted"
    REMOVED = "own session, removed"
    OTHER = "other session"
    ENDED = "own session, ended"
    SIGNED_OUT = "signed out"


SEATS = {
    Context.IN_ROOM: SeatState.ADMITTED,
    Context.WAITING: SeatState.WAITING,
    Context.REMOVED: SeatState.REMOVED,
    Context.ENDED: SeatState.ADMITTED,
}


@dataclass(frozen=True)
class Case:
    """One person with these roles, in one context."""

    context: Context
    roles: frozenset[Role]
    evening: Evening
    person: Person

    @property
    def signed_in(self) -> bool:
        return self.context is not Context.SIGNED_OUT

    @property
    def session(self) -> Session:
        return self.evening.session

    def principal(self) -> Principal:
        """As the rows have it now."""
        return principal(self.person if self.signed_in else None, self.session)

    def __str__(self) -> str:
        return f"{'+'.join(sorted(self.roles)) or 'no role'}: {self.context}"


def case(context: Context, roles: frozenset[Role], number: int) -> Case:
    """The programme of one cell's principal, in rows alone."""
    tonight = evening(starts_in=-timedelta(minutes=20), prefix=f"n{number}-")
    somebody = person(f"Noor{number}", *sorted(roles))
    if context in SEATS or context is Context.SIGNED_OUT:
        _belong(tonight, somebody, roles)
    else:
        _belong(evening(prefix=f"o{number}-"), somebody, roles)
    if context in SEATS and roles & {Role.CLIENT, Role.FACILITATOR}:
        _sit(tonight, somebody, SEATS[context])
    _begin(tonight, ended=context is Context.ENDED)
    write_down(tonight.session, timezone.now())
    return Case(context, roles, tonight, somebody)


def _belong(tonight: Evening, somebody: Person, roles: frozenset[Role]) -> None:
    if Role.CLIENT in roles:
        enrol(tonight.session.track, somebody, tonight.session)
    if Role.FACILITATOR in roles:
        Staffing.objects.create(track=tonight.session.track, person=somebody, position=1)


def _sit(tonight: Evening, somebody: Person, state: SeatState) -> None:
    Seat.objects.create(
        room=tonight.room,
        person=somebody,
        display_name=somebody.display_name,
        is_staff=Role.FACILITATOR.value in somebody.roles,
        state=state.value,
        first_in_at=timezone.now(),
    )


def _begin(tonight: Evening, *, ended: bool) -> None:
    """Started ten minutes ago; ended just now, if it has."""
    at = timezone.now() - timedelta(minutes=10)
    AgendaMark.objects.create(room=tonight.room, number=1, at=at, kind="start")
    state = RoomState.ENDED if ended else RoomState.LIVE
    now = timezone.now()
    ended_at = now if ended else None
    if ended:
        AgendaMark.objects.create(room=tonight.room, number=2, at=now, kind="end")
    Room.objects.filter(pk=tonight.room.pk).update(
        state=state.value, started_at=at, ended_at=ended_at, version=1
    )
