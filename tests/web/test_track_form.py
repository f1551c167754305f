"""Making a track on the one form: what it becomes, and every refusal beside its field."""

from collections.abc import Callable, Mapping
from datetime import date, time

import pytest
from django.core.management import call_command

from sessions.audit.services import OPERATOR
from sessions.core.agenda import Segment, SegmentKind
from sessions.models import Person, Session, Track
from sessions.people.services import person_change
from sessions.scheduling.services import track_move_date, track_skip_date
from sessions.web.forms import TrackForm
from tests.scheduling.tracks import dates, staffed_by, track
from tests.web.conftest import made, signed_in
from tests.web.desk import (
    Desk,
    agenda,
    assert_beside_its_field,
    broken_agenda,
    desk,
    last_event,
)
from tests.web.pages import Typed, errors, main, notes, rows, typed

__all__ = ["desk"]
ADD = "/tracks/add/"
MONDAY, WEDNESDAY = date(2026, 11, 30), date(2026, 12, 2)
Sent = tuple[str, Typed]  # where a form goes, and what was typed


def added(**changes: str | list[str]) -> Callable[[Desk], Sent]:
    return lambda desk: (ADD, desk.track(**changes))


def with_agenda(kind: SegmentKind, minutes: int) -> Callable[[Desk], Sent]:
    def case(desk: Desk) -> Sent:
        template = agenda("Fixed", Segment(kind, minutes=minutes), minutes=minutes)
        return ADD, desk.track(template=str(template.pk))

    return case


def with_broken_agenda(kind: SegmentKind, share: int) -> Callable[[Desk], Sent]:
    return lambda desk: (ADD, desk.track(template=str(broken_agenda("Old", kind, share).pk)))


def with_namesake(desk: Desk) -> Sent:
    other = desk.client("SAM")
    return ADD, desk.track(roster=[str(desk.sam.pk), str(other.pk)])


def with_too_many(desk: Desk) -> Sent:
    other = desk.client("Ana")
    return ADD, desk.track(seats="1", roster=[str(other.pk), str(desk.sam.pk)])


def with_busy_facilitator(desk: Desk) -> Sent:
    staffed_by(desk.dana)
    return ADD, desk.track()


def with_moved_date(desk: Desk) -> Sent:
    """Wednesday's group was moved to Monday after the usual one, which now ends later."""
    there = staffed_by(desk.dana, weekdays=frozenset({0, 2}))
    made(track_move_date(OPERATOR, there, WEDNESDAY, MONDAY, time(20)))
    return change_of(there), desk.track(local_end="20:30", weeks="4")


def with_nothing_left(desk: Desk) -> Sent:
    """Monday is skipped, and now the track shall meet on this one Monday alone."""
    there = staffed_by(desk.dana, weekdays=frozenset({0, 2}), weeks=1)
    made(track_skip_date(OPERATOR, there, MONDAY))
    return change_of(there), desk.track(weekdays=["0"], weeks="1")


def change_of(there: Track) -> str:
    return f"/tracks/{there.public_id}/change/"


CASES: Mapping[str, Callable[[Desk], Sent]] = {
    "track.name": added(name="n" * 61),
    "track.zone_unknown": added(zone="America/Atlantis"),
    "track.zone_without_place": added(zone="EST"),
    "track.ends_before_start": added(local_end="18:00"),
    "track.minutes": added(local_end="18:10"),
    "track.weeks": added(weeks="105"),
    "track.seats": added(seats="16"),
    "track.full": with_too_many,
    "person.name_taken": with_namesake,
    "track.facilitator_busy": with_busy_facilitator,
    "track.first_date": added(first_date="1999-11-29"),
    "track.past": added(first_date="2025-11-30"),
    "agenda.too_long": with_agenda(SegmentKind.TOPIC, 120),
    "agenda.not_filled": with_agenda(SegmentKind.TOPIC, 60),
    "agenda.length": with_broken_agenda(SegmentKind.TOPIC, 0),
    "agenda.empty": with_broken_agenda(SegmentKind.BREAK, 1),
    "recurrence.overlap": with_moved_date,
    "recurrence.none_left": with_nothing_left,
}


@pytest.mark.parametrize("code", sorted(TrackForm.refusal_fields))
def test_refusal_stands_beside_its_field_and_what_was_typed_stays(code: str, desk: Desk) -> None:
    """Killed by: mapping a code to another field; showing the form unbound after a refusal."""
    where, sent = CASES[code](desk)
    before = Session.objects.count()
    answer = desk.post(where, sent)
    assert (answer.status_code, last_event().outcome) == (422, code)
    assert_beside_its_field(answer, code, TrackForm.refusal_fields)
    assert typed(answer) == sent
    assert Session.objects.count() == before


def test_empty_form_says_all_that_is_missing_at_once(desk: Desk) -> None:
    answer = desk.post(ADD, {})
    assert answer.status_code == 422
    needed = {name for name, field in TrackForm.base_fields.items() if field.required}
    assert set(errors(answer)) == needed
    assert errors(answer)["facilitators"] == ["Choose at least one facilitator."]


def test_pick_that_is_no_choice_any_more_is_refused_in_words(desk: Desk) -> None:
    """Whoever lost a role since the page was opened is named by no number."""
    sent = desk.track(roster=[str(desk.dana.pk)], facilitators=[str(desk.sam.pk)], template="0")
    assert errors(desk.post(ADD, sent)) == {
        "template": ["Choose an agenda for the track."],
        "facilitators": ["This person is not a facilitator. Choose another one."],
        "roster": ["Only clients can be on the roster. Choose another person."],
    }


def test_track_is_made_with_its_sessions_on_its_page(desk: Desk) -> None:
    answer = desk.post(ADD, desk.track(weeks="1"))
    assert notes(answer) == ["The track is made. These are its sessions."]
    assert [cells[1] for cells in rows(answer).values()] == ["6:00 – 7:30 PM"] * 2
    assert list(rows(answer)) == ["Mon, Nov 30", "Wed, Dec 2"]


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        ("22:30", "00:00", "10:30 PM – 12:00 AM"),
        ("22:30", "00:30", "10:30 PM – 12:30 AM"),
        ("23:59", "01:29", "11:59 PM – 1:29 AM"),
    ],
)
def test_group_that_ends_at_or_after_midnight_is_made_shown_and_changed(
    start: str, end: str, shown: str, desk: Desk
) -> None:
    """Kills: an end before the start on the clock is an end in the past."""
    sent = desk.track(weeks="1", local_start=start, local_end=end)
    answer = desk.post(ADD, sent)
    assert {day: cells[1] for day, cells in rows(answer).items()} == {
        "Mon, Nov 30": shown,
        "Wed, Dec 2": shown,
    }
    there = Track.objects.get()
    assert typed(desk.browser.get(change_of(there))) == sent
    longer = desk.post(change_of(there), {**sent, "local_end": ["01:45"]})
    assert [cells[1][-9:] for cells in rows(longer).values()] == ["– 1:45 AM"] * 2


def test_clock_that_skips_or_repeats_a_start_is_said_on_the_page(desk: Desk) -> None:
    """REC2, REC3: 2:30 on 14 March 2027 does not exist in New York, 1:30 on 7 November is twice."""
    skipped = desk.track(
        weekdays=["6"], local_start="02:30", local_end="04:00", first_date="2027-03-14", weeks="1"
    )
    repeated = skipped | {
        "local_start": ["01:30"],
        "local_end": ["03:00"],
        "first_date": ["2027-11-07"],
    }
    assert notes(desk.post(ADD, skipped))[1:] == [
        "On Sun, Mar 14 the clock skips 2:30 AM New York time. That session begins later, as listed."
    ]
    assert notes(desk.post(ADD, repeated))[1:] == [
        "On Sun, Nov 7 the clock shows 1:30 AM New York time twice. That session begins the first time."
    ]


def test_clock_change_between_two_sessions_is_marked_on_the_later(desk: Desk) -> None:
    answer = desk.post(ADD, desk.track(weekdays=["0"], first_date="2027-03-08", weeks="2"))
    assert [cells[1] for cells in rows(answer).values()] == [
        "6:00 – 7:30 PM",
        "6:00 – 7:30 PM clocks forward",
    ]


def test_two_of_one_name_are_told_apart_by_their_addresses(desk: Desk) -> None:
    other = desk.client("Sam")
    labels = [one.text for one in main(desk.browser.get(ADD)).all("label")]
    assert [one for one in labels if "Sam" in one] == [
        f"Sam ({desk.sam.email})",
        f"Sam ({other.email})",
    ]


def test_form_works_on_an_empty_installation(db: None) -> None:
    """`manage.py first_manager` leaves all that the form needs but people."""
    call_command("first_manager", "first@example.org")
    first = Person.objects.get()
    made(person_change(OPERATOR, first, first.email, "Morgan", {*first.role_set, "facilitator"}))  # type: ignore[arg-type]
    browser = signed_in(Person.objects.get())
    choices = [one.text for one in main(browser.get(ADD)).all("option") if one.text]
    assert {"Thirds", "Evening, three blocks", "Three groups of 50 minutes"} <= set(choices)
    sent = {
        "name": "Evening",
        "weekdays": ["0"],
        "local_start": "18:00",
        "local_end": "19:30",
        "zone": "America/New_York",
        "first_date": "2099-01-05",
        "weeks": "2",
        "seats": "8",
        "facilitators": [str(first.pk)],
    }
    pick = main(browser.get(ADD)).all("option")
    sent["template"] = next(one.get("value") for one in pick if one.text == "Thirds")
    assert browser.post(ADD, sent).status_code == 302
    assert dates(Track.objects.get()) == [date(2099, 1, 5), date(2099, 1, 12)]


def test_change_form_shows_the_track_as_it_is(desk: Desk) -> None:
    there = track(facilitators=(desk.dana,), roster=(desk.sam,), name="Evening")
    shown = typed(desk.browser.get(change_of(there)))
    assert shown == desk.track(weekdays=["0", "2", "3"])
