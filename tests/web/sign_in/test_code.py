"""Sign-in by e-mailed code: the mail, the refusals, and what a stranger can learn (nothing)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from sessions.audit.services import OPERATOR
from sessions.core.permissions import Role
from sessions.models import AuditEvent, Person
from sessions.people import mail as code_mail
from sessions.people.mail import Envelope, code_message, wait_until_delivered
from sessions.people.services import person_change, person_deactivate
from tests.people.accounts import account
from tests.web.sign_in.codes import ASK, TYPE, ask, code_of, newest_code, page, type_code, wrong

pytestmark = pytest.mark.django_db

OVER = f"{ASK}?note=over"
KNOWN, STRANGER = "sam@mail.example", "nobody@mail.example"


@pytest.fixture
def sam() -> Person:
    return account("Sam", email=KNOWN)


def test_sign_in_with_code(client: Client, sam: Person) -> None:
    assert ask(client, KNOWN)["Location"] == TYPE
    response = type_code(client, newest_code())
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(sam.pk)
    assert AuditEvent.objects.get(verb="account.sign_in").actor == sam


def test_sign_in_with_code_goes_on_to_the_page_asked_for(client: Client, sam: Person) -> None:
    client.post(ASK, {"email": KNOWN, "next": "/people/"})
    response = client.post(TYPE, {"code": newest_code(), "next": "/people/"})
    assert response["Location"] == "/people/"


def test_sign_in_never_goes_on_to_another_host(client: Client, sam: Person) -> None:
    client.post(ASK, {"email": KNOWN, "next": "https://elsewhere.example/"})
    response = client.post(TYPE, {"code": newest_code(), "next": "https://elsewhere.example/"})
    assert response["Location"] == "/"


def test_mail_words_are_exact() -> None:
    message = code_message(Envelope(KNOWN, "418207", 10))
    assert message.subject == "Your code"
    assert message.body == (
        "418 207 is your code. It works for 10 minutes, once.\n"
        "If you did not ask for it, do nothing. Nobody gets in without it.\n"
    )
    assert message.to == [KNOWN]


def test_mail_of_nobody_has_no_recipient() -> None:
    assert code_message(Envelope(None, "418207", 10)).recipients() == []


def test_mail_names_a_length_and_no_clock(client: Client, sam: Person) -> None:
    """Kills: "works until 12:10 PM", in a zone that is not the reader's."""
    ask(client, KNOWN)
    newest_code()
    assert "It works for 10 minutes, once." in str(mail.outbox[-1].body)


def test_address_in_any_case_is_the_same(client: Client, sam: Person) -> None:
    ask(client, "  SAM@Mail.Example ")
    code = newest_code()
    assert mail.outbox[-1].to == [KNOWN]
    assert type_code(client, code).status_code == 302


@pytest.mark.parametrize("typed", ["eva@bücher.example", "Eva <EVA@xn--bcher-kva.example>,"])
def test_address_in_another_script_is_one_person(client: Client, typed: str) -> None:
    eva = account("Eva", email="eva@bücher.example")
    ask(client, typed)
    code = newest_code()
    assert mail.outbox[-1].to == ["eva@xn--bcher-kva.example"]
    type_code(client, f"Your code is {code[:3]}\u00a0{code[3:]}")
    assert client.session["_auth_user_id"] == str(eva.pk)


def test_unknown_address_gets_no_mail(client: Client, sam: Person) -> None:
    ask(client, STRANGER)
    wait_until_delivered()
    assert mail.outbox == []


def test_closed_account_gets_no_mail(client: Client, sam: Person) -> None:
    person_deactivate(OPERATOR, sam)
    ask(client, KNOWN)
    wait_until_delivered()
    assert mail.outbox == []


def test_closed_account_is_signed_out_at_its_next_request(client: Client, sam: Person) -> None:
    client.force_login(sam)
    person_deactivate(OPERATOR, sam)
    client.get(ASK)
    assert client.get(ASK).wsgi_request.user.is_anonymous


def answers(email: str) -> list[tuple[int, str, str, int]]:
    """What a stranger's browser is told of an address, at each step; and the queries it took."""
    client = Client()
    steps: list[Callable[[], Any]] = [
        lambda: ask(client, email),
        lambda: client.get(TYPE),
        lambda: type_code(client, "abc"),
        lambda: client.get(ASK),
        lambda: ask(client, email),
        *[lambda: type_code(client, "x00000x")] * 2,
        *[lambda: type_code(client, "000000")] * 11,
        lambda: ask(client, email),
        lambda: client.get(ASK),
    ]
    told = []
    for step in steps:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = step()
        told.append(
            (response.status_code, response.get("Location", ""), page(response), len(queries))
        )
    return told


def test_known_and_unknown_address_get_the_same_answer_by_as_many_queries(sam: Person) -> None:
    """Kills: a sentence, a status or a query that only a known address has."""
    known = answers("sam@mail.example")
    assert known == [
        (status, location, text.replace("tom@mail", "sam@mail").replace("t…@", "s…@"), queries)
        for status, location, text, queries in answers("tom@mail.example")
    ]


class Held:
    """A mail server that takes nothing until it is let go."""

    def __init__(self) -> None:
        self.let_go = Event()
        self.taken = 0

    def send_messages(self, messages: list[object]) -> int:
        assert self.let_go.wait(30)
        self.taken += len(messages)
        return len(messages)


def spy(envelope: Envelope, handed: list[Envelope]) -> None:
    handed.append(envelope)
    code_mail.enqueue(envelope)


@pytest.mark.parametrize("email", [KNOWN, STRANGER])
def test_answer_does_not_wait_for_the_mail_server(
    client: Client, sam: Person, monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    """Both kinds of address queue one envelope, and answer before anything is sent."""
    server, handed = Held(), list[Envelope]()
    monkeypatch.setattr("django.core.mail.get_connection", lambda *a, **k: server)
    monkeypatch.setattr("sessions.web.sign_in.code.enqueue", lambda one: spy(one, handed))
    response = ask(client, email)
    server.let_go.set()
    wait_until_delivered()
    assert (response.status_code, len(handed)) == (302, 1)
    assert handed[0].address == (email if email == KNOWN else None)


def test_fault_of_the_mail_server_is_logged_without_the_address(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError("550 no such user sam@mail.example")

    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", refuse)
    code_mail.enqueue(Envelope(KNOWN, "418207", 10))
    wait_until_delivered()
    assert [record.getMessage() for record in caplog.records] == [
        "a code could not be mailed: OSError"
    ]


def test_waiting_envelopes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Held()
    monkeypatch.setattr("django.core.mail.get_connection", lambda *a, **k: server)
    for _ in range(code_mail.QUEUE_LIMIT + 5):
        code_mail.enqueue(Envelope(KNOWN, "418207", 10))
    server.let_go.set()
    wait_until_delivered()
    assert server.taken == code_mail.QUEUE_LIMIT


def test_wrong_code_says_so(client: Client, sam: Person) -> None:
    ask(client, KNOWN)
    response = type_code(client, wrong(newest_code()))
    assert "That is not the code. Look at the newest e-mail" in page(response)


def test_empty_code_says_what_to_type(client: Client, sam: Person) -> None:
    ask(client, KNOWN)
    assert "Type the six digits from the e-mail." in page(type_code(client, ""))


def test_code_with_spaces_is_the_code(client: Client, sam: Person) -> None:
    ask(client, KNOWN)
    code = newest_code()
    assert type_code(client, f" {code[:3]} {code[3:]} ").status_code == 302


def test_asking_again_sends_the_same_code_while_it_lives(client: Client, sam: Person) -> None:
    """Kills: a new code for each request, which adds five guesses each time."""
    ask(client, KNOWN)
    first = newest_code()
    ask(client, KNOWN)
    assert (len(mail.outbox), newest_code()) == (2, first)
    assert type_code(client, first).status_code == 302


def test_asking_in_another_browser_makes_the_same_code_work_there(
    client: Client, sam: Person
) -> None:
    ask(client, KNOWN)
    laptop = Client()
    ask(laptop, KNOWN)
    assert type_code(laptop, newest_code())["Location"] == "/"


def test_code_after_ten_minutes_is_over_and_the_address_is_kept(
    client: Client, sam: Person
) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        ask(client, KNOWN)
        code = newest_code()
        clock.shift(timedelta(minutes=10, seconds=1))
        assert type_code(client, code)["Location"] == OVER
        text = page(client.get(OVER))
    assert "That code has been used, or its time is over. Send a new one." in text
    assert f'value="{KNOWN}"' in text


def test_code_of_an_account_that_was_closed_meanwhile_does_not_work(
    client: Client, sam: Person
) -> None:
    ask(client, KNOWN)
    code = newest_code()
    person_deactivate(OPERATOR, sam)
    assert type_code(client, code)["Location"] == OVER
    assert "_auth_user_id" not in client.session


def test_code_sent_to_an_address_that_was_changed_does_not_work(
    client: Client, sam: Person
) -> None:
    ask(client, KNOWN)
    code = newest_code()
    person_change(OPERATOR, sam, "new@mail.example", "Sam", {Role.CLIENT})
    assert type_code(client, code)["Location"] == OVER
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("email", [KNOWN, STRANGER])
def test_wrong_code_is_recorded(client: Client, sam: Person, email: str) -> None:
    ask(client, email)
    type_code(client, "abc")
    type_code(client, "")
    type_code(client, wrong(code_of(email)))
    rows = AuditEvent.objects.filter(verb="account.sign_in").order_by("pk")
    subject = sam.pk if email == KNOWN else None
    assert [(row.actor, row.subject_id, row.outcome, row.detail) for row in rows] == [
        (None, subject, "account.no_code", {}),
        (None, subject, "account.required", {}),
        (None, subject, "codes.wrong", {}),
    ]


def test_code_works_once(client: Client, sam: Person) -> None:
    ask(client, KNOWN)
    code = newest_code()
    type_code(client, code)
    client.post("/sign-out/")
    ask(client, KNOWN)
    assert newest_code() != code
    assert type_code(client, code).status_code == 200


def test_code_in_a_browser_that_did_not_ask_says_so(client: Client, sam: Person) -> None:
    """A phone reads the mail, a laptop asked."""
    ask(client, KNOWN)
    phone = Client()
    where = type_code(phone, newest_code())["Location"]
    assert (where, phone.get(TYPE)["Location"]) == (f"{ASK}?note=device", where)
    assert "A code works in the browser that asked for it" in page(phone.get(where))


def test_address_without_at_is_kept_and_answered_in_words(client: Client) -> None:
    text = page(ask(client, "sam.mail.example"))
    assert "That address has no @, or ends too early." in text
    assert 'value="sam.mail.example"' in text


def test_address_can_be_changed_while_a_code_is_awaited(client: Client, sam: Person) -> None:
    ask(client, STRANGER)
    assert client.get(ASK).status_code == 200
    ask(client, KNOWN)
    assert type_code(client, newest_code()).status_code == 302


def test_sign_out_is_by_post_only(client: Client, sam: Person) -> None:
    client.force_login(sam)
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/")["Location"] == ASK
    assert "_auth_user_id" not in client.session
    assert AuditEvent.objects.get(verb="account.sign_out").actor == sam


@pytest.mark.parametrize(
    "path",
    ["/sign-up/", "/signup/", "/accounts/signup/", "/accounts/login/", "/accounts/password/reset/"],
)
def test_sign_up_has_no_page(client: Client, path: str) -> None:
    for response in (client.get(path), client.post(path, {"email": STRANGER})):
        assert response.status_code == 404
    assert Person.objects.count() == 0


@pytest.mark.parametrize("name", ["account_signup", "account_email", "account_reset_password"])
def test_other_pages_of_the_library_are_not_routed(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_stranger_who_tries_makes_no_account(client: Client) -> None:
    ask(client, STRANGER)
    for code in ("", "000000", "123456"):
        type_code(client, code)
    assert Person.objects.count() == 0
    assert "_auth_user_id" not in client.session


def test_pages_are_not_stored(client: Client, sam: Person) -> None:
    ask(client, KNOWN)
    assert "no-store" in client.get(TYPE)["Cache-Control"]
    assert "no-store" in client.get(ASK)["Cache-Control"]


def test_post_without_csrf_token_is_refused(sam: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    assert [client.post(path).status_code for path in (ASK, TYPE, "/sign-out/")] == [403] * 3


@pytest.mark.parametrize("path", [ASK, TYPE, "/sign-out/"])
def test_browser_without_cookies_is_told_of_cookies(path: str) -> None:
    """Kills: "reload the page", which helps nobody whose browser keeps no cookie."""
    text = page(Client(enforce_csrf_checks=True).post(path))
    assert "Allow cookies for this site" in text
    assert "reload the page" not in text


def test_page_that_was_open_for_long_is_told_to_reload() -> None:
    client = Client(enforce_csrf_checks=True)
    client.get(ASK)
    assert "reload the page" in page(client.post(ASK, {"email": KNOWN}))
