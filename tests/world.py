"""One evening as rows: a track, its session with segments, the room, and the people around it.

Owns how a test, or a benchmark, makes them without the services, at any time and of any size.
Tests of scheduling make tracks by the services themselves (tests.scheduling.tracks). Import it
only once Django is set up.
"""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

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
from sessions.people.login_sessions import SessionStore
from tests.people.accounts import show_factor

THIRDS: Final = (SegmentKind.CHECK_IN, SegmentKind.TOPIC, SegmentKind.WRAP_UP)
TITLES: Final = {
    SegmentKind.CHECK_IN: "Check-in",
    SegmentKind.TOPIC: "Topic",
    SegmentKind.WRAP_UP: "Wrap-up",
    SegmentKind.BREAK: "Break",
}
MINUTES: Final = 90


def person(name: str, *roles: Role, prefix: str = "", email: str = "") -> Person:
    """A person who can sign in; without roles a client."""
    made = Person(
        email=email or f"{prefix}{name.lower()}@example.org",
        display_name=name,
        roles=[role.value for role in roles or (Role.CLIENT,)],
    )
    made.set_unusable_password()
    made.save()
    return made


def track(name: str, starts_at: datetime, minutes: int = MINUTES, seats: int = 12) -> Track:
    """Twelve weeks from that evening on, in UTC."""
    program, _ = Program.objects.get_or_create(name="Evening")
    template, _ = AgendaTemplate.objects.get_or_create(name="Thirds")
    return Track.objects.create(
        program=program,
        name=name,
        weekdays=[starts_at.weekday()],
        local_start=starts_at.time(),
        minutes=minutes,
        zone="UTC",
        first_date=starts_at.date(),
        weeks=12,
        seats=seats,
        template=template,
    )


def room(
    of: Track,
    starts_at: datetime,
    minutes: int = MINUTES,
    kinds: tuple[SegmentKind, ...] = THIRDS,
) -> Room:
    """The track's first session, in segments of one share each, and its room."""
    session = Session.objects.create(
        track=of,
        number=1,
        local_date=starts_at.date(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        topic="Sleep",
    )
    SessionSegment.objects.bulk_create(
        SessionSegment(
            session=session, position=position, kind=kind.value, title=TITLES[kind], share=1
        )
        for position, kind in enumerate(kinds)
    )
    return Room.objects.create(session=session)


def staff(of: Track, facilitator: Person) -> Staffing:
    """Lets a facilitator lead the track."""
    return Staffing.objects.create(track=of, person=facilitator)


def enrol(of: Track, client: Person, session: Session) -> Enrolment:
    """Puts a client on a roster from the session's date on."""
    return Enrolment.objects.create(
        track=of,
        person=client,
        display_name=client.display_name,
        starts_on=session.local_date,
    )


def cookie_of(somebody: Person) -> str:
    """The Cookie header of a browser in which this person is signed in, by a second factor."""
    store = SessionStore()
    store[SESSION_KEY] = str(somebody.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = somebody.get_session_auth_hash()
    show_factor(store, somebody)
    store.save()
    return f"{settings.SESSION_COOKIE_NAME}={store.session_key}"
