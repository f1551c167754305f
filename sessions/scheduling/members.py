"""A session's own roster and staff: written down when its lobby opens, and each change after it.

Owns that what is past stays as it was. A session is written down by whatever comes first under
its room's lock, the clock or a verb, and by a change of its track before that changes anything;
so no process has to be at work for it. Until a room is over for good, a change of the track's
people is followed as an instant (`since`, `until`). Must not know who may change a track.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Q

from sessions.core.room_state import (
    OVER,
    REOPEN_MINUTES,
    RoomState,
    effective_state,
    is_closed,
    reopen_until,
)
from sessions.models import Person, Room, Session, SessionMember, Staffing, Track
from sessions.scheduling.calendar import LOBBY
from sessions.scheduling.plans import local_day
from sessions.scheduling.selectors import enrolments_on

SOON: Final = timedelta(minutes=1)  # longer than any transaction, and than clocks are apart

Place = tuple[int, bool]  # (person, of the staff)


def is_due(session: Session, now: datetime) -> bool:
    """Whether its lobby has opened and nothing was written down yet."""
    return session.written_at is None and now >= session.starts_at - LOBBY


def write_down(session: Session, now: datetime) -> None:
    """What the session takes from its track, as it is now. The caller holds its room's lock.

    People count from the opening of the lobby, also where that was a while ago: a change of the
    track since then would have written the session down first.
    """
    wanted = _wanted(session, session.local_date)
    opened = session.starts_at - LOBBY
    SessionMember.objects.bulk_create([_since(row, opened) for row in wanted.values()])
    session.written_at = now
    session.written_zone, session.written_name = session.track.zone, session.track.name
    session.written_seats = session.track.seats
    session.save(update_fields=["written_at", "written_zone", "written_name", "written_seats"])


def write_down_due(track: Track, now: datetime) -> None:
    """Every session of the track whose lobby has opened, before the track changes. The caller
    holds the track's lock; rooms that open within a minute are held too, so that none is written
    down by another process while the change is under way."""
    for session in _held(track, now):
        if is_due(session, now):
            write_down(session, now)


def follow(track: Track, people: Iterable[Person], now: datetime) -> None:
    """The track's roster or staff has changed by these people: so have the sessions that go on."""
    persons = {person.pk for person in people}
    for session in _held(track, now):
        if session.written_at is not None and goes_on(session, now):
            _follow(session, persons, now)


def follow_seats(track: Track, now: datetime) -> None:
    """The track has another number of seats: so have the sessions that go on."""
    for session in _held(track, now):
        if session.written_at is not None and goes_on(session, now):
            session.written_seats = track.seats
            session.save(update_fields=["written_seats"])


def _follow(session: Session, persons: Collection[int], now: datetime) -> None:
    today = max(session.local_date, local_day(session.track, now))
    wanted = {at: row for at, row in _wanted(session, today).items() if at[0] in persons}
    rows = SessionMember.objects.filter(session=session, person__in=persons, until=None)
    there = {(row.person_id, row.is_staff): row for row in rows}
    gone = [row.pk for at, row in there.items() if at not in wanted]
    SessionMember.objects.filter(pk__in=gone).update(until=now)
    new = [_since(row, now) for at, row in wanted.items() if at not in there]
    SessionMember.objects.bulk_create(new)
    for at in wanted.keys() & there.keys():
        there[at].position = wanted[at].position
    SessionMember.objects.bulk_update(there.values(), ["position"])


def _since(row: SessionMember, instant: datetime) -> SessionMember:
    row.since = instant
    return row


def _wanted(session: Session, day: date) -> Mapping[Place, SessionMember]:
    """The roster of a day and the staff, as the track has them."""
    rows: dict[Place, SessionMember] = {}
    for one in enrolments_on(session.track_id, day):
        rows[one.person_id, False] = _member(session, one.person, one.display_name)
    for led in Staffing.objects.filter(track=session.track_id).select_related("person"):
        row = _member(session, led.person, led.person.display_name, led.position)
        row.is_staff = True
        rows[led.person_id, True] = row
    return rows


def _member(session: Session, person: Person, name: str, position: int = 0) -> SessionMember:
    return SessionMember(
        session=session, person=person, display_name=name, position=position, is_staff=False
    )


def _held(track: Track, now: datetime) -> list[Session]:
    """Sessions that are not written down though their lobby is open or about to, and those that
    may go on. Their rooms are locked first, in one order, and read afterwards."""
    reopens = Q(ended_at__gte=now - timedelta(minutes=REOPEN_MINUTES))
    open_still = ~Q(state__in=[state.value for state in OVER]) | reopens
    rooms = Room.objects.filter(
        Q(session__written_at=None) | open_still,
        session__track=track,
        session__starts_at__lte=now + LOBBY + SOON,
    )
    held = list(rooms.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    found = Session.objects.filter(room__in=held).select_related("room", "track")
    return list(found.order_by("pk"))


def goes_on(session: Session, now: datetime) -> bool:
    """Whether its people may be in its room still, or again."""
    room = session.room
    state = effective_state(RoomState(room.state), session.starts_at, session.ends_at, now)
    ended = room.ended_at if state is RoomState.ENDED else None
    return not is_closed(state, reopen_until(ended) if ended else None, now)
