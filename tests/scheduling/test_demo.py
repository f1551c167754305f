"""The demo: made whole on an empty database, topped up later, refused elsewhere."""

import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from pytest_django import Settings

from sessions.core.permissions import Role, Verb, allowed
from sessions.core.room_state import RoomState
from sessions.models import Person, Room, Session, Track
from sessions.people.selectors import demo_people
from sessions.scheduling.demo import seed_demo
from sessions.scheduling.selectors import principal, roster, sessions_for_client

pytestmark = pytest.mark.django_db

MIDNIGHT = datetime(2026, 11, 29, 5, 12, 40, tzinfo=UTC)  # Sunday in New York: no evening is near


@pytest.fixture(autouse=True)
def demo(settings: Settings, clock: time_machine.Traveller) -> None:
    settings.THIRDS_DEMO = True
    clock.move_to(MIDNIGHT)


def seed() -> Session:
    return seed_demo(timezone.now())


def everything() -> tuple[int, int, int]:
    return Person.objects.count(), Track.objects.count(), Session.objects.count()


def test_demo_is_refused_where_there_is_none(settings: Settings) -> None:
    settings.THIRDS_DEMO = False
    with pytest.raises(ImproperlyConfigured):
        seed()
    with pytest.raises(CommandError):
        call_command("seed_demo")
    assert everything() == (0, 0, 0)


def test_demo_has_its_people_and_tracks() -> None:
    seed()
    roles = [sorted(person.roles) for person in demo_people()]
    assert roles == [["facilitator"]] * 2 + [["program_manager"]] + [["client"]] * 12
    assert [one.display_name for one in demo_people()][:3] == ["Dana", "Luis", "Morgan"]
    assert set(Track.objects.values_list("name", "template__name", "minutes")) == {
        ("Evening", "Evening, three blocks", 210),
        ("Morning", "Three groups of 50 minutes", 170),
        ("Afternoon", "Thirds", 90),
        ("Try it", "Thirds", 90),
    }


def test_demo_evening_is_the_curriculum_in_three_blocks() -> None:
    seed()
    evening = Track.objects.get(name="Evening").sessions.order_by("number")
    assert evening.count() + 3 == 36  # this week's three are past on a Sunday
    assert {one.topic_code for one in evening} >= {"RP7", "FX2", "FX3"}
    assert [(row.kind, row.block, row.minutes) for row in evening[0].segments.all()] == [
        ("check_in", 1, 65),
        ("break", 1, 10),
        ("topic", 2, 60),
        ("break", 2, 10),
        ("wrap_up", 3, 65),
    ]


def test_demo_session_starts_in_five_minutes_lasts_ninety_in_thirds() -> None:
    session = seed()
    assert session.is_demo
    assert session.starts_at == datetime(2026, 11, 29, 5, 18, tzinfo=UTC)
    assert session.ends_at - session.starts_at == timedelta(minutes=90)
    assert [(row.kind, row.share) for row in session.segments.all()] == [
        ("check_in", 1),
        ("topic", 1),
        ("wrap_up", 1),
    ]
    assert (len(roster(session)), session.room.state) == (12, RoomState.SCHEDULED)


def test_demo_people_may_enter_and_the_manager_may_not() -> None:
    session = seed()
    entering = {
        person.display_name: allowed(Verb.ROOM_ENTER, principal(person, session)) is None
        for person in demo_people()
    }
    assert [name for name, may in entering.items() if not may] == ["Morgan"]
    sam = demo_people().get(display_name="Sam")
    assert sessions_for_client(sam, timezone.now()).first() == session


def test_demo_seeded_twice_is_the_same(clock: time_machine.Traveller) -> None:
    first, before = seed(), everything()
    clock.shift(timedelta(minutes=3))
    assert (seed(), everything()) == (first, before)


@pytest.mark.parametrize(
    ("state", "later", "same"),
    [
        (RoomState.SCHEDULED, timedelta(minutes=34), True),
        (RoomState.SCHEDULED, timedelta(minutes=36), False),
        (RoomState.LIVE, timedelta(minutes=80), True),
        (RoomState.PAUSED, timedelta(minutes=80), True),
        (RoomState.LIVE, timedelta(hours=3), False),
        (RoomState.ENDED, timedelta(minutes=1), False),
        (RoomState.CANCELLED, timedelta(minutes=1), False),
    ],
)
def test_demo_is_topped_up_when_nothing_is_open(
    state: RoomState, later: timedelta, same: bool, clock: time_machine.Traveller
) -> None:
    first = seed()
    Room.objects.filter(session=first).update(state=state)
    clock.shift(later)
    second = seed()
    assert (second == first) is same
    assert second.number == first.number + (not same)


def test_demo_evening_that_is_about_to_open_is_not_doubled(clock: time_machine.Traveller) -> None:
    """Monday 17:20 in New York: the evening's own lobby is open."""
    clock.move_to(datetime(2026, 11, 30, 22, 20, tzinfo=UTC))
    session = seed()
    assert (session.track.name, session.is_demo) == ("Evening", False)


def test_demo_after_its_weeks_gets_new_ones(clock: time_machine.Traveller) -> None:
    seed()
    clock.shift(timedelta(weeks=20))
    seed()
    coming = Session.objects.filter(starts_at__gt=timezone.now()).values_list("track__name")
    assert {name for (name,) in coming} == {"Evening", "Morning", "Afternoon", "Try it"}


def test_demo_says_whom_to_sign_in_as() -> None:
    out = io.StringIO()
    call_command("seed_demo", stdout=out)
    assert out.getvalue() == (
        "Sign in as  Dana (facilitator), Sam (client), Morgan (program manager): "
        "tap a name on the sign-in page.\n"
        "The group of 12:18 AM (New York time) starts in 5 min; its door is open.\n"
    )


def test_demo_roles_are_one_each() -> None:
    seed()
    assert {tuple(person.role_set) for person in demo_people()} == {(role,) for role in Role}
