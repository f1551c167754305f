"""A program manager's desk for tests of forms: people to pick from, and what was typed.

The clock of these tests stands at `tests.scheduling.tracks.NOW`, a Sunday.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
import time_machine
from django.test import Client

from sessions.audit.services import OPERATOR
from sessions.core.agenda import Segment, SegmentKind
from sessions.core.permissions import Role
from sessions.core.refusal import REFUSALS
from sessions.models import AgendaTemplate, AuditEvent, Person, TemplateSegment
from sessions.scheduling.services import template_add
from tests.people.accounts import account, facilitator, manager
from tests.scheduling.tracks import NEW_YORK, NOW, program, thirds
from tests.web.conftest import made, signed_in
from tests.web.pages import Answer, Typed, errors, hidden


@dataclass
class Desk:
    """Morgan manages; Dana leads; Sam is a client."""

    morgan: Person = field(default_factory=manager)
    dana: Person = field(default_factory=facilitator)
    sam: Person = field(default_factory=account)
    browser: Client = field(init=False)

    def __post_init__(self) -> None:
        program()
        self.template = thirds()
        self.browser = signed_in(self.morgan)

    def track(self, **changes: str | list[str]) -> Typed:
        """The form of a track, filled in rightly but for `changes`."""
        return {
            "name": ["Evening"],
            "weekdays": ["0", "2"],
            "local_start": ["18:00"],
            "local_end": ["19:30"],
            "zone": [NEW_YORK],
            "first_date": ["2026-11-30"],
            "weeks": ["4"],
            "template": [str(self.template.pk)],
            "seats": ["12"],
            "facilitators": [str(self.dana.pk)],
            "roster": [str(self.sam.pk)],
            **{
                name: [one] if isinstance(one, str) else sorted(one)
                for name, one in changes.items()
            },
        }

    def post(self, where: str, sent: Typed) -> Answer:
        """Sends a form as it is now, and follows to the page that comes of it."""
        return self.press(where, where, sent)

    def press(self, page: str, where: str, sent: Typed | None = None) -> Answer:
        """The form on `page` that goes to `where`, sent with these values."""
        shown = self.browser.get(page)
        filled = hidden(shown, where) if shown.status_code == 200 else {}
        answer: Answer = self.browser.post(where, {**filled, **(sent or {})}, follow=True)
        return answer

    def client(self, name: str) -> Person:
        return account(name, [Role.CLIENT])


def agenda(name: str, *segments: Segment, minutes: int) -> AgendaTemplate:
    return made(template_add(OPERATOR, name, segments, minutes))


def broken_agenda(name: str, kind: SegmentKind, share: int) -> AgendaTemplate:
    """An agenda that no service would make: rows of another version, say."""
    template = AgendaTemplate.objects.create(name=name)
    TemplateSegment.objects.create(template=template, position=0, kind=kind.value, share=share)
    return template


def last_event() -> AuditEvent:
    event = AuditEvent.objects.order_by("pk").last()
    assert event is not None
    return event


def says(words: str, code: str) -> bool:
    """Whether these are the words of a refusal, whatever stands in its blanks."""
    pieces = [piece.partition("}")[2] or piece for piece in REFUSALS[code].split("{")]
    return words.startswith(pieces[0]) and words.endswith(pieces[-1])


def assert_beside_its_field(answer: Answer, code: str, fields: Mapping[str, str]) -> None:
    """The refusal is on the page once, in its own words, at the field that `fields` names."""
    (found,) = errors(answer).items()
    assert (found[0], len(found[1])) == (fields[code], 1)
    assert says(found[1][0], code), found


@pytest.fixture
def desk(db: None) -> Iterator[Desk]:
    with time_machine.travel(NOW, tick=False):
        yield Desk()
