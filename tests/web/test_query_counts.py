"""A list takes the same number of queries whether it has one row or three."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions.core.permissions import Role
from sessions.core.room_state import RoomState
from sessions.models import Enrolment, Person, Room, Session, Staffing, Track
from tests.record.evening import Evening
from tests.web.conftest import signed_in
from tests.web.pages import main
from tests.world import person as make_person


@dataclass
class House:
    """Dana leads a track that Ana comes to; Morgan manages. One session of it has ended."""

    evening: Evening
    ana: Person
    morgan: Person

    @property
    def track(self) -> Track:
        return self.evening.session.track

    def address(self, where: str) -> str:
        return where.format(track=self.track.public_id, session=self.evening.session.public_id)


@pytest.fixture
def house(db: None) -> House:
    now = timezone.now()
    evening = Evening.make(now - timedelta(hours=3))
    house = House(evening, evening.client("Ana"), make_person("Morgan", Role.PROGRAM_MANAGER))
    end(evening.session)
    add_session(house, "first")
    return house


def end(session: Session) -> None:
    """Led lately: it stands on the facilitator's page."""
    Room.objects.filter(session=session).update(
        state=RoomState.ENDED.value, started_at=session.starts_at, ended_at=session.ends_at
    )


def add_person(house: House, name: str) -> None:
    make_person(name)


def add_client(house: House, name: str) -> None:
    house.evening.stay(house.evening.client(name), 0, 90, name)


def add_session(house: House, name: str, track: Track | None = None) -> None:
    number = Session.objects.count()
    starts_at = timezone.now() + timedelta(hours=number)
    session = Session.objects.create(
        track=track or house.track,
        number=number + 1,
        local_date=starts_at.date(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
    )
    Room.objects.create(session=session)


def add_track(house: House, name: str) -> None:
    """Ana comes to it too; Dana and somebody else lead it."""
    made = Track.objects.get(pk=house.track.pk)
    made.pk, made.public_id, made.name = None, name, name
    made._state.adding = True
    made.save()
    for leader in (house.evening.dana, make_person(f"Lead{name}", Role.FACILITATOR)):
        Staffing.objects.create(track=made, person=leader)
    Enrolment.objects.create(
        track=made, person=house.ana, display_name="Ana", starts_on=house.evening.session.local_date
    )
    add_session(house, name, made)


Grow = Callable[[House, str], None]
LISTS: Mapping[str, tuple[str, str, Grow]] = {
    "people": ("/people/", "morgan", add_person),
    "tracks": ("/tracks/", "morgan", add_track),
    "a track's sessions": ("/tracks/{track}/", "morgan", add_session),
    "a track's roster": ("/tracks/{track}/", "morgan", add_client),
    "the form of a track": ("/tracks/{track}/change/", "morgan", add_client),
    "attendance": ("/sessions/{session}/attendance/", "dana", add_client),
    "a session's roster": ("/sessions/{session}/roster/", "dana", add_client),
    "a facilitator's home": ("/", "dana", add_track),
    "a client's home": ("/", "ana", add_track),
    "a manager's home": ("/", "morgan", add_track),
}


def queries(browser: Client, where: str) -> tuple[int, str]:
    """How many a page took, and its words."""
    with CaptureQueriesContext(connection) as captured:
        answer = browser.get(where)
    assert answer.status_code == 200
    return len(captured), main(answer).text


@pytest.mark.parametrize("name", LISTS)
def test_list_takes_as_many_queries_with_three_rows_as_with_one(name: str, house: House) -> None:
    """Killed by: reading each row's people, track or room by itself."""
    where, who, grow = LISTS[name]
    somebody = house.evening.dana if who == "dana" else getattr(house, who)
    browser, where = signed_in(somebody), house.address(where)
    queries(browser, where)  # the first page of a browser also writes its sign-in
    few, words = queries(browser, where)
    for more in ("One", "Two"):
        grow(house, more)
    many, more_words = queries(browser, where)
    assert more_words != words  # the rows are on the page
    assert many == few
