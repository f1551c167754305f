"""What a new installation starts with: one program and three agendas.

Owns their names and lengths. docs/domain.md says where the evening's shape comes from: 190
counted minutes leave ten to spare before a day falls short of three hours.
"""

from collections.abc import Mapping
from typing import Final

from django.db import transaction

from sessions.audit.services import OPERATOR
from sessions.core.agenda import Segment, SegmentKind
from sessions.models import AgendaTemplate, Program
from sessions.scheduling.services import program_add, template_add

PROGRAM: Final = "Intensive outpatient"
THIRDS: Final = "Thirds"
EVENING: Final = "Evening, three blocks"
THREE_HOURS: Final = "Three groups of 50 minutes"

_BREAK = "Break"


def _third(kind: SegmentKind, title: str) -> Segment:
    return Segment(kind, 1, title, share=1)


def _group(kind: SegmentKind, block: int, title: str, minutes: int) -> Segment:
    return Segment(kind, block, title, minutes=minutes)


def _pause(block: int) -> Segment:
    return Segment(SegmentKind.BREAK, block, _BREAK, minutes=10, advances_itself=True)


def _three_groups(first: int, second: int, third: int) -> tuple[Segment, ...]:
    return (
        _group(SegmentKind.CHECK_IN, 1, "Check-in", first),
        _pause(1),
        _group(SegmentKind.TOPIC, 2, "Topic", second),
        _pause(2),
        _group(SegmentKind.WRAP_UP, 3, "Practice and wrap-up", third),
    )


# name → segments, and the minutes of a session that they fill
AGENDAS: Mapping[str, tuple[tuple[Segment, ...], int]] = {
    THIRDS: (
        (
            _third(SegmentKind.CHECK_IN, "Check-in"),
            _third(SegmentKind.TOPIC, "Topic"),
            _third(SegmentKind.WRAP_UP, "Wrap-up"),
        ),
        90,
    ),
    EVENING: (_three_groups(65, 60, 65), 210),
    THREE_HOURS: (_three_groups(50, 50, 50), 170),
}


@transaction.atomic
def lay_down_defaults() -> None:
    """Makes the program and the agendas that are not there yet. Running it again does nothing."""
    if not Program.objects.exists():
        program_add(OPERATOR, PROGRAM)
    there = set(AgendaTemplate.objects.values_list("name", flat=True))
    for name, (segments, minutes) in AGENDAS.items():
        if name not in there:
            template_add(OPERATOR, name, segments, minutes)
