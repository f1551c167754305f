"""A session of the demo that was held two days before the test began, written as rows.

Owns what happened in it: who came, late or not at all, whose connection was lost. Pages that show
a record have one to show without a group having met first.
"""

from datetime import datetime, timedelta
from typing import cast

from tests.e2e.rows import Rows, changing

HELD = (
    "UPDATE group_sessions_session s SET starts_at = starts_at - interval '2 days', "
    "ends_at = ends_at - interval '2 days', local_date = local_date - 2 "
    "FROM group_sessions_track t, group_sessions_room r "
    "WHERE t.id = s.track_id AND t.name = 'Try it' AND r.session_id = s.id "
    "RETURNING s.id, s.public_id, s.starts_at, r.id"
)
ON_ROSTER = (
    "UPDATE group_sessions_enrolment e SET starts_on = starts_on - 2 "
    "FROM group_sessions_session s WHERE s.track_id = e.track_id AND s.id = %s"
)
# What a session writes down as its lobby opens (scheduling.members), two days earlier.
WRITTEN_DOWN = (
    "DELETE FROM group_sessions_sessionmember WHERE session_id = %(session)s",
    "INSERT INTO group_sessions_sessionmember "
    "(session_id, person_id, is_staff, display_name, position, since) "
    "SELECT s.id, e.person_id, FALSE, e.display_name, 0, s.starts_at - interval '15 minutes' "
    "FROM group_sessions_session s "
    "JOIN group_sessions_enrolment e ON e.track_id = s.track_id WHERE s.id = %(session)s",
    "INSERT INTO group_sessions_sessionmember "
    "(session_id, person_id, is_staff, display_name, position, since) "
    "SELECT s.id, p.id, TRUE, p.display_name, o.position, s.starts_at - interval '15 minutes' "
    "FROM group_sessions_session s JOIN group_sessions_staffing o ON o.track_id = s.track_id "
    "JOIN group_sessions_person p ON p.id = o.person_id WHERE s.id = %(session)s",
    "UPDATE group_sessions_session s SET written_at = s.starts_at - interval '15 minutes', "
    "written_zone = t.zone, written_name = t.name, written_seats = t.seats "
    "FROM group_sessions_track t WHERE t.id = s.track_id AND s.id = %(session)s",
)
# name → minutes after the start: comes, goes, and why
STAYS = {
    "Sam": (0, 90, "ended"),
    "Maya": (9, 90, "ended"),  # late
    "Joe": (0, 41, "left"),  # left early
    "Tess": (1, 88, "left"),
    "Imani": (0, 90, "ended"),
    "Ben": (2, 60, "lost"),
    "Rosa": (0, 90, "ended"),
    "Theo": (12, 90, "ended"),  # late
    "Nadia": (0, 90, "ended"),
}  # Cole, Priya and Walt were absent
AGENDA = (("start", 0), ("advance", 30), ("advance", 60), ("end", 90))


def hold(database_url: str) -> str:
    """Takes the session that is about to open; returns its public id. Seeding the demo again
    makes the next one."""
    with changing(database_url) as connection:
        row = connection.execute(HELD).fetchone()
        assert row is not None
        session, public_id, start, room = cast("tuple[int, str, datetime, int]", row)
        connection.execute(ON_ROSTER, (session,))
        for statement in WRITTEN_DOWN:
            connection.execute(statement, {"session": session})
        end_room(connection, room, start)
        for number, (kind, minute) in enumerate(AGENDA):
            connection.execute(
                "INSERT INTO group_sessions_agendamark (room_id, number, at, kind, minutes) "
                "VALUES (%s, %s, %s, %s, 0)",
                (room, number, start + timedelta(minutes=minute), kind),
            )
        for place, name in enumerate(STAYS):
            attend(connection, session, start, name, place)
    return str(public_id)


def end_room(connection: Rows, room: int, start: datetime) -> None:
    connection.execute(
        "UPDATE group_sessions_room SET state = 'ended', started_at = %s, "
        "ended_at = %s, version = 9 WHERE id = %s",
        (start, start + timedelta(minutes=90), room),
    )


def attend(connection: Rows, session: int, start: datetime, name: str, place: int) -> None:
    """A join and a leave of one connection."""
    comes, goes, why = STAYS[name]
    for kind, minute, reason in (("join", comes, ""), ("leave", goes, why)):
        connection.execute(
            "INSERT INTO group_sessions_attendancemark "
            "(session_id, person_id, at, kind, reason, connection, epoch, seq) "
            "SELECT %s, id, %s, %s, %s, %s, 'e1', %s FROM group_sessions_person "
            "WHERE display_name = %s",
            (
                session,
                start + timedelta(minutes=minute),
                kind,
                reason,
                f"c{place}",
                place * 2 + (kind == "leave"),
                name,
            ),
        )
