"""A track's calendar as rows: its dated sessions, each with its agenda and its room.

Owns which sessions a change may touch: those that are planned and whose lobby is not open yet.
What is past, open, live or cancelled stays as it is, and a date that such a session holds is
not made again. Must not know who asked: permission and audit are the services'.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sessions.core.curriculum import topic_of
from sessions.core.recurrence import Change, DatedSession, WeeklyPattern, expand
from sessions.core.room_state import LOBBY_MINUTES, RoomState
from sessions.core.zones import zone
from sessions.models import Room, Session, SessionSegment, TemplateSegment, Track
from sessions.scheduling.plans import changes_of, pattern_of

LOBBY = timedelta(minutes=LOBBY_MINUTES)


def may_change(session: Session, now: datetime) -> bool:
    """Whether the session is planned and nobody can be at its door yet."""
    planned = session.room.state == RoomState.SCHEDULED  # a cancelled one's room says so too
    return planned and session.written_at is None and now < session.starts_at - LOBBY


def write_calendar(track: Track, now: datetime) -> tuple[Session, ...]:
    """Makes the rows say what the track says. Returns the sessions that are to come.

    Rows keep their number, their address and their room when their date or time changes. Run
    it twice and the second time changes nothing. The caller holds the track's row lock.
    """
    changeable, fixed = locked_sessions(track, now)
    wanted = to_come(pattern_of(track), changes_of(track), as_fixed(fixed), now)
    rows = {session.number: session for session in changeable}
    gone = rows.keys() - {dated.number for dated in wanted}
    Session.objects.filter(track=track, number__in=gone).delete()
    sessions = [_as_row(track, dated, rows.get(dated.number)) for dated in wanted]
    _save(sessions)
    copy_agenda(track, sessions)
    return tuple(sessions)


def strayed(track: Track, sessions: Iterable[Session], now: datetime) -> list[Session]:
    """Those planned sessions that the pattern has at other instants by this process's zone rules,
    put there in memory. Agenda, topic and number of each stay."""
    dated = expand(pattern_of(track), changes_of(track)) if zone(track.zone) else ()
    planned = [one for one in sessions if not one.is_demo and may_change(one, now)]
    return [one for one in planned if _put_right(one, dated)]


def _put_right(row: Session, dated: Sequence[DatedSession]) -> bool:
    """Whether the row had to be put elsewhere; two of one date keep their order."""
    there = [one for one in dated if one.local_date == row.local_date]
    if not there:
        return False
    wanted = min(there, key=lambda one: abs(one.starts_at - row.starts_at))
    was = row.starts_at, row.ends_at
    row.starts_at, row.ends_at = wanted.starts_at, wanted.ends_at
    return was != (row.starts_at, row.ends_at)


def to_come(
    pattern: WeeklyPattern, changes: Sequence[Change], fixed: "Fixed", now: datetime
) -> tuple[DatedSession, ...]:
    """What a valid pattern puts into the time to come, beside the sessions that stay."""
    dated = [one for one in expand(pattern, changes) if now < one.starts_at]
    return numbered(dated, fixed)


Fixed = Collection[tuple[int, object]]  # (number, local date) of a session that stays


def as_fixed(sessions: Iterable[Session]) -> Fixed:
    return [(session.number, session.local_date) for session in sessions]


def numbered(dated: Sequence[DatedSession], fixed: Fixed) -> tuple[DatedSession, ...]:
    """The sessions to make, without the dates that are held, each with a number of its own.

    A session has its place in the pattern as its number. Where one that stays has such a number
    already (the days changed half-way), all that follow are counted on from the last that stays.
    """
    held = {day for _, day in fixed}
    taken = {number for number, _ in fixed}
    free = [one for one in dated if one.local_date not in held]
    if taken.isdisjoint(one.number for one in free):
        return tuple(free)
    first = max(taken) + 1
    return tuple(replace(one, number=number) for number, one in enumerate(free, first))


def locked_sessions(track: Track, now: datetime) -> tuple[list[Session], list[Session]]:
    """(those a change may touch, those that stay). Their rooms are locked against a start."""
    rooms = Room.objects.filter(session__track=track).select_for_update(of=("self",))
    sessions = [room.session for room in rooms.select_related("session").order_by("pk")]
    for_change = [session for session in sessions if may_change(session, now)]
    stay = [session for session in sessions if session not in for_change]
    return for_change, stay


def _as_row(track: Track, dated: DatedSession, row: Session | None) -> Session:
    session = row or Session(track=track, number=dated.number)
    session.local_date = dated.local_date
    session.starts_at = dated.starts_at
    session.ends_at = dated.ends_at
    topic = topic_of(dated.number) if track.uses_curriculum else None
    session.topic_code, session.topic = (topic.code, topic.title) if topic else ("", "")
    return session


def _save(sessions: Sequence[Session]) -> None:
    """Three statements, however many there are."""
    new = [session for session in sessions if session.pk is None]
    old = [session for session in sessions if session.pk is not None]
    fields = ["local_date", "starts_at", "ends_at", "topic_code", "topic"]
    Session.objects.bulk_update(old, fields)
    Session.objects.bulk_create(new)
    Room.objects.bulk_create([Room(session=session) for session in new])


def copy_agenda(track: Track, sessions: Sequence[Session]) -> None:
    """Each session has an agenda of its own, so that a template may change later."""
    template = list(track.template.segments.all())
    SessionSegment.objects.filter(session__in=sessions).delete()
    SessionSegment.objects.bulk_create(
        [_copied(segment, session) for session in sessions for segment in template]
    )


def _copied(segment: TemplateSegment, session: Session) -> SessionSegment:
    return SessionSegment(
        session=session,
        position=segment.position,
        kind=segment.kind,
        block=segment.block,
        title=segment.title,
        minutes=segment.minutes,
        share=segment.share,
        advances_itself=segment.advances_itself,
    )
