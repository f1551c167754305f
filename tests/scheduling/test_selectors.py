"""Reads: a day's roster, what comes next, how somebody stands; each in a fixed number of queries."""

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from sessions.audit.services import OPERATOR
from sessions.core.admission import SeatState
from sessions.core.permissions import Principal, Role
from sessions.core.room_state import RoomState
from sessions.models import Enrolment, Person, Room, Seat, Session, Track
from sessions.people.services import person_change, person_deactivate
from sessions.scheduling import selectors
from sessions.scheduling.services import session_cancel, track_move_date
from sessions.scheduling.services_roster import enrol, unenrol, unstaff
from tests.people.accounts import account, facilitator, manager
from tests.scheduling.tracks import MONDAY, NOW, staffed_by, track
from tests.signaling.evening import evening

pytestmark = pytest.mark.django_db

A_DAY = timedelta(days=1)


def on_day(made: Track, day: int) -> Session:
    return made.sessions.get(local_date=MONDAY + A_DAY * day)


# ---- principal ----------------------------------------------------------------------------------


def principal(person: Person | None, session: Session) -> tuple[bool, bool, bool, SeatState]:
    found = selectors.principal(person, session)
    return found.signed_in, found.on_roster, found.staffs_session, found.seat


NOBODY = (False, False, False, SeatState.NONE)


def test_principal_of_client_facilitator_manager_and_stranger() -> None:
    sam, dana, morgan = account("Sam"), facilitator(), manager()
    session = on_day(staffed_by(dana, roster=(sam,)), 0)
    assert selectors.principal(sam, session) == Principal(
        True, frozenset({Role.CLIENT}), on_roster=True
    )
    assert principal(dana, session) == (True, False, True, SeatState.NONE)
    assert principal(morgan, session) == (True, False, False, SeatState.NONE)
    assert principal(None, session) == NOBODY


def test_principal_is_of_the_day_of_the_session() -> None:
    """Kills: asking whether there is an enrolment, whatever its dates."""
    sam, made = account("Sam"), track()
    enrol(OPERATOR, made, sam, starts_on=MONDAY + A_DAY * 2)
    unenrol(OPERATOR, made, sam, MONDAY + A_DAY * 2)
    assert [principal(sam, on_day(made, day))[1] for day in (0, 2, 3)] == [False, True, False]


def test_principal_of_another_track_is_none() -> None:
    sam, dana = account("Sam"), facilitator()
    staffed_by(dana, roster=(sam,))
    other = on_day(track(local_start=time(8)), 0)
    assert principal(sam, other) == principal(dana, other) == (True, False, False, SeatState.NONE)


def test_principal_of_somebody_who_comes_back_is_the_day_of_the_second_stay() -> None:
    sam, made = account("Sam"), track()
    enrol(OPERATOR, made, sam)
    unenrol(OPERATOR, made, sam, MONDAY)
    enrol(OPERATOR, made, sam, starts_on=MONDAY + A_DAY * 3)
    assert [principal(sam, on_day(made, day))[1] for day in (0, 2, 3)] == [True, False, True]


def test_principal_reads_roles_and_account_anew() -> None:
    """An open page or socket holds an old row. Kills: taking the roles from it."""
    sam = account("Sam")
    session = on_day(track(roster=(sam,)), 0)
    person_change(OPERATOR, sam, sam.email, "Sam", {Role.FACILITATOR})
    assert selectors.principal(sam, session).roles == {Role.FACILITATOR}
    person_deactivate(OPERATOR, sam)
    assert principal(sam, session) == NOBODY


def test_principal_has_the_seat_of_this_room_only() -> None:
    sam = account("Sam")
    made = track(roster=(sam,))
    first, second = on_day(made, 0), on_day(made, 2)
    Seat.objects.create(room=first.room, person=sam, state=SeatState.REMOVED)
    assert principal(sam, first)[3] == SeatState.REMOVED
    assert principal(sam, second)[3] == SeatState.NONE


def test_facilitator_who_no_longer_leads_does_not_staff() -> None:
    dana, luis = facilitator("Dana"), facilitator("Luis")
    made = staffed_by(dana, luis)
    unstaff(OPERATOR, made, dana)
    assert principal(dana, on_day(made, 0))[2] is False


# ---- lists -------------------------------------------------------------------------------------


def test_roster_is_of_the_day_and_by_name() -> None:
    made = track(roster=(account("Tess"), account("Sam")))
    enrol(OPERATOR, made, account("Joe"), starts_on=MONDAY + A_DAY * 2)
    assert [
        [one.display_name for one in selectors.roster(on_day(made, day))] for day in (0, 2)
    ] == [
        ["Sam", "Tess"],
        ["Joe", "Sam", "Tess"],
    ]


def test_next_session_of_a_client_is_the_running_one_until_it_ends() -> None:
    sam = account("Sam")
    made = track(roster=(sam,))
    monday, wednesday = on_day(made, 0), on_day(made, 2)
    moments = [NOW, monday.starts_at, monday.ends_at - timedelta(seconds=1), monday.ends_at]
    found = [selectors.sessions_for_client(sam, now).first() for now in moments]
    assert found == [monday, monday, monday, wednesday]


def test_next_session_leaves_out_what_is_over_or_not_on_the_roster() -> None:
    sam = account("Sam")
    made = track(roster=(sam,))
    Room.objects.filter(session=on_day(made, 0)).update(state=RoomState.ENDED)
    assert selectors.sessions_for_client(sam, NOW).first() == on_day(made, 2)
    unenrol(OPERATOR, made, sam, MONDAY + A_DAY)
    assert selectors.sessions_for_client(sam, NOW).first() is None


def test_cancelled_session_stays_until_its_planned_end_for_client_and_facilitator() -> None:
    sam, dana = account("Sam"), facilitator("Dana")
    made = track(roster=(sam,), facilitators=(dana,))
    monday, wednesday = on_day(made, 0), on_day(made, 2)
    session_cancel(OPERATOR, monday)
    for now, first in (
        (monday.ends_at - timedelta(seconds=1), monday),
        (monday.ends_at, wednesday),
    ):
        led = selectors.sessions_for_facilitator(dana, now, now + A_DAY * 14)
        assert (selectors.sessions_for_client(sam, now).first(), led.first()) == (first, first)


def test_session_that_goes_on_after_its_planned_end_stays_for_client_and_facilitator() -> None:
    """Who drops out then finds the way back."""
    sam, dana = account("Sam"), facilitator("Dana")
    made = track(roster=(sam,), facilitators=(dana,))
    monday = on_day(made, 0)
    Room.objects.filter(session=monday).update(state=RoomState.LIVE, started_at=monday.starts_at)
    now = monday.ends_at + timedelta(minutes=40)
    led = selectors.sessions_for_facilitator(dana, now, now + A_DAY * 14)
    assert (selectors.sessions_for_client(sam, now).first(), led.first()) == (monday, monday)


def test_next_session_takes_the_first_of_all_tracks_once() -> None:
    """Two stays on one track. Kills: a join that shows a session twice."""
    sam = account("Sam")
    made = track(roster=(sam,))
    unenrol(OPERATOR, made, sam, MONDAY + A_DAY)
    enrol(OPERATOR, made, sam, starts_on=MONDAY + A_DAY * 3)
    morning = track(roster=(sam,), local_start=time(8), weekdays=frozenset({3}), weeks=1)
    coming = list(selectors.sessions_for_client(sam, NOW))[:3]
    assert coming == [on_day(made, 0), morning.sessions.get(), on_day(made, 3)]


def test_sessions_between_begin_before_its_end_and_are_not_over_at_its_start() -> None:
    made = track()
    track_move_date(OPERATOR, made, MONDAY + A_DAY * 3, MONDAY + A_DAY * 6)
    first, second = on_day(made, 0), on_day(made, 2)
    found = selectors.sessions_between(first.starts_at, on_day(made, 6).starts_at)
    assert list(found) == [first, second]
    assert list(selectors.sessions_between(first.ends_at, second.ends_at)) == [second]


def test_sessions_and_tracks_are_found_by_their_addresses() -> None:
    made = track()
    session = on_day(made, 0)
    assert selectors.session_by_public_id(session.public_id) == session
    assert selectors.track_by_public_id(made.public_id) == made
    assert selectors.session_by_public_id("nothing") is None
    assert selectors.track_by_public_id("nothing") is None


# ---- queries -----------------------------------------------------------------------------------


def look_at(sessions: list[Session]) -> list[tuple[str, str]]:
    return [(one.track.zone, one.room.state) for one in sessions]


def look_at_tracks(tracks: list[Track]) -> None:
    for one in tracks:
        assert [row.person.display_name for row in one.staffings.all()]
        assert [row.person.display_name for row in one.enrolments.all()]
        assert one.program.pk
        assert one.template.name


READS: list[tuple[str, int, Callable[[Person, Person, Session], Any]]] = [
    ("tracks", 3, lambda sam, dana, one: look_at_tracks(list(selectors.tracks()))),
    ("sessions", 1, lambda sam, dana, one: look_at(list(selectors.sessions_of_track(one.track)))),
    ("next", 1, lambda sam, dana, one: look_at(list(selectors.sessions_for_client(sam, NOW)))),
    (
        "weeks",
        1,
        lambda sam, dana, one: look_at(list(selectors.sessions_between(NOW, NOW + A_DAY * 14))),
    ),
    (
        "roster",
        1,
        lambda sam, dana, one: [row.person.display_name for row in selectors.roster(one)],
    ),
    ("principal", 1, lambda sam, dana, one: selectors.principal(sam, one)),
    (
        "templates",
        2,
        lambda sam, dana, one: [list(t.segments.all()) for t in selectors.templates()],
    ),
]


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize(("name", "queries", "read"), READS, ids=[name for name, _, _ in READS])
def test_reads_take_as_many_queries_for_one_row_as_for_three(
    name: str,
    queries: int,
    read: Callable[[Person, Person, Session], Any],
    number: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    people = tuple(account(f"Sam {n}") for n in range(number))
    dana = facilitator()
    for n in range(number):
        made = staffed_by(dana, roster=people, local_start=time(8 + 2 * n), weeks=number)
    session = selectors.sessions_of_track(made)[0]
    with django_assert_num_queries(queries):
        read(people[0], dana, session)


DAYS = [
    (starts, ends)
    for starts in (-1, 0, 1)
    for ends in (None, -1, 0, 1)
    if ends is None or ends >= starts
]


@pytest.mark.parametrize(("starts", "ends"), DAYS)
def test_principal_counts_the_days_of_the_roster(starts: int, ends: int | None) -> None:
    """The statement of `principal` and the roster's own have one idea of a day. Kills: an
    enrolment that ends the day before it says, or never."""
    tonight = evening()
    day = tonight.session.local_date
    mine = Enrolment.objects.filter(person=tonight["Sam"])
    last = None if ends is None else day + A_DAY * ends
    mine.update(starts_on=day + A_DAY * starts, ends_on=last)
    roster = selectors.enrolments_on(tonight.session.track_id, day)
    is_on = roster.filter(person=tonight["Sam"]).exists()
    assert selectors.principal(tonight["Sam"], tonight.session).on_roster is is_on
