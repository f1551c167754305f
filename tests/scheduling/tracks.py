"""Tracks for tests, made by the services that make them for real.

The clock of these tests stands at NOW, a Sunday noon in New York: the first evening is next.
"""

from datetime import UTC, date, datetime, time
from itertools import count
from typing import Any

from time_machine import escape_hatch

from sessions.audit.services import OPERATOR
from sessions.core.agenda import Segment, SegmentKind
from sessions.models import AgendaTemplate, Person, Program, Track
from sessions.scheduling.services import TrackPlan, program_add, template_add, track_create
from tests.people.accounts import facilitator

NOW = datetime(2026, 11, 29, 17, 0, tzinfo=UTC)
MONDAY = date(2026, 11, 30)
NEW_YORK = "America/New_York"
KINDS = (SegmentKind.CHECK_IN, SegmentKind.TOPIC, SegmentKind.WRAP_UP)
THIRDS = tuple(Segment(kind, share=1) for kind in KINDS)
AS_PLANNED = (
    *("id", "public_id", "track_id", "number", "local_date", "starts_at", "ends_at"),
    *("topic_code", "topic", "cancelled_at", "is_demo"),
)
"""The columns of a session but for those that are written down when its lobby opens."""
_numbers = count(1)


def program() -> Program:
    found = Program.objects.first() or program_add(OPERATOR, "Program")
    assert isinstance(found, Program)
    return found


def thirds() -> AgendaTemplate:
    found = AgendaTemplate.objects.filter(name="Thirds").first() or template_add(
        OPERATOR, "Thirds", THIRDS, 90
    )
    assert isinstance(found, AgendaTemplate)
    return found


def plan(**changes: Any) -> TrackPlan:
    """Mondays, Wednesdays, Thursdays 18:00 New York for four weeks, ninety minutes in thirds."""
    held = escape_hatch.is_travelling()
    assert held or "first_date" in changes, "MONDAY is past one day: hold the test's clock"
    given: dict[str, Any] = {
        "program": program(),
        "template": thirds(),
        "name": f"Track {next(_numbers)}",
        "weekdays": frozenset({0, 2, 3}),
        "local_start": time(18),
        "minutes": 90,
        "zone": NEW_YORK,
        "first_date": MONDAY,
        "weeks": 4,
        "seats": 12,
        **changes,
    }
    if "facilitators" not in given:
        given["facilitators"] = (facilitator(),)
    return TrackPlan(**given)


def track(**changes: Any) -> Track:
    made = track_create(OPERATOR, plan(**changes))
    assert isinstance(made, Track), made
    return made


def dates(made: Track) -> list[date]:
    """The local dates of the track's sessions, by time, without the cancelled ones."""
    found = made.sessions.filter(cancelled_at=None).order_by("starts_at")
    return list(found.values_list("local_date", flat=True))


def staffed_by(*people: Person, **changes: Any) -> Track:
    return track(facilitators=people, **changes)
