"""The first page, for everybody who may open it: what is next, and the door to it."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.conf import LazySettings

from sessions.audit.services import OPERATOR
from sessions.core.admission import SeatState
from sessions.core.permissions import Role
from sessions.core.room_state import RoomState
from sessions.models import AccountRequest, Person, Room, Seat, Session, Track
from sessions.people.second_manager import ask_second
from sessions.scheduling.services import session_cancel
from tests.people.accounts import account, facilitator, manager, stop_codes
from tests.scheduling.tracks import track
from tests.web.conftest import signed_in
from tests.web.pages import Answer, links, main, notes, read

MORNING = datetime(2026, 11, 30, 14, 0, tzinfo=UTC)  # Monday, nine o'clock in New York
IN_LOBBY = datetime(2026, 11, 30, 22, 50, tzinfo=UTC)  # ten minutes before 18:00 there


@pytest.fixture(autouse=True)
def clock(db: None) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MORNING, tick=False) as travels:
        yield travels


def page(who: Person) -> Answer:
    answer: Answer = signed_in(who).get("/")
    return answer


def cards(answer: Answer) -> list[list[str]]:
    """The words of each card: heading, when, what, and what to do."""
    found = [one for one in main(answer).all("section") if "card" in one.get("class").split()]
    return [[one.text for one in card.all("h2", "p", "a") if one.text] for card in found]


def lines(answer: Answer) -> list[str]:
    return [one.text for one in main(answer).all("li")]


def struck(answer: Answer) -> list[str]:
    return [one.text for one in main(answer).all("s")]


def remove(who: Person, session: Session) -> None:
    """What staff do in the room."""
    Room.objects.filter(session=session).update(
        state=RoomState.LIVE.value, started_at=session.starts_at
    )
    seat = Seat.objects.create(room=session.room, person=who, display_name=who.display_name)
    Seat.objects.filter(pk=seat.pk).update(state=SeatState.REMOVED.value)


def first(there: Track) -> Session:
    return there.sessions.order_by("starts_at")[0]


def test_nothing_planned_says_who_will_plan_it() -> None:
    assert cards(page(account("Sam"))) == [
        ["Next", "Nothing planned", "When staff plan your next appointment, it appears here."]
    ]
    assert lines(page(account("Ana"))) == []


def test_client_sees_the_next_session_and_when_its_door_opens() -> None:
    sam = account("Sam")
    track(roster=(sam,), facilitators=(facilitator("Dana"), facilitator("Luis")))
    answer = page(sam)
    assert cards(answer) == [
        [
            "Next",
            "Today, 6:00 PM",
            "Until 7:30 PM with Dana and Luis.",
            "The door opens at 5:45 PM.",
        ]
    ]
    assert lines(answer)[0] == "Wed 2 6:00 – 7:30 PM with Dana and Luis"
    assert len(lines(answer)) == 5  # two weeks, at most six lines


def test_client_joins_by_one_tap_while_the_door_is_open(clock: time_machine.Traveller) -> None:
    sam = account("Sam")
    there = track(roster=(sam,))
    clock.move_to(IN_LOBBY)
    answer = page(sam)
    assert links(answer)["Join now"] == f"/rooms/{first(there).public_id}/"
    assert "Roster" not in links(answer)


def test_client_reads_no_track_nor_topic() -> None:
    """Over a shoulder, nobody learns what the group is about."""
    sam = account("Sam")
    there = track(roster=(sam,), name="Relapse prevention", uses_curriculum=True)
    words = main(page(sam)).text
    assert [one for one in ("Relapse", first(there).topic) if one in words] == []


def test_facilitator_sees_all_of_today_and_what_was_lately(
    clock: time_machine.Traveller,
) -> None:
    dana = facilitator()
    evening = track(facilitators=(dana,), name="Evening")
    morning = track(facilitators=(dana,), name="Morning", local_start=time(10))
    clock.move_to(MORNING + timedelta(days=2))
    over = first(evening)
    Room.objects.filter(session=over).update(
        state=RoomState.ENDED.value, started_at=over.starts_at, ended_at=over.ends_at
    )
    answer = page(dana)
    assert [card[:3] for card in cards(answer)] == [
        ["You lead", "Today, 10:00 AM", "Morning, until 11:30 AM"],
        ["You lead", "Today, 6:00 PM", "Evening, until 7:30 PM"],
    ]
    assert lines(answer)[0] == "Mon 30 6:00 – 7:30 PM Evening Attendance of Mon, Nov 30"
    assert links(answer)["Attendance of Mon, Nov 30"] == f"/sessions/{over.public_id}/attendance/"
    today = [
        there.sessions.get(starts_at__date="2026-12-02").public_id for there in (morning, evening)
    ]
    papers = [one.get("href") for one in main(answer).all("a") if one.text == "Roster"]
    assert papers == [f"/sessions/{one}/roster/" for one in today]


def test_facilitator_enters_the_room_and_has_its_papers_at_hand(
    clock: time_machine.Traveller,
) -> None:
    dana = facilitator()
    session = first(track(facilitators=(dana,)))
    clock.move_to(IN_LOBBY)
    at = f"/sessions/{session.public_id}"
    shown = links(page(dana))
    assert shown == {
        "Enter the room": f"/rooms/{session.public_id}/",
        "Roster": f"{at}/roster/",
        "Attendance": f"{at}/attendance/",
        "Your sign-in": "/your-sign-in/",
        "Your time zone": "/your-time-zone/",
        "988": "tel:988",
    }


def test_person_with_several_roles_sees_each_of_them() -> None:
    kim = account("Kim", [Role.CLIENT, Role.FACILITATOR, Role.PROGRAM_MANAGER])
    track(facilitators=(kim,), name="Evening")
    track(facilitators=(facilitator("Luis"),), roster=(kim,), local_start=time(12))
    assert [card[:3] for card in cards(page(kim))] == [
        ["You lead", "Today, 6:00 PM", "Evening, until 7:30 PM"],
        ["Next", "Today, 12:00 PM", "Until 1:30 PM with Luis."],
    ]


def test_role_that_was_taken_away_shows_nothing() -> None:
    sam, dana = account("Sam"), facilitator("Dana")
    track(roster=(sam,), facilitators=(dana,))
    Person.objects.filter(pk=sam.pk).update(roles=["facilitator"])
    Person.objects.filter(pk=dana.pk).update(roles=["client"])
    for one in (sam, dana):
        one.refresh_from_db()
        assert cards(page(one))[0][1] == "Nothing planned"


def test_manager_is_led_to_the_tracks() -> None:
    morgan = manager()
    assert links(page(morgan))["Make a track"] == "/tracks/add/"
    track()
    assert links(page(morgan))["Go to the tracks"] == "/tracks/"


OUT = "You’re out of this group for today. Your minutes are counted. Your program will call you."
CANCELLED = "This group is cancelled. It does not meet."


def test_removed_client_is_offered_no_way_in_and_reads_whom_to_call(
    clock: time_machine.Traveller, settings: LazySettings
) -> None:
    settings.THIRDS_STAFF_PHONE = "+15550102030"
    sam = account("Sam")
    there = track(roster=(sam,), facilitators=(facilitator("Dana"),))
    clock.move_to(first(there).starts_at + timedelta(minutes=10))
    remove(sam, first(there))
    answer = page(sam)
    assert cards(answer) == [
        [
            "You’re out of today’s group",
            "Today, 6:00 PM",
            "Until 7:30 PM with Dana.",
            f"{OUT} You can call staff before that.",
            "call staff",
        ],
        [
            "Next",
            "Wednesday, December 2, 6:00 PM",
            "Until 7:30 PM with Dana.",
            "The door opens at 5:45 PM.",
        ],
    ]
    assert [one for one in links(answer).values() if "/rooms/" in one] == []
    assert struck(answer) == []


def test_client_who_was_removed_from_one_group_joins_the_other_of_the_evening(
    clock: time_machine.Traveller,
) -> None:
    sam = account("Sam")
    early = track(roster=(sam,), name="Early")
    late = track(roster=(sam,), name="Late", local_start=time(18, 15))
    clock.move_to(first(late).starts_at)
    remove(sam, first(early))
    assert links(page(sam))["Join now"] == f"/rooms/{first(late).public_id}/"


def test_who_was_removed_reads_the_phone_of_staff_at_the_door(
    clock: time_machine.Traveller, settings: LazySettings
) -> None:
    settings.THIRDS_STAFF_PHONE = "+15550102030"
    sam = account("Sam")
    there = first(track(roster=(sam,)))
    clock.move_to(there.starts_at)
    remove(sam, there)
    answer = signed_in(sam).get(f"/rooms/{there.public_id}/")
    assert [one.get("href") for one in read(answer).all("a") if one.text == "call staff"] == [
        "tel:+15550102030"
    ]


@pytest.mark.parametrize("when", [MORNING, IN_LOBBY])
def test_cancelled_session_stays_on_the_first_page_with_a_word(
    clock: time_machine.Traveller, when: datetime
) -> None:
    sam, dana = account("Sam"), facilitator("Dana")
    there = track(roster=(sam,), facilitators=(dana,), name="Evening")
    session_cancel(OPERATOR, first(there))
    clock.move_to(when)
    until = "Until 7:30 PM with Dana."
    assert cards(page(sam)) == [
        ["Cancelled", "Today, 6:00 PM", until, CANCELLED],
        ["Next", "Wednesday, December 2, 6:00 PM", until, "The door opens at 5:45 PM."],
    ]
    assert [card[:3] for card in cards(page(dana))] == [
        ["Cancelled", "Today, 6:00 PM", "Evening, until 7:30 PM"],
        ["You lead", "Wednesday, December 2, 6:00 PM", "Evening, until 7:30 PM"],
    ]
    assert cards(page(dana))[0][3] == CANCELLED
    assert struck(page(sam)) == struck(page(dana)) == ["Today, 6:00 PM"]


def test_cancelled_session_leaves_the_first_page_at_its_planned_end(
    clock: time_machine.Traveller,
) -> None:
    sam, dana = account("Sam"), facilitator("Dana")
    there = track(roster=(sam,), facilitators=(dana,))
    session_cancel(OPERATOR, first(there))
    clock.move_to(first(there).ends_at)
    assert [struck(page(who)) for who in (sam, dana)] == [[], []]


def test_later_session_that_is_cancelled_is_struck_in_the_list() -> None:
    sam = account("Sam")
    there = track(roster=(sam,))
    session_cancel(OPERATOR, there.sessions.order_by("starts_at")[1])
    answer = page(sam)
    assert struck(answer) == ["6:00 – 7:30 PM"]
    assert lines(answer)[0] == "Wed 2 6:00 – 7:30 PM with Dana cancelled"
    assert len(cards(answer)) == 1


def test_manager_reads_that_codes_are_stopped_and_where_to_look(
    clock: time_machine.Traveller,
) -> None:
    morgan, sam = manager(), account("Sam")
    stop_codes(sam)
    answer = page(morgan)
    assert notes(answer)[-1:] == [
        "Many wrong codes were typed for 1 account, so codes are stopped there: somebody may be "
        "guessing. Open the list of people ."
    ]
    assert links(answer)["Open the list of people"] == "/people/"
    assert [notes(page(who)) for who in (facilitator("Dana"), sam)] == [[], []]


def test_manager_reads_that_a_change_waits_for_a_second_one() -> None:
    morgan, dana, luis = manager(), facilitator("Dana"), facilitator("Luis")
    ask_second(morgan, dana, AccountRequest.Kind.RESET)
    assert notes(page(manager("Kim")))[-1:] == [
        "1 change of an account waits for a second program manager. Look at it ."
    ]
    ask_second(morgan, luis, AccountRequest.Kind.RESET)
    answer = page(morgan)
    assert notes(answer)[-1:] == [
        "2 changes of an account wait for a second program manager. Look at them ."
    ]
    assert links(answer)["Look at them"] == "/people/"
    assert notes(page(dana)) == []
