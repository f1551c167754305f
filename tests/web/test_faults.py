"""Answers that no view makes: still our page, still a sentence that says what to do."""

import time
from collections.abc import Callable

import pytest
from django.db import OperationalError
from django.http import HttpRequest
from django.test import Client
from django.test.client import RequestFactory
from django.views.defaults import server_error

from tests.people.accounts import sign_in
from tests.web.conftest import Programme, signed_in
from tests.web.pages import links, main


def test_unknown_address_is_answered_in_words() -> None:
    answer = Client().get("/nothing/at/all/")
    assert answer.status_code == 404
    assert [one.text for one in main(answer).all("h1")] == ["Nothing here"]
    assert links(answer) == {"Go to your page": "/"}


def test_form_from_another_site_is_refused_in_words(programme: Programme) -> None:
    browser = Client(enforce_csrf_checks=True)
    sign_in(browser, programme.morgan)
    answer = browser.post(f"/sessions/{programme.session.public_id}/cancel/")
    assert answer.status_code == 403
    assert "Nothing was changed." in main(answer).text
    programme.session.refresh_from_db()
    assert programme.session.cancelled_at is None


def test_fault_of_ours_is_answered_in_words() -> None:
    answer = server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert [one.text for one in main(answer).all("h1")] == ["That did not work"]


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """PostgreSQL does not answer; which pages asked it."""
    asked: list[str] = []
    monkeypatch.setattr("sessions.web.circuit_breaker._open_until", float("-inf"))
    monkeypatch.setattr("sessions.web.sign_in.code.AskView.dispatch", no_answer_of(asked))
    return asked


def no_answer_of(asked: list[str]) -> Callable[..., None]:
    def no_answer(_view: object, request: HttpRequest, **_: object) -> None:
        asked.append(request.path)
        raise OperationalError("couldn't get a connection after 1.50 sec")

    return no_answer


def test_r10_page_without_the_database_is_answered_in_words(
    away: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, and a request within the next second does not wait. Kills: 500; and a page
    that waits for the pool each time."""
    monkeypatch.setattr("sessions.web.circuit_breaker.OPEN_S", 3600.0)  # a second of a slow machine
    browser = Client(raise_request_exception=False)
    answers = [browser.get("/sign-in/") for _ in range(3)]
    assert [one.status_code for one in answers] == [503, 503, 503]
    assert away == ["/sign-in/"]
    assert [one.text for one in main(answers[2]).all("h1")] == ["Back in a moment"]
    assert (answers[2]["Retry-After"], answers[2]["Cache-Control"]) == ("5", "no-store")
    assert browser.get("/alive/").status_code == 200


def test_r10_database_is_asked_again_after_a_second(
    away: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Client(raise_request_exception=False)
    browser.get("/sign-in/")
    monkeypatch.setattr("sessions.web.circuit_breaker._open_until", time.monotonic() - 0.001)
    browser.get("/sign-in/")
    assert away == ["/sign-in/", "/sign-in/"]


def test_fault_shows_no_trace(programme: Programme, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(programme.sam.email)

    monkeypatch.setattr("sessions.web.views.people.people", broken)
    browser = signed_in(programme.morgan)
    browser.raise_request_exception = False
    answer = browser.get("/people/")
    assert answer.status_code == 500
    assert programme.sam.email not in answer.content.decode()
