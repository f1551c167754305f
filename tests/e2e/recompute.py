"""Attendance recomputed from the rows by another way than the product's, and read off its page.

The session's time is cut at every instant at which anything happened; each piece is asked, at
its middle, which segment was on and who was there. No code of the product is used.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from playwright.sync_api import Page

BRIDGE = timedelta(seconds=120)
STEP = timedelta(seconds=47)  # no part of a minute, so that minutes are rounded; two are a bridge
Minutes = dict[str, list[int]]
TABLES = ("agendamark", "attendancemark", "attendancecheckpoint")
INSTANTS = " UNION ".join(f"SELECT at FROM group_sessions_{table}" for table in TABLES)
SPACED = f"""CREATE TEMPORARY TABLE spaced ON COMMIT DROP AS
    SELECT at, max(at) OVER () - (row_number() OVER (ORDER BY at DESC) - 1)
        * interval '{STEP.total_seconds()} s' AS apart
    FROM ({INSTANTS}) AS instants"""


def space_out(database_url: str) -> None:
    """Moves everything that was marked to STEP before what was marked next: the order is what
    the browsers did, and how fast a machine did it makes no difference."""
    with psycopg.connect(database_url) as connection:
        connection.execute(SPACED)
        for table in TABLES:
            connection.execute(
                f"UPDATE group_sessions_{table} AS row SET at = spaced.apart "
                "FROM spaced WHERE row.at = spaced.at"
            )


@dataclass(frozen=True)
class Span:
    who: str  # a name, or the position of a segment
    begin: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        return self.begin <= moment < self.end


def from_rows(database_url: str) -> Minutes:
    """Minutes of each client of the roster, one number per segment that is not a break."""
    with psycopg.connect(database_url) as connection:
        segments = segment_spans(connection)
        stays = stay_spans(connection)
        alone = staffless(connection)
        names = roster(connection)
        positions = counted_positions(connection)
    cuts = sorted({at for span in (*segments, *stays, *alone) for at in (span.begin, span.end)})
    seconds = {name: dict.fromkeys(positions, 0.0) for name in names}
    for left, right in itertools.pairwise(cuts):
        middle = left + (right - left) / 2
        on = [span.who for span in segments if span.holds(middle)]
        here = {span.who for span in stays if span.holds(middle)}
        if any(span.holds(middle) for span in alone):
            continue
        for name in here & set(names):
            for position in on:
                if position in seconds[name]:
                    seconds[name][position] += (right - left).total_seconds()
    return {
        name: [int((value + 30) // 60) for value in by.values()] for name, by in seconds.items()
    }


def segment_spans(connection: "psycopg.Connection[tuple[datetime, str]]") -> list[Span]:
    """Which segment was on, from what was done to the agenda (this test uses four verbs)."""
    rows = connection.execute(
        "SELECT at, kind FROM group_sessions_agendamark ORDER BY at, number"
    ).fetchall()
    spans: list[Span] = []
    index, since = 0, None
    for at, kind in rows:
        if since is not None and kind in ("advance", "end"):
            spans.append(Span(str(index), since, at))
        index += kind == "advance"
        since = None if kind == "end" else at
    return spans


def stay_spans(connection: "psycopg.Connection[tuple[str, str, str, datetime]]") -> list[Span]:
    """Which clients were there; small gaps are bridged."""
    spans = connected_spans(connection, staff=False)
    return spans + gaps(spans)


def staffless(connection: "psycopg.Connection[tuple[str, str, str, datetime]]") -> list[Span]:
    """ATT10. Between two stays of staff, where that is no small gap."""
    spans = sorted(connected_spans(connection, staff=True), key=lambda one: one.begin)
    found, reached = [], spans[0].end
    for one in spans[1:]:
        if one.begin - reached > BRIDGE:
            found.append(Span("", reached, one.begin))
        reached = max(reached, one.end)
    return found


def connected_spans(
    connection: "psycopg.Connection[tuple[str, str, str, datetime]]", *, staff: bool
) -> list[Span]:
    """Each join to its connection's leave."""
    rows = connection.execute(
        "SELECT p.display_name, m.connection, m.kind, m.at FROM group_sessions_attendancemark m "
        "JOIN group_sessions_sessionmember p ON p.session_id = m.session_id "
        "AND p.person_id = m.person_id AND p.is_staff = %s ORDER BY m.at",
        (staff,),
    ).fetchall()
    joined: dict[str, datetime] = {}
    spans: list[Span] = []
    for name, link, kind, at in rows:
        if kind == "join":
            joined[link] = at
        elif link in joined:
            spans.append(Span(name, joined.pop(link), at))
    assert not joined, "everyone who joined has left"
    return spans


def gaps(spans: Sequence[Span]) -> list[Span]:
    """The gaps between stays of one person that count as presence."""
    found = []
    for name in {span.who for span in spans}:
        own = sorted((one for one in spans if one.who == name), key=lambda one: one.begin)
        reached = own[0].end
        for one in own[1:]:
            if timedelta() < one.begin - reached <= BRIDGE:
                found.append(Span(name, reached, one.begin))
            reached = max(reached, one.end)
    return found


def roster(connection: "psycopg.Connection[tuple[str]]") -> list[str]:
    rows = connection.execute(
        "SELECT e.display_name FROM group_sessions_enrolment e "
        "JOIN group_sessions_session s ON s.track_id = e.track_id "
        "JOIN group_sessions_room r ON r.session_id = s.id WHERE r.state = 'ended'"
    ).fetchall()
    return [name for (name,) in rows]


def counted_positions(connection: "psycopg.Connection[tuple[int]]") -> list[str]:
    rows = connection.execute(
        "SELECT g.position FROM group_sessions_sessionsegment g "
        "JOIN group_sessions_room r ON r.session_id = g.session_id "
        "WHERE r.state = 'ended' AND g.kind <> 'break' ORDER BY g.position"
    ).fetchall()
    first = min(position for (position,) in rows)
    return [str(position - first) for (position,) in rows]


def from_page(page: Page) -> Minutes:
    """The same numbers, read off the attendance page."""
    rows = page.locator(".attendance tbody tr").all()
    return {
        row.locator("th").inner_text().strip(): [
            int(cell.strip().rstrip("*·")) for cell in row.locator("td.r").all_inner_texts()[:-1]
        ]
        for row in rows
    }
