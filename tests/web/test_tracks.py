"""A track that exists: its page, its changes, a session that is cancelled."""

from datetime import timedelta

import pytest
import time_machine

from sessions.audit.services import OPERATOR
from sessions.models import Session, Track
from sessions.scheduling.selectors import sessions_for_client
from sessions.scheduling.services import session_cancel
from tests.people.accounts import facilitator, sign_in
from tests.scheduling.tracks import AS_PLANNED, NOW, dates, track
from tests.web.conftest import made, signed_in
from tests.web.desk import Desk, desk, last_event, says
from tests.web.pages import Answer, links, main, notes, rows, typed

__all__ = ["desk"]


@pytest.fixture
def there(desk: Desk) -> Track:
    """Mondays, Wednesdays, Thursdays for four weeks; Sam is on its roster."""
    return track(facilitators=(desk.dana,), roster=(desk.sam,), name="Evening")


def page_of(there: Track) -> str:
    return f"/tracks/{there.public_id}/"


def people_of(answer: Answer) -> list[str]:
    (aside,) = main(answer).all("aside")
    return [one.text for one in aside.all("li")]


def test_page_says_when_who_leads_and_who_comes(desk: Desk, there: Track) -> None:
    answer = desk.browser.get(page_of(there))
    assert main(answer).all("p")[0].text == (
        "Mon, Wed, Thu, 6:00 – 7:30 PM, New York time. 4 weeks from Mon, Nov 30."
    )
    assert people_of(answer) == ["Dana", "Sam"]
    assert len(rows(answer)) == len(dates(there)) == 12


def test_list_names_every_track_with_its_seats(desk: Desk, there: Track) -> None:
    (line,) = main(desk.browser.get("/tracks/")).all("li")
    assert line.text == (
        "Evening Mon, Wed, Thu, 6:00 – 7:30 PM, New York time. 4 weeks from Mon, Nov 30. "
        "Dana 1 of 12 seats taken"
    )
    assert links(desk.browser.get("/tracks/"))["Evening"] == page_of(there)


def test_change_moves_what_is_to_come_and_leaves_what_was(desk: Desk, there: Track) -> None:
    """Killed by: making every session again."""
    past = list(there.sessions.order_by("number")[:3].values(*AS_PLANNED))
    sent = desk.track(weekdays=["1"], local_start="10:00", local_end="11:30")
    with time_machine.travel(NOW + timedelta(days=6), tick=False):
        sign_in(desk.browser, desk.morgan)
        answer = desk.post(f"{page_of(there)}change/", sent)
    assert notes(answer) == ["Saved. Sessions to come follow; past ones stay."]
    assert list(there.sessions.order_by("number")[:3].values(*AS_PLANNED)) == past
    to_come = {day: cells[1] for day, cells in [*rows(answer).items()][3:]}
    assert to_come == dict.fromkeys(
        ("Tue, Dec 8", "Tue, Dec 15", "Tue, Dec 22"), "10:00 – 11:30 AM"
    )


def test_client_who_is_taken_off_the_roster_is_off_every_session_to_come(
    desk: Desk, there: Track
) -> None:
    ana = desk.client("Ana")
    answer = desk.post(
        f"{page_of(there)}change/", desk.track(weekdays=["0", "2", "3"], roster=[str(ana.pk)])
    )
    assert people_of(answer) == ["Dana", "Ana"]
    assert not sessions_for_client(desk.sam, NOW).exists()
    session = there.sessions.order_by("starts_at")[0]
    refused = signed_in(desk.sam).get(f"/rooms/{session.public_id}/")
    assert (refused.status_code, last_event().outcome) == (403, "seat.not_on_roster")


def test_other_facilitator_takes_over(desk: Desk, there: Track) -> None:
    luis = facilitator("Luis")
    sent = typed(desk.browser.get(f"{page_of(there)}change/")) | {"facilitators": [str(luis.pk)]}
    assert people_of(desk.post(f"{page_of(there)}change/", sent)) == ["Luis", "Sam"]


def first(there: Track) -> Session:
    return there.sessions.order_by("starts_at")[0]


def cancel(desk: Desk, there: Track) -> Answer:
    return desk.press(page_of(there), f"/sessions/{first(there).public_id}/cancel/")


def test_cancelled_session_says_so_and_the_others_stay(desk: Desk, there: Track) -> None:
    answer = cancel(desk, there)
    assert notes(answer) == ["Cancelled. The other sessions stay as they are."]
    marks = [cells[-1].split()[0] for cells in rows(answer).values()]
    assert marks == ["cancelled"] + ["Cancel"] * 11


def test_session_that_cannot_be_cancelled_says_why(desk: Desk, there: Track) -> None:
    made(session_cancel(OPERATOR, first(there)))
    answer = cancel(desk, there)
    (note,) = [one for one in main(answer).all("p") if "note" in one.get("class").split()]
    assert says(note.text, "room.cancelled")
    assert note.get("class") == "note caution"


def test_past_session_leads_to_its_attendance_and_cannot_be_cancelled(
    desk: Desk, there: Track
) -> None:
    with time_machine.travel(first(there).ends_at, tick=False):
        sign_in(desk.browser, desk.morgan)
        answer = desk.browser.get(page_of(there))
    assert links(answer) == {
        "Change": f"{page_of(there)}change/",
        "Attendance of Mon, Nov 30": f"/sessions/{first(there).public_id}/attendance/",
    }
    assert [cells[-1].split()[0] for cells in rows(answer).values()][:2] == ["Attendance", "Cancel"]


@pytest.mark.parametrize("where", ["/tracks/nothing/", "/tracks/nothing/change/"])
def test_unknown_track_is_a_sentence_and_an_audit_row(where: str, desk: Desk) -> None:
    answer = desk.browser.get(where)
    assert answer.status_code == 404
    assert says(main(answer).all("p")[0].text, "track.unknown")
    assert last_event().outcome == "track.unknown"
