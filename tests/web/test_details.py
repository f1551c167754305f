"""The pages of personal details: a manager's form, and what a facilitator sees before a call."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from sessions.audit.services import OPERATOR
from sessions.core.personal import FIELDS, Personal
from sessions.models import AuditEvent, Enrolment, PersonalDetails
from sessions.people.services import details_change
from sessions.web.forms import DetailsForm
from sessions.web.views.details import dialled
from tests.web.conftest import Programme, signed_in
from tests.web.desk import Desk, assert_beside_its_field, desk, last_event
from tests.web.pages import Answer, Typed, links, main, notes, typed

__all__ = ["desk"]
DETAILS = Personal(
    "12 Elm St Apt 4, Albany NY", "+1 518 555 0130", "Ottoline", "518 555 0131 ext 4", "5185550911"
)
WRONG: Mapping[str, str] = {
    "address": "1\ue000",
    "phone": "call me",
    "contact_name": "O\u200b",
    "contact_phone": "1",
    "local_emergency": "nine one one",
}


def sent(details: Personal) -> Typed:
    return {name: [value] for name, value in details.by_name().items()}


def where(desk: Desk) -> str:
    return f"/people/{desk.sam.public_id}/details/"


def test_what_a_manager_saves_stands_in_the_form_the_next_time(desk: Desk) -> None:
    answer = desk.post(where(desk), sent(DETAILS))
    assert notes(answer) == ["The details of Sam are saved."]
    assert typed(desk.browser.get(where(desk))) == sent(DETAILS)


@pytest.mark.parametrize("name", FIELDS)
def test_refusal_stands_beside_its_field_and_what_was_typed_stays(name: str, desk: Desk) -> None:
    changed = sent(DETAILS) | {name: [WRONG[name]]}
    answer = desk.post(where(desk), changed)
    assert (answer.status_code, last_event().outcome) == (422, f"details.{name}")
    assert_beside_its_field(answer, f"details.{name}", DetailsForm.refusal_fields)
    assert typed(answer) == changed
    assert not PersonalDetails.objects.exists()


def test_person_page_of_a_client_leads_to_the_details_and_of_others_does_not(desk: Desk) -> None:
    assert where(desk) in links(desk.browser.get(f"/people/{desk.sam.public_id}/")).values()
    others = f"/people/{desk.dana.public_id}/"
    assert f"{others}details/" not in links(desk.browser.get(others)).values()


def test_details_of_staff_are_refused_in_words(desk: Desk) -> None:
    answer = desk.browser.get(f"/people/{desk.dana.public_id}/details/")
    assert answer.status_code == 403
    assert "for clients only" in main(answer).text


@pytest.mark.parametrize("method", ["get", "post"])
def test_unknown_person_is_a_sentence(method: str, desk: Desk) -> None:
    answer = getattr(desk.browser, method)("/people/nobody/details/")
    assert (answer.status_code, last_event().outcome) == (404, "person.unknown")


def test_value_that_does_not_open_is_said_and_kept_when_left_empty(desk: Desk) -> None:
    desk.post(where(desk), sent(DETAILS))
    PersonalDetails.objects.update(phone="v1.gone.AAAA")
    answer = desk.browser.get(where(desk))
    assert "A field that you leave empty is kept as it is" in notes(answer)[0]
    assert typed(answer) == sent(DETAILS) | {"phone": [""]}
    desk.post(where(desk), typed(answer))
    assert PersonalDetails.objects.get().phone == "v1.gone.AAAA"


def looked_up(programme: Programme) -> Answer:
    """What Dana finds: by the roster, behind one tap."""
    browser = signed_in(programme.dana)
    roster = browser.get(f"/sessions/{programme.session.public_id}/roster/")
    answer: Answer = browser.get(links(roster)["How to reach"])
    return answer


def test_facilitator_finds_address_and_numbers_from_the_roster(programme: Programme) -> None:
    details_change(OPERATOR, programme.sam, DETAILS)
    answer = looked_up(programme)
    words = main(answer).text
    assert [one for one in DETAILS.by_name().values() if one not in words] == []
    assert [url for url in links(answer).values() if url.startswith("tel:")] == [
        "tel:+15185550130",
        "tel:5185550131",
        "tel:5185550911",
    ]
    row = AuditEvent.objects.latest("pk")
    assert (row.actor, row.verb, row.subject, row.session) == (
        *(programme.dana, "session.details"),
        *(programme.sam, programme.session),
    )


def test_nothing_on_file_is_said(programme: Programme) -> None:
    assert "Nothing is on file." in notes(looked_up(programme))[0]


def test_broken_value_is_said_and_the_others_are_shown(programme: Programme) -> None:
    details_change(OPERATOR, programme.sam, DETAILS)
    PersonalDetails.objects.update(address="v1.gone.AAAA")
    answer = looked_up(programme)
    assert "Some of this cannot be opened" in notes(answer)[0]
    assert "+1 518 555 0130" in main(answer).text


def test_manager_sees_the_roster_without_the_way_to_the_details(programme: Programme) -> None:
    roster = signed_in(programme.morgan).get(f"/sessions/{programme.session.public_id}/roster/")
    assert "Sam" in main(roster).text
    assert "How to reach" not in links(roster)


def test_nobody_outside_the_roster_is_looked_up_through_a_session(programme: Programme) -> None:
    """Kills: looking a person up by the id alone."""
    details_change(OPERATOR, programme.maya, DETAILS)
    where = f"/sessions/{programme.session.public_id}/details/{programme.maya.public_id}/"
    answer = signed_in(programme.dana).get(where)
    assert (answer.status_code, AuditEvent.objects.latest("pk").outcome) == (404, "person.unknown")


def test_whoever_has_left_the_group_is_not_looked_up_any_more(programme: Programme) -> None:
    """The roster of that evening keeps the name; the address is the group's no longer."""
    session = programme.session
    earlier = session.local_date - timedelta(days=7)
    Enrolment.objects.update(starts_on=earlier, ends_on=earlier)
    type(session).objects.filter(pk=session.pk).update(local_date=earlier)
    where = f"/sessions/{session.public_id}/details/{programme.sam.public_id}/"
    assert signed_in(programme.dana).get(where).status_code == 404


@pytest.mark.parametrize(
    ("number", "dial"),
    [("+1 (518) 555-0130", "+15185550130"), ("518.555.0131 x4", "5185550131"), ("911", "911")],
)
def test_what_a_phone_dials(number: str, dial: str) -> None:
    assert dialled(number) == dial
