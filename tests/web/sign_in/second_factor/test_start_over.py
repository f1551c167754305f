"""A program manager or the operator resets somebody's second factor."""

from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from sessions.audit.services import OPERATOR
from sessions.core.refusal import Refuse
from sessions.models import AccountRequest, AuditEvent, Person
from sessions.people.confirming import request_confirm
from sessions.people.mail import wait_until_delivered
from sessions.people.second_factor import services
from tests.people.accounts import account, facilitator, manager, sign_in
from tests.web.sign_in.second_factor.browser import HOME, OWN, add_passkey, by_mail, press, set_up

pytestmark = pytest.mark.django_db


def test_reset_ends_every_login_session_and_tells_the_person(browser: Client, dana: Person) -> None:
    """Killed by: taking the rows out and leaving the browsers signed in."""
    set_up(browser, dana)
    morgan = manager()
    wait_until_delivered()
    mail.outbox.clear()
    asked = services.second_factor_reset(morgan, dana)
    assert isinstance(asked, AccountRequest)
    assert browser.get(HOME).status_code == 200
    second = manager("Max")
    assert isinstance(request_confirm(second, asked.public_id), Person)
    assert browser.get(HOME)["Location"].startswith("/sign-in/")
    assert Authenticator.objects.count() == 0
    row = AuditEvent.objects.get(verb=services.RESET)
    assert (row.actor, row.subject, row.outcome) == (second, dana, "done")
    by_mail(browser, dana)
    assert browser.get(HOME)["Location"] == OWN


def test_mail_of_a_reset_names_nobody(
    browser: Client, dana: Person, settings: Settings, django_capture_on_commit_callbacks: Any
) -> None:
    settings.THIRDS_STAFF_PHONE = "555-0100"
    set_up(browser, dana)
    wait_until_delivered()
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        services.second_factor_reset(OPERATOR, dana)
    wait_until_delivered()
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([dana.email], "Your sign-in")
    assert sent.body == (
        "Your way to sign in was started over, and you were signed out everywhere. "
        "The next time you sign in, you set it up again.\n"
        "If that was not you, call 555-0100.\n"
    )


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("facilitator", "permission.role"),
        ("client", "permission.role"),
        ("self", "factor.own"),
        ("nothing there", "factor.unknown"),
    ],
)
def test_reset_that_is_refused_changes_nothing(browser: Client, who: str, code: str) -> None:
    morgan, dana = manager(), facilitator()
    set_up(browser, morgan if who == "self" else dana)
    actor = {"facilitator": facilitator("Luis"), "client": account()}.get(who, morgan)
    person = {"self": morgan, "nothing there": facilitator("Luis")}.get(who, dana)
    before = Authenticator.objects.count()
    assert services.second_factor_reset(actor, person) == Refuse(code)
    assert Authenticator.objects.count() == before
    assert AuditEvent.objects.get(verb=services.RESET).outcome == code


def test_two_managers_start_the_sign_in_of_staff_over(browser: Client, dana: Person) -> None:
    set_up(browser, dana)
    desk, second = (Client(HTTP_HOST="thirds.example") for _ in range(2))
    sign_in(desk, manager())
    sign_in(second, manager("Max"))
    where = f"/people/{dana.public_id}/"
    assert "Start the sign-in over" in desk.get(where).content.decode()
    press(desk, where, f"{where}start-over/")
    page = desk.get(where).content.decode()
    assert "This waits for a second program manager" in page
    request = AccountRequest.objects.get()
    second.post(f"/people/requests/{request.public_id}/", {"do": "confirm"})
    assert "Start the sign-in over" not in desk.get(where).content.decode()


def test_one_manager_starts_the_sign_in_of_a_client_over(browser: Client) -> None:
    sam = account("Sam")
    by_mail(browser, sam)
    add_passkey(browser)
    desk = Client(HTTP_HOST="thirds.example")
    sign_in(desk, manager())
    where = f"/people/{sam.public_id}/"
    press(desk, where, f"{where}start-over/")
    assert "Sam is signed out and sets it up again." in desk.get(where).content.decode()


def test_command_starts_the_sign_in_over(browser: Client, dana: Person) -> None:
    set_up(browser, dana)
    out = StringIO()
    call_command("start_sign_in_over", dana.email.upper(), stdout=out)
    assert out.getvalue() == "Taken out. The next sign-in sets it up again.\n"
    assert AuditEvent.objects.get(verb=services.RESET).detail == {"operator": True}
    for email in (dana.email, "nobody@mail.example"):
        with pytest.raises(CommandError):
            call_command("start_sign_in_over", email)
