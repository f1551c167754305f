"""A form that is sent twice at the same moment: the second waits, and leads where the first did."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from sessions.models import AuditEvent, Person
from sessions.people.mail import wait_until_delivered
from tests.people.accounts import account, facilitator, manager
from tests.scheduling.test_at_once import overlapping
from tests.web.conftest import signed_in
from tests.web.pages import Typed, hidden
from tests.web.sign_in.codes import ASK, TYPE, newest_code
from tests.web.sign_in.second_factor.browser import (
    OWN,
    SECOND,
    add_app,
    app_code,
    by_mail,
    press,
    shown_secret,
)

pytestmark = pytest.mark.django_db(transaction=True)
ADD = "/people/add/"


@pytest.fixture(autouse=True)
def _empty_rate_limits() -> Iterator[None]:
    cache.clear()
    yield
    wait_until_delivered()
    cache.clear()


def twin(browser: Client) -> Client:
    """The same browser, which has not had the answer to its other request."""
    other = Client()
    other.cookies = copy.deepcopy(browser.cookies)
    return other


def sent_twice(browser: Client, where: str, sent: Typed) -> tuple[list[Any], Client, Client]:
    """The two answers, and the browser as each of them leaves it."""
    form = hidden(browser.get(where), where, with_key=True) | sent
    browsers, found = (browser, twin(browser)), dict[int, Any]()

    def post(number: int) -> Callable[[], object]:
        def job() -> None:
            found[number] = browsers[number].post(where, form)

        return job

    overlapping(post(0), post(1))
    return [found[0], found[1]], *browsers


def session_of(answer: Any) -> str:
    return str(answer.cookies[settings.SESSION_COOKIE_NAME].value)


def is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def test_person_is_added_once() -> None:
    """Kills: looking for the answer without waiting for the submission that is carried out."""
    sent: Typed = {"display_name": ["Ana"], "email": ["ana@mail.example"], "roles": ["client"]}
    found, first, second = sent_twice(signed_in(manager()), ADD, sent)
    assert [one["Location"] for one in found] == ["/people/"] * 2
    assert Person.objects.filter(display_name="Ana").count() == 1
    for browser in (first, second):
        assert b"Ana is added and can sign in." in browser.get("/people/").content


def test_code_is_asked_for_once() -> None:
    account("Sam", email="sam@mail.example")
    found, _, second = sent_twice(Client(), ASK, {"email": ["sam@mail.example"]})
    assert [one["Location"] for one in found] == [found[0]["Location"]] * 2
    assert session_of(found[0]) == session_of(found[1])
    second.post(TYPE, {"code": newest_code()})
    assert is_in(second)


def test_second_answer_to_the_right_code_does_not_sign_out_again() -> None:
    """The browser has dropped the first answer, as it does at a double click.

    Kills: a second answer with the cookie of a login session that nobody is signed in to.
    """
    sam, browser = account("Sam"), Client()
    browser.post(ASK, {"email": sam.email})
    found, first, second = sent_twice(browser, TYPE, {"code": [newest_code()]})
    assert [one["Location"] for one in found] == ["/", "/"]
    assert session_of(found[0]) == session_of(found[1])
    assert is_in(first)
    assert is_in(second)
    assert AuditEvent.objects.filter(verb="account.sign_in", outcome="done").count() == 1


def test_wrong_code_that_is_sent_twice_is_one_try() -> None:
    sam, browser = account("Sam"), Client()
    browser.post(ASK, {"email": sam.email})
    wrong = "000000" if newest_code() != "000000" else "000001"
    found, _, second = sent_twice(browser, TYPE, {"code": [wrong]})
    assert found[0]["Location"] == found[1]["Location"]
    assert b"That is not the code." in second.get(found[1]["Location"]).content
    assert AuditEvent.objects.filter(verb="account.sign_in").count() == 1


def test_second_factor_that_is_sent_twice_lets_in_once() -> None:
    """The app's code works once; the second answer said so, to somebody who was in."""
    dana, browser = facilitator(), Client()
    by_mail(browser, dana)
    secret = add_app(browser)
    press(browser, f"{OWN}codes/", f"{OWN}codes/")
    browser = Client()
    by_mail(browser, dana)
    found, first, second = sent_twice(browser, SECOND, {"code": [app_code(secret, 1)]})
    assert [one["Location"] for one in found] == ["/", "/"]
    assert session_of(found[0]) == session_of(found[1])
    assert (is_in(first), is_in(second)) == (True, True)


def test_app_that_is_added_twice_at_once_leads_to_its_codes() -> None:
    dana, browser = facilitator(), Client()
    by_mail(browser, dana)
    secret = shown_secret(browser)
    found, first, second = sent_twice(browser, f"{OWN}app/", {"code": [app_code(secret)]})
    assert [one["Location"] for one in found] == [f"{OWN}codes/"] * 2
    assert first.get(f"{OWN}codes/").content.count(b"<li>") == 10
    assert (is_in(first), is_in(second)) == (True, True)
