"""Reading tracks and their sessions: lists for pages, a day's roster, how somebody stands.

Owns what "on the roster that day" and "staffs the session" mean in rows. Every list is read in
the same number of queries whatever its length. Must not know live rooms beyond their state.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet

from sessions.core.admission import SeatState
from sessions.core.permissions import Principal, Role
from sessions.core.room_state import IN_SESSION, OVER, OVERDUE_MINUTES, RoomState
from sessions.models import (
    AgendaTemplate,
    Enrolment,
    Person,
    Program,
    Seat,
    Session,
    SessionMember,
    Staffing,
    Track,
)
from sessions.models.round_trip import Read, Rows, read

LATEST_END = timedelta(minutes=OVERDUE_MINUTES)  # a live one ends by then, whatever happens
LONGEST_OVERRUN = timedelta(days=1)  # with every end_later; older ones nobody has closed
_GOES_ON = [state.value for state in IN_SESSION]
_WAS = [state.value for state in OVER - {RoomState.CANCELLED}]
NO_ROW: Final = 0  # the key of no row


def tracks() -> QuerySet[Track]:
    """Every track by name, with its staff and its roster from today's rows."""
    return (
        Track.objects.select_related("program", "template")
        .prefetch_related(
            Prefetch("staffings", Staffing.objects.select_related("person")),
            Prefetch("enrolments", Enrolment.objects.select_related("person")),
        )
        .order_by("name", "pk")
    )


def track_by_public_id(public_id: str) -> Track | None:
    """The track of an address, with all that its page shows."""
    return tracks().filter(public_id=public_id).first()


def tracks_replanned_since(since: datetime) -> QuerySet[Track]:
    """The tracks of which new zone rules have moved sessions since an instant, by name."""
    return Track.objects.filter(replanned_at__gt=since).order_by("name", "pk")


def programs() -> QuerySet[Program]:
    """Every program, by name."""
    return Program.objects.order_by("name", "pk")


def templates() -> QuerySet[AgendaTemplate]:
    """Every agenda, by name, with its segments."""
    return AgendaTemplate.objects.prefetch_related("segments").order_by("name")


def sessions() -> QuerySet[Session]:
    """Every session in the order of time, with its track and its room."""
    return Session.objects.select_related("track", "room").order_by("starts_at", "pk")


def session_by_public_id(public_id: str) -> Session | None:
    """The session of an address."""
    return sessions().filter(public_id=public_id).first()


def sessions_of_track(track: Track) -> QuerySet[Session]:
    """The track's sessions in the order of time, cancelled ones too."""
    return sessions().filter(track=track)


def sessions_for_client(person: Person, now: datetime) -> QuerySet[Session]:
    """What is still to come for the person, cancelled ones too, in the order of time. A room that
    is over is not."""
    mine = Enrolment.objects.filter(person=person, track=OuterRef("track"))
    own = SessionMember.objects.filter(_OWN, person=person, is_staff=False, until=None)
    return (
        sessions()
        .filter(_either(_covering(mine, "local_date"), Exists(own)))
        .filter(_to_come(now))
        .exclude(room__state__in=_WAS)
    )


def _to_come(now: datetime) -> Q:
    """Sessions with a planned end to come, and those that go on after it."""
    overrun = Q(ends_at__gt=now - LONGEST_OVERRUN, room__state__in=_GOES_ON)
    return Q(ends_at__gt=now) | overrun


_OWN: Final = Q(session=OuterRef("pk"))
_AT_END: Final = Q(until=None) | Q(until__gte=OuterRef("room__ended_at"))


def _either(by_track: Exists, by_session: Exists) -> Q:
    """By the track until the session is written down, by what was written from then on."""
    return Q(by_track, written_at=None) | Q(by_session, written_at__isnull=False)


def _led_by(person: Person) -> Q:
    """Sessions that the person leads; of one that is over, led until its end."""
    staffing = Staffing.objects.filter(person=person, track=OuterRef("track"))
    own = SessionMember.objects.filter(_OWN, _AT_END, person=person, is_staff=True)
    return _either(Exists(staffing), Exists(own))


def _covering(enrolments: QuerySet[Enrolment], day: str) -> Exists:
    """Whether one of the enrolments holds on the outer row's day."""
    ends = Q(ends_on=None) | Q(ends_on__gte=OuterRef(day))
    return Exists(enrolments.filter(ends, starts_on__lte=OuterRef(day)))


def sessions_between(now: datetime, until: datetime) -> QuerySet[Session]:
    """The sessions that are not over and begin before an instant, without cancelled ones."""
    return sessions().filter(ends_at__gt=now, starts_at__lt=until, cancelled_at=None)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a session's roster or staff, under the name that the group sees."""

    person: Person
    display_name: str


def roster(session: Session) -> list[Member]:
    """Who is on the session's roster, by display name; once it is over, who was at its end."""
    if session.written_at is None:
        rows = enrolments_on(session.track_id, session.local_date)
        return [Member(row.person, row.display_name) for row in rows]
    return _members(session, is_staff=False)


def staff_of(session: Session) -> list[Member]:
    """Who leads the session, the first one first; once it is over, who did at its end."""
    if session.written_at is None:
        people = staff_of_track(session.track)
        return [Member(person, person.display_name) for person in people]
    return _members(session, is_staff=True)


def _members(session: Session, *, is_staff: bool) -> list[Member]:
    rows = SessionMember.objects.filter(session=session, is_staff=is_staff)
    rows = rows.filter(Q(until=None) | Q(until__gte=F("session__room__ended_at")))
    ended = Q(session__room__ended_at=None) | Q(since__lte=F("session__room__ended_at"))
    return [
        Member(row.person, row.display_name) for row in rows.filter(ended).select_related("person")
    ]


def clients_of(session: Session) -> dict[int, str]:
    """Who was on the roster while the session went on (or was to), also for a part of it: the
    display name by the person's key. One query."""
    if session.written_at is None:
        return {row.person.pk: row.display_name for row in roster(session)}
    room = session.room
    rows = SessionMember.objects.filter(session=session, is_staff=False)
    rows = rows.filter(Q(until=None) | Q(until__gt=room.started_at or session.starts_at))
    if room.ended_at is not None:
        rows = rows.filter(since__lt=room.ended_at)
    return dict(rows.order_by("since").values_list("person_id", "display_name"))


def name_on_roster(session: Session, person: Person) -> str | None:
    """The display name of somebody who is on the session's roster now."""
    if session.written_at is None:
        enrolled = enrolments_on(session.track_id, session.local_date).filter(person=person)
        return enrolled.values_list("display_name", flat=True).first()
    own = SessionMember.objects.filter(session=session, person=person, is_staff=False, until=None)
    return own.values_list("display_name", flat=True).first()


def enrolled_now(session: Session, public_id: str, today: date) -> Member | None:
    """Somebody of the session's roster who is on the track's today too, or comes later."""
    members = (one for one in roster(session) if one.person.public_id == public_id)
    found = next(members, None)
    if found is None:
        return None
    rows = enrolments_from(session.track, today).filter(person=found.person)
    return found if rows.exists() else None


def enrolments_on(track_id: int, day: date) -> QuerySet[Enrolment]:
    """The enrolments of a track that hold on a day."""
    ends = Q(ends_on=None) | Q(ends_on__gte=day)
    found = Enrolment.objects.filter(ends, track_id=track_id, starts_on__lte=day)
    return found.select_related("person")


def enrolments_from(track: Track, day: date) -> QuerySet[Enrolment]:
    """The enrolments of a track that hold on a day or later."""
    ends = Q(ends_on=None) | Q(ends_on__gte=day) & Q(ends_on__gte=F("starts_on"))
    return Enrolment.objects.filter(ends, track=track).select_related("person")


def leads_track(person: Person, track: Track) -> bool:
    """Whether the person leads the group today, whatever they led before."""
    return Staffing.objects.filter(person=person, track=track).exists()


def staff_of_track(track: Track) -> tuple[Person, ...]:
    """Who leads, the first one first."""
    rows = Staffing.objects.filter(track=track).select_related("person")
    return tuple(row.person for row in rows)


# Asked by every verb of a room, and of everyone connected now and then: the ORM takes several
# times as long to write this statement as PostgreSQL takes to answer it. The days of an enrolment
# are those of `enrolments_on`; members are those of `_members`, but that a client who was taken
# off after the end does not come back when it is opened again.
_PRINCIPAL: Final = """
SELECT person.roles,
       CASE WHEN session.written_at IS NULL THEN
       EXISTS (SELECT FROM group_sessions_staffing staffing
               WHERE staffing.person_id = person.id AND staffing.track_id = session.track_id)
       ELSE
       EXISTS (SELECT FROM group_sessions_sessionmember member
               WHERE member.session_id = session.id AND member.person_id = person.id
                 AND member.is_staff
                 AND (room.ended_at IS NULL OR member.since <= room.ended_at)
                 AND (member.until IS NULL OR member.until >= room.ended_at))
       END,
       CASE WHEN session.written_at IS NULL THEN
       EXISTS (SELECT FROM group_sessions_enrolment enrolment
               WHERE enrolment.person_id = person.id AND enrolment.track_id = session.track_id
                 AND enrolment.starts_on <= session.local_date
                 AND (enrolment.ends_on IS NULL OR enrolment.ends_on >= session.local_date))
       ELSE
       EXISTS (SELECT FROM group_sessions_sessionmember member
               WHERE member.session_id = session.id AND member.person_id = person.id
                 AND NOT member.is_staff AND member.until IS NULL
                 AND (room.ended_at IS NULL OR member.since <= room.ended_at))
       END,
       (SELECT seat.state FROM group_sessions_seat seat
        WHERE seat.room_id = room.id AND seat.person_id = person.id)
FROM group_sessions_person person
LEFT JOIN group_sessions_session session ON session.id = %(session)s
LEFT JOIN group_sessions_room room ON room.session_id = session.id
WHERE person.id = %(person)s AND person.is_active
"""


def principal(person: Person | None, session: Session | None) -> Principal:
    """A person before a session now: one query, roles and account read again. A session that is
    gone has neither staff nor roster."""
    return read(principal_asked(person, session.pk if session else NO_ROW))


def principal_asked(person: Person | None, session: int) -> Read[Principal]:
    """`principal`, by the key of the session's row, to be asked together with something else."""
    asked = {"person": person.pk if person else NO_ROW, "session": session}
    return Read(_PRINCIPAL, asked, _principal)


def _principal(rows: Rows) -> Principal:
    if not rows:
        return Principal(signed_in=False)
    roles, staffs, comes, seat = rows[0]
    return Principal(
        signed_in=True,
        roles=frozenset(Role(role) for role in roles),
        on_roster=comes,
        staffs_session=staffs,
        seat=SeatState(seat or SeatState.NONE),
    )


def sessions_for_facilitator(person: Person, now: datetime, until: datetime) -> QuerySet[Session]:
    """What the person leads and that is not over, cancelled ones too, up to an instant, in the
    order of time."""
    found = sessions().filter(_led_by(person), _to_come(now), starts_at__lt=until)
    return found.exclude(room__state__in=_WAS)


def removed_from(person: Person, found: Collection[Session]) -> frozenset[int]:
    """The row ids of those sessions out of which staff took the person (ADM2). One query."""
    seats = Seat.objects.filter(person=person, room__session__in=found)
    removed = seats.filter(state=SeatState.REMOVED.value)
    return frozenset(removed.values_list("room__session_id", flat=True))


def lately_for_facilitator(person: Person, now: datetime) -> QuerySet[Session]:
    """The sessions the person led in the last week, newest first, at most three: their record
    may still want a correction."""
    ended = sessions().filter(
        _led_by(person),
        room__state=RoomState.ENDED.value,
        room__ended_at__gt=now - timedelta(days=7),
    )
    return ended.order_by("-room__ended_at")[:3]


def leaders(found: Collection[Session]) -> dict[int, list[str]]:
    """The display names of who leads, by session, the first one first. Two queries."""
    names: dict[int, list[str]] = {one.pk: [] for one in found}
    planned = [one for one in found if one.written_at is None]
    by_track: dict[int, list[str]] = {one.track_id: [] for one in planned}
    for led in Staffing.objects.filter(track__in=by_track).select_related("person"):
        by_track[led.track_id].append(led.person.display_name)
    own = SessionMember.objects.filter(session__in=names, is_staff=True)
    for row in own.filter(Q(until=None) | Q(until__gte=F("session__room__ended_at"))):
        names[row.session_id].append(row.display_name)
    return names | {one.pk: by_track[one.track_id] for one in planned}
