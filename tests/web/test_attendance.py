"""The attendance page: what it shows of an evening, who may correct it, and every refusal."""

from collections.abc import Iterator, Mapping

import pytest
import time_machine

from sessions.core.agenda import MarkKind, SegmentKind
from sessions.core.permissions import Role
from sessions.core.room_state import RoomState
from sessions.models import AttendanceCorrection, AuditEvent, Person, SessionSegment
from sessions.web.forms import CorrectionForm
from sessions.web.views.record import SEGMENT_WORDS
from tests.record.evening import Evening, at
from tests.web.conftest import signed_in
from tests.web.desk import assert_beside_its_field, last_event, says
from tests.web.pages import Answer, Typed, errors, hidden, links, main, notes, rows, typed
from tests.world import person as make_person


@pytest.fixture
def evening(db: None) -> Iterator[Evening]:
    """Ten minutes after the planned end of an evening in thirds that Dana led."""
    with time_machine.travel(at(100), tick=False):
        yield Evening.make()


def test_every_kind_of_segment_has_its_words() -> None:
    assert set(SEGMENT_WORDS) == set(SegmentKind)


CELL = ("person", "segment")


def where(evening: Evening) -> str:
    return f"/sessions/{evening.session.public_id}/attendance/"


def page(evening: Evening, who: Person | None = None, query: str = "") -> Answer:
    answer: Answer = signed_in(who or evening.dana).get(where(evening) + query)
    return answer


def correction(
    person: Person, segment: int = 2, minutes: str = "12", reason: str = "by phone"
) -> Typed:
    return {
        "person": [person.public_id],
        "segment": [str(segment)],
        "minutes": [minutes],
        "reason": [reason],
    }


def send(evening: Evening, sent: Typed, who: Person | None = None) -> Answer:
    """The form for that cell, opened now and sent."""
    browser, cell = signed_in(who or evening.dana), {name: sent[name][0] for name in CELL}
    filled = hidden(browser.get(where(evening), cell), where(evening))
    answer: Answer = browser.post(where(evening), filled | sent, follow=True)
    return answer


def test_page_shows_minutes_and_what_happened(evening: Evening) -> None:
    came = {name: evening.client(name) for name in ("Ana", "Ben", "Cem", "Sam")}
    evening.held()
    evening.stay(came["Ana"], 10, 90)
    evening.stay(came["Ben"], 0, 45)
    evening.mark(came["Cem"], "join", 0)
    evening.checkpoint(50, came["Cem"], evening.dana)
    evening.checkpoint(51, evening.dana)
    assert rows(page(evening)) == {
        "Ana": ["20", "30", "30", "80", "late"],
        "Ben": ["30", "15", "0", "45", "left early"],
        "Cem": ["30", "20·", "0", "50", "left early a minute is uncertain"],
        "Sam": ["0", "0", "0", "0", "absent"],
    }


def test_correction_counts_is_starred_and_listed_with_its_reason(evening: Evening) -> None:
    sam = evening.client("Sam")
    evening.held()
    evening.stay(sam, 0, 60)
    cell = links(page(evening))["0"]
    shown = typed(page(evening, query=cell.partition("#")[0]))
    assert shown == correction(sam, minutes="0", reason="")
    answer = send(evening, correction(sam))
    assert notes(answer) == ["Sam: 12 min in Wrap-up."]
    assert rows(answer) == {"Sam": ["30", "30", "12*", "72", "left early"]}
    (listed,) = [one.text for one in main(answer).all("li")]
    assert (
        listed
        == "Sam , Wrap-up: 12 min. “by phone” Dana, Mon, Nov 23, 2:40 PM New York time (7:40 PM UTC)"
    )


@pytest.mark.parametrize("outstanding", [True, False])
def test_sheet_whose_marks_are_not_all_written_says_so(
    evening: Evening, *, outstanding: bool
) -> None:
    evening.client("Sam")
    evening.held()
    evening.room.marks_outstanding = outstanding
    evening.room.save()
    assert ("not written down yet" in main(page(evening)).text) is outstanding


CASES: Mapping[str, dict[str, str]] = {
    "attendance.minutes": {"minutes": "31"},
    "attendance.reason": {"reason": "r" * 201},
}


@pytest.mark.parametrize("code", sorted(CorrectionForm.refusal_fields))
def test_refusal_stands_beside_its_field_and_what_was_typed_stays(
    code: str, evening: Evening
) -> None:
    sam = evening.client("Sam")
    evening.held()
    sent = correction(sam, **CASES[code])  # type: ignore[arg-type]
    answer = send(evening, sent)
    assert answer.status_code == 422
    assert_beside_its_field(answer, code, CorrectionForm.refusal_fields)
    assert typed(answer) == sent
    assert list(refused(evening)) == [code]
    assert not AttendanceCorrection.objects.exists()


def refused(evening: Evening) -> list[str]:
    """The outcomes of what was tried on the record."""
    tried = AuditEvent.objects.filter(verb="attendance.correct", session=evening.session)
    return list(tried.values_list("outcome", flat=True))


def test_empty_correction_says_what_is_missing(evening: Evening) -> None:
    sam = evening.client("Sam")
    evening.held()
    assert errors(send(evening, correction(sam, minutes="", reason=" "))) == {
        "minutes": ["Type the minutes."],
        "reason": [
            "Say in a few words why, at most 200 characters. Nothing was changed.",
        ],
    }


def test_correction_before_the_end_is_refused_in_words(evening: Evening) -> None:
    sam = evening.client("Sam")
    evening.agenda((0, MarkKind.START))
    evening.room.state, evening.room.started_at = RoomState.LIVE.value, at(0)
    evening.room.save()
    answer = page(evening, query=f"?person={sam.public_id}&segment=0")
    assert notes(answer) == ["The session goes on. Minutes are counted up to the last full minute."]
    assert (links(answer), typed(answer)) == ({}, {})
    (words,) = errors(send(evening, correction(sam, segment=0)))[""]
    assert says(words, "attendance.not_ended")


def test_manager_reads_but_cannot_correct(evening: Evening) -> None:
    sam, morgan = evening.client("Sam"), make_person("Morgan", Role.PROGRAM_MANAGER)
    evening.held()
    evening.stay(sam, 0, 90)
    answer = page(evening, morgan, f"?person={sam.public_id}&segment=0")
    assert rows(answer) == {"Sam": ["30", "30", "30", "90", ""]}
    assert (links(answer), typed(answer)) == ({}, {})
    answer = send(evening, correction(sam), morgan)
    assert answer.status_code == 403
    assert says(main(answer).all("p")[0].text, "permission.not_staff")
    assert refused(evening) == ["permission.not_staff"]
    assert not AttendanceCorrection.objects.exists()


def test_facilitator_of_another_track_and_clients_see_nothing(evening: Evening) -> None:
    others = [evening.client("Sam"), make_person("Luis", Role.FACILITATOR)]
    evening.held()
    for other in others:
        for answer in (page(evening, other), send(evening, correction(others[0]), other)):
            assert answer.status_code == 403
            assert says(main(answer).all("p")[0].text, "permission.role")


def test_reading_is_recorded(evening: Evening) -> None:
    page(evening)
    event = last_event()
    assert (event.actor, event.verb, event.outcome, event.session) == (
        evening.dana,
        "attendance.read",
        "done",
        evening.session,
    )


def test_nobody_is_absent_from_a_session_that_was_not_held(evening: Evening) -> None:
    evening.client("Sam")
    answer = page(evening)
    assert notes(answer) == ["The session was not held."]
    assert rows(answer) == {"Sam": ["0", "0", "0", "0", ""]}


def test_segment_that_did_not_take_place_cannot_be_picked(evening: Evening) -> None:
    """Ended in the topic: there never was a wrap-up."""
    sam = evening.client("Sam")
    evening.agenda((0, MarkKind.START), (30, MarkKind.ADVANCE), (50, MarkKind.END))
    evening.room.state, evening.room.started_at = RoomState.ENDED.value, at(0)
    evening.room.ended_at = at(50)
    evening.room.save()
    evening.stay(sam, 0, 50)
    answer = page(evening, query=f"?person={sam.public_id}&segment=2")
    assert rows(answer) == {"Sam": ["30", "20", "0", "50", ""]}
    assert ([*links(answer)], typed(answer)) == (["30", "20"], {})
    assert notes(send(evening, correction(sam))) == [
        "That cell is not on this page any more. Pick it once more."
    ]


@pytest.mark.parametrize("segment", ["", "x", "-1", "7", "²", "9" * 5000])
def test_address_of_no_cell_opens_no_form(segment: str, evening: Evening) -> None:
    sam = evening.client("Sam")
    evening.held()
    answer = page(evening, query=f"?person={sam.public_id}&segment={segment}")
    assert (answer.status_code, typed(answer)) == (200, {})
    assert send(evening, correction(sam) | {"segment": [segment]}).status_code == 200
    assert not AttendanceCorrection.objects.exists()


def test_breaks_are_neither_shown_nor_picked(evening: Evening) -> None:
    sam = evening.client("Sam")
    SessionSegment.objects.filter(session=evening.session, position=1).update(kind="break")
    evening.held()
    evening.stay(sam, 0, 90)
    answer = page(evening, query=f"?person={sam.public_id}&segment=1")
    assert rows(answer) == {"Sam": ["30", "30", "60", ""]}
    assert typed(answer) == {}


def test_roster_page_shows_names_and_nothing_else_of_anybody(evening: Evening) -> None:
    people = [evening.client("Sam"), evening.client("Ana")]
    answer = signed_in(evening.dana).get(f"/sessions/{evening.session.public_id}/roster/")
    assert [one.text for one in main(answer).all("li")] == [
        "Ana How to reach",
        "Sam How to reach",
        "Dana",
    ]
    assert not [one for one in people if one.email in answer.content.decode()]
    assert (last_event().verb, last_event().outcome) == ("session.roster", "done")


def test_correction_made_before_another_was_seen_is_shown_both(evening: Evening) -> None:
    """Two facilitators correct one cell: the later sees the first one's minutes, and chooses."""
    sam = evening.client("Sam")
    evening.held()
    browser = signed_in(evening.dana)
    shown = browser.get(where(evening), {name: correction(sam)[name][0] for name in CELL})
    older = hidden(shown, where(evening)) | correction(sam, minutes="20")
    send(evening, correction(sam, minutes="12"))
    answer = browser.post(where(evening), older)
    assert errors(answer)["minutes"] == [
        "Somebody else changed this: 12. Yours is still here, and saving puts it there."
    ]
    assert [one.minutes for one in AttendanceCorrection.objects.all()] == [12]
    browser.post(where(evening), hidden(answer, where(evening)) | typed(answer))
    assert [one.minutes for one in AttendanceCorrection.objects.order_by("pk")] == [12, 20]
