"""A session of the demo that was held before the test began, written as rows.

Owns what happened in it: who came, late or not at all, whose connection was lost. Pages that show
a record have one to show without a group having met first.
"""

from datetime import datetime, timedelta

import psycopg

HELD = (
    "SELECT s.id, s.public_id, s.starts_at, r.id FROM group_sessions_session s "
    "JOIN group_sessions_room r ON r.session_id = s.id "
    "JOIN group_sessions_track t ON t.id = s.track_id "
    "WHERE t.name = 'Try it' ORDER BY s.starts_at LIMIT 1"
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
    """Writes the session's marks; returns its public id."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(HELD).fetchone()
        assert row is not None
        session, public_id, start, room = row
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


def end_room(
    connection: "psycopg.Connection[tuple[int, str, datetime, int]]", room: int, start: datetime
) -> None:
    connection.execute(
        "UPDATE group_sessions_room SET state = 'ended', started_at = %s, "
        "ended_at = now() - interval '1 day', version = 9 WHERE id = %s",
        (start, room),
    )


def attend(
    connection: "psycopg.Connection[tuple[int, str, datetime, int]]",
    session: int,
    start: datetime,
    name: str,
    place: int,
) -> None:
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
