"""Answers that no view makes: still our page, still a sentence that says what to do."""

import pytest
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


def test_fault_shows_no_trace(programme: Programme, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(programme.sam.email)

    monkeypatch.setattr("sessions.web.views.people.people", broken)
    browser = signed_in(programme.morgan)
    browser.raise_request_exception = False
    answer = browser.get("/people/")
    assert answer.status_code == 500
    assert programme.sam.email not in answer.content.decode()
