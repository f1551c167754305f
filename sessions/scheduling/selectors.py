"""Reading tracks and their sessions: lists for pages, a day's roster, how somebody stands.

Owns what "on the roster that day" and "staffs the session" mean in rows. Every list is read in
the same number of queries whatever its length. Must not know live rooms beyond their state.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from sessions.core.admission import SeatState
from sessions.core.permissions import Role, Standing
from sessions.core.room_state import LOBBY_MINUTES, OVER, OVERDUE_MINUTES, RoomState
from sessions.models import (
    AgendaTemplate,
    Enrolment,
    Person,
    Program,
    Session,
    Staffing,
    Track,
)
from sessions.models.round_trip import Read, Rows, read

LATEST_END = timedelta(minutes=OVERDUE_MINUTES)  # a live one ends by then, whatever happens
_NOT_BEGUN = (RoomState.SCHEDULED.value, RoomState.LOBBY_OPEN.value)
NOBODY: Final = 0  # the key of no row
ANY_ZONE = timedelta(hours=26)  # two places' dates differ by a day at most: UTC-12 to UTC+14


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


def today_for_facilitator(person: Person, now: datetime) -> list[Session]:
    """What the person leads today, by each track's own date; one that is still running too, and
    one whose door is open already, though it starts after midnight."""
    near = sessions().filter(
        track__staffings__person=person,
        starts_at__gt=now - ANY_ZONE,
        starts_at__lt=now + ANY_ZONE,
        cancelled_at=None,
    )
    return [one for one in near if _is_today(one, now) or _is_open(one, now)]


def _is_today(session: Session, now: datetime) -> bool:
    return session.local_date == now.astimezone(ZoneInfo(session.track.zone)).date()


def _is_open(session: Session, now: datetime) -> bool:
    return session.starts_at - timedelta(minutes=LOBBY_MINUTES) <= now < session.ends_at


def next_session_for_client(person: Person, now: datetime) -> Session | None:
    """The one that runs or comes next, on whose roster the person is; None without any."""
    return sessions_for_client(person, now).first()


def sessions_for_client(person: Person, now: datetime) -> QuerySet[Session]:
    """What is still to come for the person, in the order of time. A room that is over is not."""
    over = [state.value for state in OVER]
    mine = Enrolment.objects.filter(person=person, track=OuterRef("track"))
    return (
        sessions()
        .filter(_covering(mine, "local_date"), ends_at__gt=now, cancelled_at=None)
        .exclude(room__state__in=over)
    )


def _covering(enrolments: QuerySet[Enrolment], day: str) -> Exists:
    """Whether one of the enrolments holds on the outer row's day."""
    ends = Q(ends_on=None) | Q(ends_on__gte=OuterRef(day))
    return Exists(enrolments.filter(ends, starts_on__lte=OuterRef(day)))


def sessions_for_week(monday: date, person: Person | None = None) -> list[Session]:
    """The sessions of seven local dates; with a person, those the person leads or comes to."""
    found = sessions().filter(
        local_date__gte=monday, local_date__lt=monday + timedelta(days=7), cancelled_at=None
    )
    if person is not None:
        leads = Exists(Staffing.objects.filter(person=person, track=OuterRef("track")))
        comes = Enrolment.objects.filter(person=person, track=OuterRef("track"))
        found = found.filter(leads | _covering(comes, "local_date"))
    return list(found)


def roster(session: Session) -> list[Enrolment]:
    """Who is on the roster on the session's date, by display name."""
    return list(enrolments_on(session.track_id, session.local_date))


def enrolled_now(session: Session, public_id: str, today: date) -> Enrolment | None:
    """Somebody of the session's roster who is on the track's today too, or comes later."""
    ends = Q(ends_on=None) | Q(ends_on__gte=today)
    rows = enrolments_on(session.track_id, session.local_date).filter(ends)
    return rows.filter(person__public_id=public_id).first()


def enrolments_on(track_id: int, day: date) -> QuerySet[Enrolment]:
    """The enrolments of a track that hold on a day."""
    ends = Q(ends_on=None) | Q(ends_on__gte=day)
    found = Enrolment.objects.filter(ends, track_id=track_id, starts_on__lte=day)
    return found.select_related("person")


def enrolments_from(track: Track, day: date) -> QuerySet[Enrolment]:
    """The enrolments of a track that hold on a day or later."""
    ends = Q(ends_on=None) | Q(ends_on__gte=day)
    return Enrolment.objects.filter(ends, track=track).select_related("person")


def staff_of_track(track: Track) -> tuple[Person, ...]:
    """Who leads, the first one first."""
    rows = Staffing.objects.filter(track=track).select_related("person")
    return tuple(row.person for row in rows)


_LEADERS: Final = """
SELECT person.display_name FROM group_sessions_staffing staffing
JOIN group_sessions_person person ON person.id = staffing.person_id
JOIN group_sessions_session session ON session.track_id = staffing.track_id
WHERE session.id = %(session)s ORDER BY staffing.position, staffing.id
"""


def leaders_asked(session: int) -> Read[tuple[str, ...]]:
    """The names of `staff_of_track`, by a session's key, to be asked with something else."""
    return Read(_LEADERS, {"session": session}, lambda rows: tuple(name for (name,) in rows))


# Asked by every verb of a room, and of everyone connected now and then: the ORM takes several
# times as long to write this statement as PostgreSQL takes to answer it. The days of an enrolment
# are those of `enrolments_on`.
_STANDING: Final = """
SELECT person.roles,
       EXISTS (SELECT FROM group_sessions_staffing staffing
               WHERE staffing.person_id = person.id AND staffing.track_id = session.track_id),
       EXISTS (SELECT FROM group_sessions_enrolment enrolment
               WHERE enrolment.person_id = person.id AND enrolment.track_id = session.track_id
                 AND enrolment.starts_on <= session.local_date
                 AND (enrolment.ends_on IS NULL OR enrolment.ends_on >= session.local_date)),
       (SELECT seat.state FROM group_sessions_seat seat
        JOIN group_sessions_room room ON room.id = seat.room_id
        WHERE room.session_id = session.id AND seat.person_id = person.id)
FROM group_sessions_person person
LEFT JOIN group_sessions_session session ON session.id = %(session)s
WHERE person.id = %(person)s AND person.is_active
"""


def standing(person: Person | None, session: Session) -> Standing:
    """How somebody stands to a session now: one query, roles and account read anew."""
    if person is None:
        return Standing(signed_in=False)
    return read(standing_asked(person, session.pk))


def standing_asked(person: Person | None, session: int) -> Read[Standing]:
    """`standing`, by the session's key, to be asked together with something else. A session that
    is there no more has neither staff nor roster."""
    asked = {"person": person.pk if person else NOBODY, "session": session}
    return Read(_STANDING, asked, _standing)


def _standing(rows: Rows) -> Standing:
    if not rows:
        return Standing(signed_in=False)
    roles, staffs, comes, seat = rows[0]
    return Standing(
        signed_in=True,
        roles=frozenset(Role(role) for role in roles),
        on_roster=comes,
        staffs_session=staffs,
        seat=SeatState(seat or SeatState.NONE),
    )


def sessions_for_facilitator(person: Person, now: datetime, until: datetime) -> QuerySet[Session]:
    """What the person leads and that is not over, up to an instant, in the order of time."""
    over = [state.value for state in OVER]
    return (
        sessions()
        .filter(track__staffings__person=person, ends_at__gt=now - LATEST_END, starts_at__lt=until)
        .exclude(room__state__in=over)
        .exclude(room__state__in=_NOT_BEGUN, ends_at__lte=now)
        .filter(cancelled_at=None)
    )


def lately_for_facilitator(person: Person, now: datetime) -> QuerySet[Session]:
    """The sessions the person led in the last week, newest first, at most three: their record
    may still want a correction."""
    ended = sessions().filter(
        track__staffings__person=person,
        room__state=RoomState.ENDED.value,
        room__ended_at__gt=now - timedelta(days=7),
    )
    return ended.order_by("-room__ended_at")[:3]


def leaders(found: Iterable[Session]) -> dict[int, list[str]]:
    """The display names of who leads, by track, the first one first. One query."""
    names: dict[int, list[str]] = {one.track_id: [] for one in found}
    rows = Staffing.objects.filter(track__in=names).select_related("person")
    for row in rows:
        names[row.track_id].append(row.person.display_name)
    return names
