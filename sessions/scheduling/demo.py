"""The demo programme: people, tracks and a session that is about to open, for `./run`.

Owns the demo's contents. Everything is made by the services that make it for real; running it
again adds only what is missing, and a session when none is live or about to open. Must refuse
to run where the installation is not a demo: it makes accounts that anybody here can enter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Max, QuerySet

from sessions.audit.services import OPERATOR, record
from sessions.core.curriculum import topic_of
from sessions.core.permissions import Role
from sessions.core.room_state import IN_SESSION, RoomState
from sessions.models import AgendaTemplate, Person, Program, Room, Session, Track
from sessions.people.services import person_add
from sessions.scheduling.calendar import LOBBY, copy_agenda
from sessions.scheduling.defaults import EVENING, THIRDS, THREE_HOURS, lay_down_defaults
from sessions.scheduling.plans import local_day
from sessions.scheduling.services import TrackPlan, track_create

ZONE: Final = "America/New_York"
STARTS_IN: Final = timedelta(minutes=5)
HALF_A_MINUTE: Final = timedelta(seconds=30)  # starts are whole minutes, the nearest
LASTS: Final = timedelta(minutes=90)
STILL_WORTH_JOINING: Final = timedelta(minutes=30)  # an unstarted session, after its start

MANAGER: Final = "Morgan"
FACILITATORS: Final = ("Dana", "Luis")
CLIENTS: Final = (
    "Sam",
    "Maya",
    "Joe",
    "Tess",
    "Imani",
    "Ben",
    "Rosa",
    "Theo",
    "Nadia",
    "Cole",
    "Priya",
    "Walt",
)
PEOPLE: Mapping[str, Role] = {
    MANAGER: Role.PROGRAM_MANAGER,
    **dict.fromkeys(FACILITATORS, Role.FACILITATOR),
    **dict.fromkeys(CLIENTS, Role.CLIENT),
}


@transaction.atomic
def seed_demo(now: datetime) -> Session:
    """Makes what is missing of the demo. Returns the session that is live or about to open.

    Raises ImproperlyConfigured where THIRDS_DEMO is not set.
    """
    if not settings.THIRDS_DEMO:
        raise ImproperlyConfigured("The demo is for the database that ./run makes for itself.")
    lay_down_defaults()
    people = _people()
    for demo in TRACKS:
        _track(demo, people, now)
    return _session_to_join(now) or _top_up(now)


def _people() -> Mapping[str, Person]:
    there = {person.display_name: person for person in Person.objects.filter(is_demo=True)}
    return {name: there.get(name) or _person(name, role) for name, role in PEOPLE.items()}


def _person(name: str, role: Role) -> Person:
    address = f"{name.lower()}@demo.example"
    person = person_add(OPERATOR, address, name, [role], is_demo=True)
    if not isinstance(person, Person):
        raise ImproperlyConfigured(f"The demo cannot add {name}: {person.code}.")
    return person


@dataclass(frozen=True, slots=True)
class DemoTrack:
    """A track of the demo, in the zone of the demo, for `weeks` from a week's Monday."""

    name: str
    agenda: str
    weekdays: frozenset[int]
    local_start: time
    minutes: int
    facilitators: tuple[str, ...]
    roster: tuple[str, ...]
    weeks: int = 12
    weeks_ago: int = 0


DANA, LUIS = FACILITATORS
EVENING_TRACK: Final = DemoTrack(
    "Evening", EVENING, frozenset({0, 2, 3}), time(17, 30), 210, (DANA, LUIS), CLIENTS
)
# All of its pattern is past: its sessions are the top-ups.
TRY_IT_TRACK: Final = DemoTrack(
    "Try it", THIRDS, frozenset({0}), time(5), 90, (DANA, LUIS), CLIENTS, weeks=1, weeks_ago=2
)
TRACKS: Final = (
    EVENING_TRACK,
    DemoTrack("Morning", THREE_HOURS, frozenset({1, 2, 4}), time(10), 170, (LUIS,), CLIENTS[:5]),
    DemoTrack("Afternoon", THIRDS, frozenset({1, 3}), time(14), 90, (DANA,), CLIENTS[5:9]),
    TRY_IT_TRACK,
)


def _track(demo: DemoTrack, people: Mapping[str, Person], now: datetime) -> None:
    """Makes the track unless there is one with something to come (Try it: unless there is one)."""
    found = _rows(demo)
    if demo is not TRY_IT_TRACK:
        found = found.filter(sessions__starts_at__gt=now)
    if found.exists():
        return
    plan = _plan(demo, people, now)
    made = track_create(OPERATOR, plan, may_be_past=demo is TRY_IT_TRACK)
    if not isinstance(made, Track):
        raise ImproperlyConfigured(f"The demo cannot make the track {demo.name}: {made.code}.")


def _rows(demo: DemoTrack) -> QuerySet[Track]:
    return Track.objects.filter(name=demo.name, staffings__person__is_demo=True).distinct()


def _plan(demo: DemoTrack, people: Mapping[str, Person], now: datetime) -> TrackPlan:
    today = now.astimezone(ZoneInfo(ZONE)).date()
    return TrackPlan(
        program=Program.objects.order_by("pk")[0],
        template=AgendaTemplate.objects.get(name=demo.agenda),
        name=demo.name,
        weekdays=demo.weekdays,
        local_start=demo.local_start,
        minutes=demo.minutes,
        zone=ZONE,
        first_date=today - timedelta(days=today.weekday(), weeks=demo.weeks_ago),
        weeks=demo.weeks,
        seats=len(CLIENTS),
        uses_curriculum=True,
        facilitators=tuple(people[name] for name in demo.facilitators),
        roster=tuple(people[name] for name in demo.roster),
    )


def _session_to_join(now: datetime) -> Session | None:
    """One with everybody on its roster: live, or open for half an hour yet."""
    mine = Session.objects.filter(
        track__in=_rows(EVENING_TRACK) | _rows(TRY_IT_TRACK), cancelled_at=None
    ).order_by("starts_at")
    live = mine.filter(room__state__in=list(IN_SESSION), ends_at__gt=now)
    waiting = mine.filter(
        room__state=RoomState.SCHEDULED,
        starts_at__lt=now + LOBBY,
        starts_at__gt=now - STILL_WORTH_JOINING,
    )
    return live.first() or waiting.first()


def _top_up(now: datetime) -> Session:
    """A session in thirds that starts in five minutes; its lobby is open already."""
    track = _rows(TRY_IT_TRACK).order_by("pk")[0]
    starts_at = (now + STARTS_IN + HALF_A_MINUTE).replace(second=0, microsecond=0)
    number = (track.sessions.aggregate(last=Max("number"))["last"] or 0) + 1
    topic = topic_of(number)
    session = Session.objects.create(
        track=track,
        number=number,
        local_date=local_day(track, starts_at),
        starts_at=starts_at,
        ends_at=starts_at + LASTS,
        topic_code=topic.code,
        topic=topic.title,
        is_demo=True,
    )
    Room.objects.create(session=session)
    copy_agenda(track, [session])
    record(OPERATOR, "session.add", session=session)
    return session
