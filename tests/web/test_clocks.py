"""Times on pages, for readers in other zones than the group's; and that every time goes through
the tags of `sessions.web.clocks`."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import time_machine
from django.test import Client

from server import surface
from sessions.core.permissions import Role
from sessions.core.room_state import RoomState
from sessions.models import AuditEvent, Person, Room, Track
from sessions.web.clocks import COOKIE
from tests.people.accounts import account, facilitator, manager
from tests.scheduling.tracks import MONDAY, NEW_YORK, track
from tests.web.conftest import signed_in
from tests.web.desk import says
from tests.web.pages import Answer, Element, errors, main, notes, read

MORNING = datetime(2026, 11, 30, 14, 0, tzinfo=UTC)  # Monday, nine o'clock in New York
LOS_ANGELES, BERLIN = "America/Los_Angeles", "Europe/Berlin"
WEB = Path(__file__).resolve().parents[2] / "sessions" / "web"
CLOCK = re.compile(r"\b\d{1,2}:\d\d\b")
OWN = "/your-time-zone/"


@pytest.fixture(autouse=True)
def clock(db: None) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MORNING, tick=False) as travels:
        yield travels


def card(answer: Answer) -> list[str]:
    (found,) = [one for one in main(answer).all("section") if "next" in one.get("class").split()]
    return [one.text for one in found.all("p")][:3]


def home(who: Person, zone: str) -> Answer:
    answer: Answer = signed_in(who, zone).get("/")
    return answer


def test_client_in_los_angeles_of_a_group_in_new_york() -> None:
    sam = account("Sam")
    track(roster=(sam,), facilitators=(facilitator("Dana"),))
    answer = home(sam, LOS_ANGELES)
    assert card(answer) == [
        "Today, 3:00 PM Los Angeles time (6:00 PM New York time)",
        "Until 4:30 PM with Dana.",
        "The door opens at 2:45 PM.",
    ]
    lines = [one.text for one in main(answer).all("li")]
    assert lines[0] == (
        "Wed 2 3:00 – 4:30 PM Los Angeles time (6:00 – 7:30 PM New York time) with Dana"
    )


def test_two_groups_at_six_in_two_zones_are_two_different_lines() -> None:
    """Kills: "6:00 PM" twice, with a zone known and without."""
    sam = account("Sam")
    for zone in (NEW_YORK, LOS_ANGELES):
        track(roster=(sam,), zone=zone, weekdays=frozenset({2}), weeks=1)
    shown = {zone: main(home(sam, zone)).text for zone in (NEW_YORK, "")}
    assert "Wednesday, December 2, 6:00 PM Until" in shown[NEW_YORK]
    assert "9:00 – 10:30 PM New York time (6:00 – 7:30 PM Los Angeles time)" in shown[NEW_YORK]
    assert "Wednesday, December 2, 6:00 PM New York time Until" in shown[""]
    assert "6:00 – 7:30 PM Los Angeles time" in shown[""]


def test_reader_on_another_date_sees_both_dates() -> None:
    sam = account("Sam")
    track(roster=(sam,), local_start=time(20), weekdays=frozenset({0}), weeks=1)
    assert card(home(sam, BERLIN))[0] == (
        "Tomorrow, 2:00 AM Berlin time (Mon, Nov 30, 8:00 PM New York time)"
    )


@pytest.mark.parametrize(
    ("monday", "shown"),
    [
        (date(2026, 10, 19), "11:00 PM Berlin time (5:00 PM New York time)"),
        (date(2026, 10, 26), "10:00 PM Berlin time (5:00 PM New York time)"),
        (date(2026, 11, 2), "11:00 PM Berlin time (5:00 PM New York time)"),
    ],
)
def test_days_between_two_changes_of_the_clocks(
    monday: date, shown: str, clock: time_machine.Traveller
) -> None:
    """Berlin changes on 25 October, New York on 1 November."""
    clock.move_to(datetime(2026, 10, 18, 12, 0, tzinfo=UTC))
    sam = account("Sam")
    track(
        roster=(sam,),
        local_start=time(17),
        weekdays=frozenset({0}),
        weeks=3,
        first_date=date(2026, 10, 19),
    )
    clock.move_to(datetime.combine(monday, time(12), tzinfo=UTC))
    assert card(home(sam, BERLIN))[0] == f"Today, {shown}"


@pytest.mark.parametrize("cookie", ["EST", "Mars/Olympus", "<b>", "x" * 5000])
def test_cookie_that_names_no_place_counts_as_none(cookie: str) -> None:
    sam = account("Sam")
    track(roster=(sam,))
    assert card(home(sam, cookie))[0] == "Today, 6:00 PM New York time"


def test_manager_sees_two_weeks_of_their_own_calendar(clock: time_machine.Traveller) -> None:
    """On Sunday evening in New York it is Monday in UTC: this week still has its Sunday. Kills:
    weeks that begin where the server is."""
    clock.move_to(datetime(2026, 12, 7, 1, 0, tzinfo=UTC))  # Sunday, eight in the evening
    track(weekdays=frozenset({6}), local_start=time(21), first_date=date(2026, 12, 6), weeks=3)
    lines = [one.text for one in main(home(manager(), NEW_YORK)).all("li")]
    assert [one[:6] for one in lines] == ["Sun 6 ", "Sun 13"]
    assert len(main(home(manager("Kim"), BERLIN)).all("li")) == 2


def test_facilitator_of_a_group_over_midnight_may_reach_who_leaves_the_roster_with_that_day(
    clock: time_machine.Traveller,
) -> None:
    """Kills: at half past midnight "today" is a day after the session's."""
    dana, sam = facilitator("Dana"), account("Sam")
    there = track(
        facilitators=(dana,), roster=(sam,), local_start=time(22, 30), minutes=150, weeks=1
    )
    there.enrolments.update(ends_on=MONDAY)
    session = there.sessions.order_by("starts_at")[0]
    where = f"/sessions/{session.public_id}/details/{sam.public_id}/"
    clock.move_to(session.starts_at + timedelta(hours=2))
    assert signed_in(dana).get(where).status_code == 200
    clock.move_to(session.ends_at + timedelta(hours=1))
    assert signed_in(dana).get(where).status_code == 404
    rooms = Room.objects.filter(session=session)  # it was ended later, and goes on still
    rooms.update(state=RoomState.LIVE.value, started_at=session.starts_at)
    assert signed_in(dana).get(where).status_code == 200
    rooms.update(state=RoomState.ENDED.value, ended_at=session.ends_at)
    assert signed_in(dana).get(where).status_code == 404


# ---- a setting of one's own ----------------------------------------------------------------------


@pytest.mark.parametrize("who", [account, facilitator, manager])
def test_everybody_chooses_their_own_zone(who: type) -> None:
    person = who("Kim")
    track(roster=(person,) if who is account else ())
    browser = signed_in(person, NEW_YORK)
    answer = browser.post(OWN, {"zone": LOS_ANGELES}, follow=True)
    assert notes(answer)[0] == "Saved. Times are shown by this clock from now on."
    person.refresh_from_db()
    assert person.zone == LOS_ANGELES
    event = AuditEvent.objects.order_by("pk").last()
    assert event is not None
    assert (event.verb, event.actor_id, event.subject_id) == ("own.zone", person.pk, person.pk)
    if who is account:
        assert "3:00 PM Los Angeles time (6:00 PM New York time)" in main(answer).text
    assert browser.post(OWN, {"zone": ""}).status_code == 302
    person.refresh_from_db()
    assert person.zone == ""


@pytest.mark.parametrize(
    ("typed", "code"), [("EST", "track.zone_without_place"), ("Mars", "track.zone_unknown")]
)
def test_zone_that_is_no_place_is_refused_beside_its_field(typed: str, code: str) -> None:
    sam = account("Sam")
    answer = signed_in(sam).post(OWN, {"zone": typed})
    assert answer.status_code == 422
    (said,) = errors(answer)["zone"]
    assert says(said, code)
    sam.refresh_from_db()
    assert sam.zone == ""


def test_nobody_signed_out_has_a_zone() -> None:
    assert Client().get(OWN).headers["Location"].startswith("/sign-in/")


# ---- new rules of a zone -------------------------------------------------------------------------


def test_manager_is_told_of_new_rules_for_two_weeks(clock: time_machine.Traveller) -> None:
    there = track(name="Evening")
    Track.objects.filter(pk=there.pk).update(replanned_at=MORNING, replanned=3)
    morgan = manager()
    where = f"/tracks/{there.public_id}/"
    said = "The time zone of Evening got new rules, and its sessions moved with them."
    assert said in notes(home(morgan, NEW_YORK))
    assert notes(signed_in(morgan).get(where))[0].startswith("On Mon, Nov 30 the time zone of")
    assert said not in notes(home(account("Sam"), NEW_YORK))
    clock.move_to(MORNING + timedelta(days=14))
    assert said not in notes(home(morgan, NEW_YORK))
    assert notes(signed_in(morgan).get(where)) == []


# ---- every time goes through the tags ------------------------------------------------------------


def test_no_template_formats_a_time_itself() -> None:
    """Kills: a filter, which knows no reader."""
    wrong = re.compile(r"\|\s*(date|time|timesince|timeuntil|localtime|timezone)\b|{%\s*now\b")
    found = [one.name for one in WEB.rglob("*.html") if wrong.search(one.read_text())]
    assert found == []


def test_no_view_formats_a_time_itself() -> None:
    """Kills: words.clock() in a view, strftime, a zone that a view reads by itself."""
    wrong = re.compile(
        r"words\.(clock|times|day|long_date)\(|strftime|%[IHM]:?%|ZoneInfo|astimezone"
    )
    found = [one.name for one in WEB.rglob("*.py") if wrong.search(one.read_text())]
    assert sorted(found) == ["clocks.py", "forms.py", "words.py"]  # forms: how a time is typed


def outside_of_times(page: Element) -> list[str]:
    """What looks like a clock, and stands in no <time>."""
    found = [
        one
        for one in page.inside
        if isinstance(one, str) and page.tag not in {"time", "script"} and CLOCK.search(one)
    ]
    return [*found, *(text for one in page.all() for text in _own(one))]


def _own(one: Element) -> list[str]:
    if one.tag in {"time", "script"}:
        return []
    return [text for text in one.inside if isinstance(text, str) and CLOCK.search(text)]


def test_every_page_has_its_clocks_in_times_and_each_names_two_zones(
    clock: time_machine.Traveller,
) -> None:
    kim = account("Kim", list(Role))
    sam = account("Sam")
    there = track(facilitators=(kim,), roster=(sam,), zone=NEW_YORK)
    over = there.sessions.order_by("starts_at")[0]
    clock.move_to(MORNING + timedelta(days=2))
    Room.objects.filter(session=over).update(
        state=RoomState.ENDED.value, started_at=over.starts_at, ended_at=over.ends_at
    )
    browser, seen = signed_in(kim, LOS_ANGELES), 0
    for address in surface.addresses():
        ids = {"people": sam.public_id, "tracks": there.public_id}
        route = address.route.replace("<id:key>", sam.public_id)
        kind = route.split("/")[1]
        where = route.replace("<id:public_id>", ids.get(kind, over.public_id))
        if (address.verb or address.own) and "<" not in where:
            answer = browser.get(where)
            if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
                page = read(answer)
                assert outside_of_times(page) == [], where
                text = page.text
                seen += "Los Angeles time" in text and "New York time" in text
    assert seen >= 4  # home, track, attendance, roster


def test_device_zone_is_sent_by_a_cookie_of_that_name() -> None:
    """The script and the server agree on the cookie's name; every page has the script."""
    script = (WEB / "static" / "js" / "zone.js").read_text()
    assert f"`{COOKIE}=${{zone}};" in script
    for page in ("base.html", "rooms/room.html"):
        assert "js/zone.js" in (WEB / "templates" / page).read_text()
