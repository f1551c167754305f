"""A programme made by the services, and somebody to sign in for every way of standing to it."""

from dataclasses import dataclass
from datetime import time, timedelta
from typing import TypeVar

import pytest
from django.test import Client
from django.utils import timezone

from sessions.audit.services import OPERATOR
from sessions.core.agenda import Segment, SegmentKind
from sessions.core.permissions import Role
from sessions.core.refusal import Refuse
from sessions.models import AgendaTemplate, Person, Program, Session, Track
from sessions.people.services import person_add
from sessions.scheduling.plans import TrackPlan
from sessions.scheduling.services import program_add, template_add, track_create

T = TypeVar("T")

THIRDS = (
    Segment(SegmentKind.CHECK_IN, share=1),
    Segment(SegmentKind.TOPIC, share=1),
    Segment(SegmentKind.WRAP_UP, share=1),
)


def made(outcome: T | Refuse) -> T:
    """What a service made; a refusal fails the test with its code."""
    assert not isinstance(outcome, Refuse), outcome
    return outcome


def person(name: str, *roles: Role) -> Person:
    return made(person_add(OPERATOR, f"{name.lower()}@example.org", name, roles))


@dataclass
class Programme:
    """A track that Dana leads and Sam comes to; Luis and Maya are elsewhere, Morgan manages."""

    track: Track
    template: AgendaTemplate
    dana: Person
    luis: Person
    sam: Person
    maya: Person
    morgan: Person

    @property
    def session(self) -> Session:
        return self.track.sessions.order_by("starts_at")[0]

    def standings(self) -> dict[str, Person | None]:
        """Every way of standing to the session, by name."""
        return {
            "signed out": None,
            "on the roster": self.sam,
            "client elsewhere": self.maya,
            "leads it": self.dana,
            "leads elsewhere": self.luis,
            "manages": self.morgan,
        }


def plan(programme_of: Program, template: AgendaTemplate, **changes: object) -> TrackPlan:
    """A weekly track from tomorrow on, 18:00 in New York, ninety minutes."""
    tomorrow = timezone.now().date() + timedelta(days=2)
    wanted: dict[str, object] = {
        "program": programme_of,
        "template": template,
        "name": "Evening",
        "weekdays": frozenset({tomorrow.weekday()}),
        "local_start": time(18),
        "minutes": 90,
        "zone": "America/New_York",
        "first_date": tomorrow,
        "weeks": 3,
        "seats": 12,
    }
    return TrackPlan(**(wanted | changes))  # type: ignore[arg-type]


@pytest.fixture
def programme(db: None) -> Programme:
    dana, luis = person("Dana", Role.FACILITATOR), person("Luis", Role.FACILITATOR)
    sam, maya = person("Sam", Role.CLIENT), person("Maya", Role.CLIENT)
    template = made(template_add(OPERATOR, "Thirds", THIRDS, 90))
    wanted = plan(
        made(program_add(OPERATOR, "Evenings")), template, facilitators=(dana,), roster=(sam,)
    )
    track = made(track_create(OPERATOR, wanted))
    open_soon(track)
    morgan = person("Morgan", Role.PROGRAM_MANAGER)
    return Programme(track, template, dana, luis, sam, maya, morgan)


def open_soon(track: Track) -> None:
    """The first session starts in five minutes: its door is open."""
    first = track.sessions.order_by("starts_at")[0]
    first.starts_at = timezone.now() + timedelta(minutes=5)
    first.ends_at = first.starts_at + timedelta(minutes=90)
    first.save(update_fields=["starts_at", "ends_at"])


def signed_in(somebody: Person | None) -> Client:
    """A browser in which this person is signed in; None: nobody."""
    browser = Client()
    if somebody is not None:
        browser.force_login(somebody)
    return browser
