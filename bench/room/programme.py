"""The programme that `bench.room` runs: so many rooms, each with one facilitator and its clients.

Owns the rows, and the cookies of the people in them. Import it only once Django is set up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.utils import timezone

from sessions.core.agenda import SegmentKind
from sessions.core.permissions import Role
from sessions.models import (
    AgendaTemplate,
    Enrolment,
    Person,
    Program,
    Room,
    Session,
    SessionSegment,
    Staffing,
    Track,
)
from sessions.people.second_factor.services import touch

STARTS_IN = timedelta(minutes=5)  # the lobby is open, nobody is late
MINUTES = 180  # three segments of an hour: what a run extends is never exhausted
KINDS = (SegmentKind.CHECK_IN, SegmentKind.TOPIC, SegmentKind.WRAP_UP)


@dataclass(frozen=True, slots=True)
class Group:
    """A session's public id, and the Cookie header of each of its people, the facilitator's
    first."""

    session: str
    cookies: tuple[str, ...]


def make(rooms: int, people: int) -> list[Group]:
    """`rooms` sessions that start in five minutes, with `people` each, facilitator included."""
    starts_at = timezone.now() + STARTS_IN
    with transaction.atomic():
        program = Program.objects.create(name="Bench")
        template = AgendaTemplate.objects.create(name="Thirds")
        return [
            _group(_track(program, template, starts_at, people, number), starts_at, people, number)
            for number in range(rooms)
        ]


def _track(
    program: Program, template: AgendaTemplate, starts_at: datetime, people: int, number: int
) -> Track:
    return Track.objects.create(
        program=program,
        name=f"Track {number}",
        weekdays=[starts_at.weekday()],
        local_start=starts_at.time(),
        minutes=MINUTES,
        zone="UTC",
        first_date=starts_at.date(),
        weeks=12,
        seats=people,
        template=template,
    )


def _group(track: Track, starts_at: datetime, people: int, number: int) -> Group:
    session = Session.objects.create(
        track=track,
        number=1,
        local_date=starts_at.date(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=MINUTES),
        topic="Sleep",
    )
    Room.objects.create(session=session)
    SessionSegment.objects.bulk_create(
        SessionSegment(
            session=session, position=position, kind=kind.value, title=kind.value, share=1
        )
        for position, kind in enumerate(KINDS)
    )
    return Group(session.public_id, tuple(_people(track, session, people, number)))


def _people(track: Track, session: Session, people: int, number: int) -> Iterator[str]:
    facilitator = _person(f"Dana {number}", f"staff{number}", Role.FACILITATOR)
    Staffing.objects.create(track=track, person=facilitator)
    yield cookie_of(facilitator)
    for place in range(1, people):
        client = _person(f"Sam {place}", f"client{number}.{place}", Role.CLIENT)
        Enrolment.objects.create(
            track=track,
            person=client,
            display_name=client.display_name,
            starts_on=session.local_date,
        )
        yield cookie_of(client)


def _person(name: str, address: str, role: Role) -> Person:
    made = Person(email=f"{address}@example.org", display_name=name, roles=[role.value])
    made.password = "!"  # noqa: S105  # Django's mark of a password that nothing matches
    made.save()
    return made


def cookie_of(person: Person) -> str:
    """The Cookie header of a browser in which this person is signed in, by a second factor."""
    store = SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    record_authentication(SimpleNamespace(session=store), person, "mfa", type="totp", id=0)
    touch(store)
    store.save()
    return f"{settings.SESSION_COOKIE_NAME}={store.session_key}"
