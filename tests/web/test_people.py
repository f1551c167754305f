"""The people a program manager keeps: adding, changing, closing, and every refusal in words."""

from collections.abc import Callable, Mapping

import pytest

from sessions.core.permissions import Role
from sessions.models import AccountRequest, AuditEvent, Person
from sessions.web.forms import PersonForm
from sessions.web.views.people import WAITS
from tests.people.accounts import account, manager, stop_codes
from tests.web.conftest import signed_in
from tests.web.desk import Desk, assert_beside_its_field, desk, last_event, says
from tests.web.pages import Typed, errors, links, main, notes, rows, typed

__all__ = ["desk"]
ADD = "/people/add/"
Sent = tuple[str, Typed]


def form(name: str = "Ana", email: str = "ana@mail.example", *roles: str) -> Typed:
    return {"display_name": [name], "email": [email], "roles": sorted(roles or ["client"])}


def page_of(person: Person) -> str:
    return f"/people/{person.public_id}/"


def without_manager(desk: Desk) -> Sent:
    return page_of(desk.morgan), form("Morgan", desk.morgan.email, "facilitator")


CASES: Mapping[str, Callable[[Desk], Sent]] = {
    "person.email_taken": lambda desk: (ADD, form(email=desk.sam.email.upper())),
    "person.email_many": lambda desk: (ADD, form(email="ana@a.example, ben@a.example")),
    "person.email": lambda desk: (ADD, form(email=f"a@{'.'.join(['b' * 60] * 5)}.example")),
    "person.name_length": lambda desk: (ADD, form("A" * 25)),
    "person.name_sign": lambda desk: (page_of(desk.sam), form("ana@mail.example")),
    "person.name_letter": lambda desk: (ADD, form("\u3164")),
    "person.name_characters": lambda desk: (page_of(desk.sam), form("An\u200ba")),
    "person.last_manager": without_manager,
}


@pytest.mark.parametrize("code", sorted(PersonForm.refusal_fields))
def test_refusal_stands_beside_its_field_and_what_was_typed_stays(code: str, desk: Desk) -> None:
    """Killed by: mapping a code to another field; showing the stored person after a refusal."""
    where, sent = CASES[code](desk)
    before = list(Person.objects.order_by("pk").values())
    answer = desk.post(where, sent)
    assert (answer.status_code, last_event().outcome) == (422, code)
    assert_beside_its_field(answer, code, PersonForm.refusal_fields)
    assert typed(answer) == sent
    assert list(Person.objects.order_by("pk").values()) == before


def test_empty_form_says_all_that_is_missing_at_once(desk: Desk) -> None:
    assert errors(desk.post(ADD, {})) == {
        "display_name": ["Type the name that others may see."],
        "email": ["Type the e-mail address that codes go to."],
        "roles": ["Choose at least one role."],
    }


def test_role_that_does_not_exist_is_refused_in_words(desk: Desk) -> None:
    assert errors(desk.post(ADD, form("Ana", "ana@mail.example", "owner"))) == {
        "roles": ["Choose at least one role."]
    }


def test_added_person_can_be_found_and_has_the_roles_that_were_ticked(desk: Desk) -> None:
    answer = desk.post(ADD, form(" Ana  M ", "Ana@Mail.Example", "client", "facilitator"))
    assert notes(answer) == ["Ana M is added and can sign in."]
    assert rows(answer)["Ana M"] == ["ana@mail.example", "client facilitator"]


def test_changed_person_is_shown_as_changed(desk: Desk) -> None:
    assert typed(desk.browser.get(page_of(desk.sam))) == form("Sam", desk.sam.email)
    answer = desk.post(page_of(desk.sam), form("Samir", "samir@mail.example"))
    assert notes(answer) == ["Samir is changed."]
    assert rows(answer)["Samir"] == ["samir@mail.example", "client"]


def test_change_of_a_staff_account_waits_until_a_second_manager_confirms(desk: Desk) -> None:
    answer = desk.post(page_of(desk.dana), form("Dana", "new@mail.example", "facilitator"))
    assert notes(answer) == [WAITS]
    assert rows(answer)["Dana"] == [desk.dana.email, "facilitator"]
    assert "Morgan asks to change the account of Dana." in main(answer).text
    request = AccountRequest.objects.get()
    where = f"/people/requests/{request.public_id}/"
    assert says(notes(desk.post(where, {"do": ["confirm"]}))[0], "account.own_request")
    second = signed_in(manager("Max"))
    confirmed = second.post(where, {"do": "confirm"}, follow=True)
    assert notes(confirmed) == ["It is confirmed, and done."]
    assert rows(confirmed)["Dana"] == ["new@mail.example", "facilitator"]
    assert says(notes(desk.post(where, {"do": ["confirm"]}))[0], "account.no_request")


def test_manager_takes_the_own_request_back(desk: Desk) -> None:
    desk.post(page_of(desk.dana), form("Dana", "new@mail.example", "facilitator"))
    where = f"/people/requests/{AccountRequest.objects.get().public_id}/"
    assert desk.post(where, {"do": ["later"]}).status_code == 400
    assert notes(desk.post(where, {"do": ["withdraw"]})) == ["It is taken back."]
    assert AccountRequest.objects.count() == 0


def test_second_program_manager_is_added_closed_until_confirmed(desk: Desk) -> None:
    answer = desk.post(ADD, form("Ana", "ana@mail.example", "program_manager"))
    assert notes(answer) == [f"Ana is added. {WAITS}"]
    assert rows(answer)["Ana"][1] == "program manager closed"


OPENS: Mapping[str, Callable[[Desk], Sent]] = {
    "address": lambda desk: (page_of(desk.sam), form("Sam", "own@mail.example")),
    "roles": lambda desk: (page_of(desk.sam), form("Sam", desk.sam.email, "facilitator")),
    "staff": lambda desk: (ADD, form("Ana", "ana@mail.example", "facilitator")),
    "start over": lambda desk: (f"{page_of(desk.sam)}start-over/", {}),
    "codes": lambda desk: (f"{page_of(desk.sam)}allow-codes/", {}),
    "open": lambda desk: (f"{page_of(desk.sam)}account/", {"active": ["1"]}),
}


@pytest.mark.parametrize("what", OPENS)
def test_what_opens_an_account_wants_the_factor_again(what: str, desk: Desk) -> None:
    """Kills: a desk left open for twenty minutes, at which somebody else sits down. What was
    typed is kept."""
    where, sent = OPENS[what](desk)
    before = list(Person.objects.order_by("pk").values())
    session = desk.browser.session
    session["account_authentication_methods"][-1]["at"] -= 16 * 60
    session.save()
    answer = desk.browser.post(where, sent)
    assert answer["Location"].startswith("/sign-in/unlock/?next=")
    assert desk.browser.session["held_form"]["path"] == where
    assert list(Person.objects.order_by("pk").values()) == before
    assert last_event().outcome == "account.not_fresh"


def test_name_alone_is_changed_without_showing_the_factor_again(desk: Desk) -> None:
    session = desk.browser.session
    session["account_authentication_methods"][-1]["at"] -= 16 * 60
    session.save()
    answer = desk.post(page_of(desk.dana), form("Dani", desk.dana.email, "facilitator"))
    assert notes(answer) == ["Dani is changed."]


def test_account_is_closed_and_opened_again(desk: Desk) -> None:
    where = f"{page_of(desk.sam)}account/"
    closed = desk.press(page_of(desk.sam), where, {"active": ["0"]})
    assert notes(closed) == ["The account is closed."]
    assert rows(desk.browser.get("/people/"))["Sam"][1] == "client closed"
    opened = desk.press(page_of(desk.sam), where, {"active": ["1"]})
    assert notes(opened) == ["The account is open again."]
    desk.sam.refresh_from_db()
    assert desk.sam.is_active


@pytest.mark.parametrize("sent", [{}, {"active": ["yes"]}], ids=["nothing", "another word"])
def test_unclear_wish_closes_no_account(sent: Typed, desk: Desk) -> None:
    assert desk.post(f"{page_of(desk.sam)}account/", sent).status_code == 400
    desk.sam.refresh_from_db()
    assert desk.sam.is_active


def test_last_manager_cannot_close_the_own_account(desk: Desk) -> None:
    page = page_of(desk.morgan)
    answer = desk.press(page, f"{page}account/", {"active": ["0"]})
    (note,) = notes(answer)
    assert says(note, "person.last_manager")
    outcomes = AuditEvent.objects.order_by("-pk").values_list("outcome", flat=True)
    assert [*outcomes[:2]] == ["read", "person.last_manager"]  # refused, and back on the page


def test_manager_who_closes_the_own_account_is_signed_out(desk: Desk) -> None:
    manager("Max")
    page = page_of(desk.morgan)
    answer = desk.press(page, f"{page}account/", {"active": ["0"]})
    assert [one.text for one in main(answer).all("h1")] == ["Sign in"]


def test_manager_sees_whose_codes_are_stopped_and_allows_them_again(desk: Desk) -> None:
    stop_codes(desk.sam)
    answer = desk.browser.get("/people/")
    assert rows(answer)["Sam"][1] == "client codes stopped"
    assert "Many wrong codes were typed for 1 account," in main(answer).text
    assert "Codes are stopped" in main(desk.browser.get(page_of(desk.sam))).text
    allowed = desk.post(f"{page_of(desk.sam)}allow-codes/", {})
    assert notes(allowed) == ["Codes work again for Sam."]
    assert rows(desk.browser.get("/people/"))["Sam"][1] == "client"


NOBODY = [
    "/people/nobody/start-over/",
    "/people/nobody/",
    "/people/nobody/account/",
    "/people/nobody/allow-codes/",
]


@pytest.mark.parametrize("where", NOBODY)
def test_unknown_person_is_a_sentence_and_an_audit_row(where: str, desk: Desk) -> None:
    answer = desk.post(where, form())
    assert answer.status_code == 404
    assert says(main(answer).all("p")[0].text, "person.unknown")
    assert last_event().outcome == "person.unknown"


def test_list_is_shortened_by_role_and_says_how_many_there_are(desk: Desk) -> None:
    account("Kim", [Role.CLIENT, Role.FACILITATOR])
    closed = account("Old")
    Person.objects.filter(pk=closed.pk).update(is_active=False)
    shown = [words for words in links(desk.browser.get("/people/")) if words[-1].isdecimal()]
    assert shown == ["All 5", "Clients 2", "Facilitators 2", "Program managers 1", "Closed 1"]
    assert [*rows(desk.browser.get("/people/?show=facilitator"))] == ["Dana", "Kim"]
    assert [*rows(desk.browser.get("/people/?show=closed"))] == ["Old"]
    assert len(rows(desk.browser.get("/people/?show=<b>"))) == 5


def test_list_is_sorted_as_one_looks_a_name_up(desk: Desk) -> None:
    for name in ("amy", "Zoe", "Émile", "ben"):
        account(name, email=f"{len(name)}{name[-1]}@mail.example")
    assert [*rows(desk.browser.get("/people/"))] == [
        *("amy", "ben", "Dana", "Morgan", "Sam", "Zoe", "Émile")
    ]
