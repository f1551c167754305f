"""Signing in with a second factor, and what it is asked of."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session as LoginSession  # noqa: TID251
from django.core import mail
from django.test import Client
from pytest_django import Settings

from sessions.audit.services import OPERATOR
from sessions.core.permissions import Role
from sessions.core.refusal import Refuse
from sessions.models import AuditEvent, Person
from sessions.people.mail import wait_until_delivered
from sessions.people.second_factor import selectors, services
from sessions.people.services import person_change
from tests.people.accounts import account, sign_in
from tests.web.sign_in.codes import newest_code
from tests.web.sign_in.second_factor.browser import (
    HOME,
    NOT_OPENED,
    OWN,
    SECOND,
    add_app,
    add_passkey,
    app_code,
    by_mail,
    challenge,
    is_signed_in,
    recovery_codes,
    rows,
    set_up,
)

pytestmark = pytest.mark.django_db


def test_code_by_mail_alone_does_not_sign_staff_in(
    browser: Client, dana: Person, clock: time_machine.Traveller
) -> None:
    secret = set_up(browser, dana)
    browser.post("/sign-out/")
    clock.shift(timedelta(minutes=1))
    assert by_mail(browser, dana)["Location"] == SECOND
    assert not is_signed_in(browser)
    assert browser.get(HOME)["Location"].startswith("/sign-in/")
    assert browser.post(SECOND, {"code": app_code(secret)})["Location"] == HOME
    assert browser.get(HOME).status_code == 200


def test_sign_in_goes_on_to_the_page_asked_for(
    browser: Client, dana: Person, clock: time_machine.Traveller
) -> None:
    secret = set_up(browser, dana)
    browser.post("/sign-out/")
    clock.shift(timedelta(minutes=1))
    browser.post("/sign-in/", {"email": dana.email, "next": "/rooms/x/"})
    browser.post("/sign-in/code/", {"code": newest_code(), "next": "/rooms/x/"})
    assert browser.post(SECOND, {"code": app_code(secret)})["Location"] == "/rooms/x/"


def test_apps_code_works_once_and_no_earlier_one_after_it(
    browser: Client, dana: Person, clock: time_machine.Traveller
) -> None:
    """RFC 6238, 5.2. Killed by: remembering the used code for one step only, while its
    neighbours are forgiven."""
    secret = set_up(browser, dana)
    clock.shift(timedelta(minutes=2))
    now = datetime.now(UTC)
    accepted = [
        isinstance(services.code_confirm(dana, app_code(secret, step), now), Refuse)
        for step in (0, 0, -1, 1, 1, 2)
    ]
    assert accepted == [False, True, True, False, True, True]


def test_recovery_code_works_once_and_is_told_by_mail(
    browser: Client, dana: Person, django_capture_on_commit_callbacks: Any
) -> None:
    by_mail(browser, dana)
    add_app(browser)
    code = recovery_codes(browser)[3]
    for expected in (302, 200):
        browser.post("/sign-out/")
        by_mail(browser, dana)
        with django_capture_on_commit_callbacks(execute=True):
            assert browser.post(SECOND, {"code": code}).status_code == expected
    assert selectors.codes_left(dana) == 9
    used = AuditEvent.objects.filter(verb=services.CONFIRM, outcome="done").get()
    assert used.detail == {"kind": "recovery_code", "left": 9}
    wait_until_delivered()
    assert [one.body for one in mail.outbox if "recovery" in str(one.body)] == [
        "One of your recovery codes was used to sign in. It works no more.\n"
        "If that was not you, call us.\n"
    ]


def test_sixth_wrong_code_is_not_even_looked_at(
    browser: Client, dana: Person, clock: time_machine.Traveller
) -> None:
    """Killed by: counting only by address; not counting at all."""
    secret = set_up(browser, dana)
    browser.post("/sign-out/")
    clock.shift(timedelta(minutes=1))
    by_mail(browser, dana)
    for n in range(5):
        browser.post(SECOND, {"code": "000000"}, REMOTE_ADDR=f"192.0.2.{n}")
    answer = browser.post(SECOND, {"code": app_code(secret)}, REMOTE_ADDR="192.0.2.9")
    assert "That was many tries." in answer.content.decode()
    assert not is_signed_in(browser)
    assert [outcome for outcome, _ in rows(services.CONFIRM)] == [
        *["factor.code"] * 5,
        "account.too_many_login_attempts",
    ]


def test_second_page_without_a_right_code_leads_to_the_sign_in(browser: Client) -> None:
    assert browser.get(SECOND)["Location"] == "/sign-in/"


def test_passkey_after_the_code_signs_in(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    device, _ = add_passkey(browser)
    browser.post("/sign-out/")
    by_mail(browser, dana)
    answer = device.get(challenge(browser, f"{SECOND}?challenge=1"))
    assert browser.post(SECOND, {"credential": answer})["Location"] == HOME
    assert rows(services.CONFIRM) == [("done", "passkey")]


def test_passkey_alone_signs_in(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    device, _ = add_passkey(browser)
    browser.post("/sign-out/")
    answer = device.get(challenge(browser, "/sign-in/passkey/?challenge=1"))
    sent = {"credential": answer, "next": "/tracks/"}
    assert browser.post("/sign-in/passkey/", sent)["Location"] == "/tracks/"
    assert browser.get(HOME).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"verified": False},
        {"origin": "https://evil.example"},
        {"signature": b"\x30\x00"},
        {"challenge": "AAAA"},
        {"user_handle": b"999999"},
        {"user_handle": b"x"},
        {"user_handle": b"\xff"},
    ],
    ids=str,
)
def test_passkey_shown_wrongly_does_not_sign_in(
    browser: Client, dana: Person, wrong: dict[str, Any]
) -> None:
    """Killed by: taking a passkey that asked for no finger as two factors."""
    by_mail(browser, dana)
    device, _ = add_passkey(browser)
    browser.post("/sign-out/")
    options = challenge(browser, "/sign-in/passkey/?challenge=1")
    answer = browser.post("/sign-in/passkey/", {"credential": device.get(options, **wrong)})
    assert answer["Location"] == NOT_OPENED
    assert not is_signed_in(browser)
    assert "This passkey did not open your page." in browser.get(NOT_OPENED).content.decode()


def test_challenge_is_answered_once(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    device, _ = add_passkey(browser)
    browser.post("/sign-out/")
    sent = {"credential": device.get(challenge(browser, "/sign-in/passkey/?challenge=1"))}
    assert browser.post("/sign-in/passkey/", sent)["Location"] == HOME
    browser.post("/sign-out/")
    assert browser.post("/sign-in/passkey/", sent)["Location"] == NOT_OPENED
    assert not is_signed_in(browser)


def test_challenges_for_anybody_are_limited_and_make_no_row(browser: Client) -> None:
    """Kills: a limit that lets GET pass; a challenge kept in the table of login sessions."""
    where = "/sign-in/passkey/?challenge=1"
    statuses = [browser.get(where).status_code for _ in range(121)]
    assert statuses == [200] * 120 + [429]
    assert LoginSession.objects.count() == 0


def test_challenge_without_its_cookie_is_not_answered(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    device, _ = add_passkey(browser)
    browser.post("/sign-out/")
    sent = {"credential": device.get(challenge(browser, "/sign-in/passkey/?challenge=1"))}
    del browser.cookies["thirds-challenge"]
    assert browser.post("/sign-in/passkey/", sent)["Location"] == NOT_OPENED


def test_ten_wrong_codes_of_the_app_in_a_day_leave_the_passkey(
    browser: Client, dana: Person, clock: time_machine.Traveller
) -> None:
    """Kills: five tries every five minutes, 1,440 a day."""
    secret = set_up(browser, dana)
    add_passkey(browser)
    browser.post("/sign-out/")
    by_mail(browser, dana)
    for _ in range(10):
        clock.shift(timedelta(minutes=5, seconds=1))
        refused = services.code_confirm(dana, "000000", datetime.now(UTC))
    assert refused == Refuse("codes.stopped_today")
    assert services.code_confirm(dana, app_code(secret), datetime.now(UTC)) == refused
    assert AuditEvent.objects.filter(verb="account.codes_stopped", subject=dana).count() == 1


def test_passkey_of_a_closed_account_does_not_sign_in(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    device, _ = add_passkey(browser)
    browser.post("/sign-out/")
    Person.objects.filter(pk=dana.pk).update(is_active=False)
    answer = device.get(challenge(browser, "/sign-in/passkey/?challenge=1"))
    browser.post("/sign-in/passkey/", {"credential": answer})
    assert not is_signed_in(browser)


def test_client_with_a_passkey_still_has_the_code(browser: Client) -> None:
    """Killed by: the library's own second step, which asks everybody who has a passkey."""
    sam = account("Sam")
    by_mail(browser, sam)
    add_passkey(browser)
    browser.post("/sign-out/")
    assert by_mail(browser, sam)["Location"] == HOME
    assert browser.get(HOME).status_code == 200


def test_client_is_offered_a_passkey_until_not_now(browser: Client) -> None:
    sam = account("Sam")
    by_mail(browser, sam)
    assert "Make a passkey" in browser.get(HOME).content.decode()
    browser.post(f"{OWN}later/")
    assert "Make a passkey" not in browser.get(HOME).content.decode()
    browser.post("/sign-out/")
    by_mail(browser, sam)
    assert "Make a passkey" not in browser.get(HOME).content.decode()


def test_no_passkey_is_offered_where_no_browser_makes_one(
    browser: Client, settings: Settings
) -> None:
    settings.THIRDS_ORIGIN = "http://127.0.0.1:8000"
    by_mail(browser, account("Sam"))
    pages = [browser.get(where).content.decode() for where in (HOME, OWN)]
    browser.post("/sign-out/")
    pages.append(browser.get("/sign-in/").content.decode())
    assert [page for page in pages if "data-passkey" in page or "Make a passkey" in page] == []


def test_client_who_becomes_staff_is_asked_at_once(browser: Client) -> None:
    sam = account("Sam")
    by_mail(browser, sam)
    assert browser.get(HOME).status_code == 200
    person_change(OPERATOR, sam, sam.email, "Sam", {Role.CLIENT, Role.FACILITATOR})
    assert browser.get(HOME)["Location"].startswith("/sign-in/")
    by_mail(browser, sam)
    assert browser.get(HOME)["Location"] == OWN


def test_client_with_a_passkey_who_becomes_staff_shows_it(browser: Client) -> None:
    sam = account("Sam")
    by_mail(browser, sam)
    add_passkey(browser)
    browser.post("/sign-out/")
    by_mail(browser, sam)
    person_change(OPERATOR, sam, sam.email, "Sam", {Role.CLIENT, Role.FACILITATOR})
    assert by_mail(browser, sam)["Location"] == SECOND


def test_demo_people_are_exempt_where_there_is_a_demo_only(settings: Settings) -> None:
    """Killed by: exempting everybody who is marked as a demo person."""
    dana = account("Dana", [Role.FACILITATOR], is_demo=True)
    needs = []
    for demo in (True, False):
        settings.THIRDS_DEMO = demo
        needs.append(selectors.needs_second_factor(dana))
    assert needs == [False, True]


def test_sign_in_lasts_sixteen_hours_however_it_is_used(
    browser: Client, dana: Person, clock: time_machine.Traveller
) -> None:
    """Killed by: a life time that each request prolongs."""
    sign_in(browser, dana)
    by_mail(other := Client(HTTP_HOST="thirds.example"), account("Sam"))
    for _ in range(15):
        clock.shift(timedelta(hours=1))
        assert other.get(HOME).status_code == 200
    clock.shift(timedelta(hours=1, seconds=1))
    assert other.get(HOME)["Location"].startswith("/sign-in/")
