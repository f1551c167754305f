"""What is past stays as it was: the issue's own inputs, on the pages.

The track is New York's, the first session on Monday at 6:00 PM; in each test it is held, and
something is changed on the track afterwards, or while it went on. No worker runs, and nobody
came to the room: that the session was written down is the change's own doing.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from sessions.audit.services import OPERATOR
from sessions.core.agenda import MarkKind
from sessions.core.permissions import Grant, grants
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomState
from sessions.models import AgendaMark, AttendanceCorrection, Person, Room, Session, Track
from sessions.scheduling.members import write_down_due
from sessions.scheduling.selectors import principal
from sessions.scheduling.services import track_change
from sessions.scheduling.services_roster import enrol, staff, unenrol, unstaff
from tests.people.accounts import account, facilitator
from tests.scheduling.tracks import NOW, plan, track
from tests.web.conftest import made, signed_in
from tests.web.pages import hidden, main, rows

HOUR = timedelta(hours=1)
OFF = 403


class Group:
    """A track that Dana leads and Ana and Sam come to, and its first session."""

    def __init__(self, clock: time_machine.Traveller) -> None:
        self.clock = clock
        self.dana, self.luis = facilitator("Dana"), facilitator("Luis")
        self.ana, self.sam, self.eve = account("Ana"), account("Sam"), account("Eve")
        self.track = track(name="Evening", facilitators=(self.dana,), roster=(self.ana, self.sam))
        self.start = self.session.starts_at

    @property
    def session(self) -> Session:
        return Session.objects.filter(track=self.track).order_by("starts_at")[0]

    def at(self, minutes: float) -> None:
        """It is so many minutes after the planned start."""
        self.clock.move_to(self.start + timedelta(minutes=minutes))

    def held(self, start: float = 0, end: float = 90) -> None:
        """From one minute to another, and nobody came."""
        self.begun(start)
        self._mark(2, MarkKind.END, end)
        Room.objects.filter(session=self.session).update(
            state=RoomState.ENDED.value, ended_at=self._instant(end)
        )

    def begun(self, start: float = 0) -> None:
        self._mark(1, MarkKind.START, start)
        Room.objects.filter(session=self.session).update(
            state=RoomState.LIVE.value, started_at=self._instant(start)
        )

    def change(self, **changes: Any) -> None:
        """Saves the page *Change track*."""
        given = {"name": "Evening", "facilitators": None, "roster": None, **changes}
        made(track_change(OPERATOR, self.track, plan(**given)))

    def page(self, name: str, who: Person | None = None) -> Any:
        return signed_in(who or self.dana).get(f"/sessions/{self.session.public_id}/{name}/")

    def names(self, who: Person | None = None) -> list[str]:
        return list(rows(self.page("attendance", who)))

    def grants(self, person: Person) -> frozenset[Grant]:
        return grants(principal(person, self.session))

    def _instant(self, minutes: float) -> datetime:
        return self.start + timedelta(minutes=minutes)

    def _mark(self, number: int, kind: MarkKind, minutes: float) -> None:
        AgendaMark.objects.create(
            room=self.session.room, number=number, at=self._instant(minutes), kind=kind
        )


@pytest.fixture
def group(db: None) -> Iterator[Group]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield Group(clock)


def test_client_taken_off_after_the_session_keeps_row_and_absence(group: Group) -> None:
    group.held()
    group.at(5 * 60)
    made(unenrol(OPERATOR, group.track, group.sam))
    assert rows(group.page("attendance"))["Sam"][-1] == "absent"
    assert "Sam" in main(group.page("roster")).text


def test_client_put_on_after_the_session_has_no_row_in_it(group: Group) -> None:
    group.held()
    group.at(5 * 60)
    made(enrol(OPERATOR, group.track, group.eve))
    assert group.names() == ["Ana", "Sam"]
    assert "Eve" not in main(group.page("roster")).text


def test_page_that_changes_the_whole_roster_leaves_what_was_held(group: Group) -> None:
    group.held()
    group.at(5 * 60)
    group.change(roster=(group.eve,), facilitators=(group.luis,))
    assert group.names() == ["Ana", "Sam"]


def test_zone_of_what_is_to_come_does_not_move_what_was_held(group: Group) -> None:
    group.held()
    group.at(5 * 60)
    group.change(zone="America/Los_Angeles")
    for name in ("attendance", "roster"):
        assert "6:00" in main(group.page(name)).text
        assert "3:00" not in main(group.page(name)).text


def test_name_and_seats_of_what_was_held_stay(group: Group) -> None:
    group.held()
    group.at(5 * 60)
    group.change(name="Relapse prevention", seats=5)
    assert (group.session.track_name, group.session.seats) == ("Evening", 12)
    assert "Evening" in main(signed_in(group.dana).get("/")).text


@pytest.fixture
def taken_over(group: Group) -> Group:
    """Dana led on Monday; on Tuesday Luis takes over."""
    group.held()
    group.at(24 * 60)
    group.change(facilitators=(group.luis,))
    return group


@pytest.mark.parametrize("name", ["attendance", "roster"])
def test_who_led_reads_it_and_a_successor_does_not(taken_over: Group, name: str) -> None:
    assert taken_over.page(name, taken_over.dana).status_code == 200
    assert taken_over.page(name, taken_over.luis).status_code == OFF


def test_who_led_corrects_it_and_a_successor_does_not(taken_over: Group) -> None:
    sent = {
        "person": taken_over.sam.public_id,
        "segment": taken_over.session.segments.all()[0].position,
        "minutes": 5,
        "reason": "by phone",
    }
    where = f"/sessions/{taken_over.session.public_id}/attendance/"
    assert signed_in(taken_over.luis).post(where, sent).status_code == OFF
    assert not AttendanceCorrection.objects.exists()
    dana = signed_in(taken_over.dana)
    cell = f"{where}?person={sent['person']}&segment={sent['segment']}"
    sent |= hidden(dana.get(cell), where)
    assert dana.post(where, sent).status_code == 302
    assert AttendanceCorrection.objects.get().by == taken_over.dana


def test_next_session_is_the_successors(taken_over: Group) -> None:
    """Kills: every session written down, also those to come."""
    following = Session.objects.filter(track=taken_over.track).order_by("starts_at")[1]
    assert Grant.STAFFS in grants(principal(taken_over.luis, following))
    assert Grant.STAFFS not in grants(principal(taken_over.dana, following))
    assert "Evening" in main(signed_in(taken_over.dana).get("/")).text  # lately


def test_personal_details_are_not_for_who_led_once(taken_over: Group) -> None:
    """A record of what was may be read; where somebody lives today is not part of it."""
    page = taken_over.page(f"details/{taken_over.sam.public_id}", taken_over.dana)
    assert page.status_code == OFF
    assert "details" not in str(main(taken_over.page("roster")))


ENDS: list[tuple[float, bool]] = [(-10, False), (40, True), (95, True)]
"""When Sam is taken off, in minutes after the start, and whether he has a row."""


@pytest.mark.parametrize(("minute", "has_row"), ENDS)
def test_client_taken_off_has_a_row_if_a_part_of_it_was_theirs(
    group: Group, minute: float, *, has_row: bool
) -> None:
    group.at(minute)
    if minute > 0:
        group.begun()
    made(unenrol(OPERATOR, group.track, group.sam))
    assert Grant.ON_ROSTER not in group.grants(group.sam)
    assert Grant.ON_ROSTER in group.grants(group.ana)
    if minute <= 0:
        group.begun()
    Room.objects.filter(session=group.session).update(
        state=RoomState.ENDED.value, ended_at=group.start + timedelta(minutes=90)
    )
    group.at(5 * 60)
    assert ("Sam" in group.names()) is has_row


STARTS: list[tuple[float, bool]] = [(-10, True), (40, True), (95, False)]


@pytest.mark.parametrize(("minute", "has_row"), STARTS)
def test_client_put_on_has_a_row_if_a_part_of_it_was_theirs(
    group: Group, minute: float, *, has_row: bool
) -> None:
    group.at(minute)
    if minute > 90:
        group.held()
    else:
        group.begun()
    made(enrol(OPERATOR, group.track, group.eve))
    assert (Grant.ON_ROSTER in group.grants(group.eve)) is has_row
    if minute <= 90:
        Room.objects.filter(session=group.session).update(
            state=RoomState.ENDED.value, ended_at=group.start + timedelta(minutes=90)
        )
    group.at(5 * 60)
    assert ("Eve" in group.names()) is has_row


def test_staff_changed_while_it_goes_on_are_staff_from_then_on(group: Group) -> None:
    group.begun()
    group.at(30)
    made(staff(OPERATOR, group.track, group.luis))
    made(unstaff(OPERATOR, group.track, group.dana))
    assert Grant.STAFFS in group.grants(group.luis)
    assert Grant.STAFFS not in group.grants(group.dana)
    own = group.session.members.filter(is_staff=True).order_by("pk")
    half_past = group.start + timedelta(minutes=30)
    opened = group.start - timedelta(minutes=15)
    assert [(one.person, one.since, one.until) for one in own] == [
        (group.dana, opened, half_past),
        (group.luis, half_past, None),
    ]


def test_staff_taken_off_after_the_end_led_it_all_the_same(group: Group) -> None:
    """Within the ten minutes in which it can be opened again, too."""
    group.held()
    group.at(95)
    made(staff(OPERATOR, group.track, group.luis))
    made(unstaff(OPERATOR, group.track, group.dana))
    assert group.page("attendance", group.dana).status_code == 200
    assert group.page("attendance", group.luis).status_code == OFF


def test_session_past_midnight_lets_go_whom_the_track_lets_go(group: Group) -> None:
    """Kills: days for instants. It began on Monday, and Sam is taken off on Tuesday."""
    Session.objects.filter(pk=group.session.pk).update(
        starts_at=group.start + 5 * HOUR, ends_at=group.start + 7 * HOUR
    )
    group.begun(5 * 60)
    group.at(6.5 * 60)
    made(unenrol(OPERATOR, group.track, group.sam))
    assert Grant.ON_ROSTER not in group.grants(group.sam)


def test_written_down_twice_is_written_down_once(group: Group) -> None:
    group.at(0)
    locked = Track.objects.get(pk=group.track.pk)
    write_down_due(locked, group.start)
    first = list(group.session.members.values_list("pk", flat=True))
    write_down_due(locked, group.start + HOUR)
    assert list(group.session.members.values_list("pk", flat=True)) == first
    assert len(first) == 3
    assert isinstance(unenrol(OPERATOR, group.track, group.eve), Refuse)
