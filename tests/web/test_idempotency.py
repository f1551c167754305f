"""A form that is sent twice, one after the other and at once; what is kept of an answer."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from sessions.models import AuditEvent, FormAnswer, Person
from sessions.web.idempotency import answers
from tests.people.accounts import manager, sign_in
from tests.scheduling.tracks import NOW, track
from tests.web.conftest import signed_in
from tests.web.desk import Desk, desk
from tests.web.pages import Typed, errors, hidden, notes, typed

__all__ = ["desk"]
ADD = "/people/add/"
ANA: Typed = {"display_name": ["Ana"], "email": ["ana@mail.example"], "roles": ["client"]}


def opened(browser: Client, where: str, sent: Typed, action: str = "") -> Typed:
    """The form of a page that was opened now, with a key of its own."""
    return hidden(browser.get(where), action or where, with_key=True) | sent


def test_form_that_is_sent_twice_adds_one_person_and_leads_where_the_first_did(desk: Desk) -> None:
    form = opened(desk.browser, ADD, ANA)
    first, second = (desk.browser.post(ADD, form) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"] == "/people/"
    assert notes(desk.browser.get("/people/")) == ["Ana is added and can sign in."]
    assert Person.objects.filter(email="ana@mail.example").count() == 1
    assert AuditEvent.objects.filter(verb="person.add", subject__display_name="Ana").count() == 1


def test_form_that_was_gone_back_to_and_changed_is_another_submission(desk: Desk) -> None:
    """Kills: the key alone tells a repeated submission."""
    form = opened(desk.browser, ADD, ANA)
    desk.browser.post(ADD, form)
    desk.browser.post(ADD, {**form, "display_name": ["Ben"], "email": ["ben@mail.example"]})
    assert Person.objects.filter(display_name__in=["Ana", "Ben"]).count() == 2


def test_repeated_cancelling_says_what_the_first_did(desk: Desk) -> None:
    there = track(facilitators=(desk.dana,), name="Evening")
    page = f"/tracks/{there.public_id}/"
    where = f"/sessions/{there.sessions.order_by('starts_at')[0].public_id}/cancel/"
    form = opened(desk.browser, page, {}, where)
    answers_ = [desk.browser.post(where, form, follow=True) for _ in range(2)]
    assert [notes(one) for one in answers_] == [
        ["Cancelled. The other sessions stay as they are."]
    ] * 2


def with_error(desk: Desk) -> tuple[str, Any]:
    """The address of the answer to a form with an error, and the answer there."""
    form = opened(desk.browser, ADD, ANA | {"email": ["nothing"]})
    sent = desk.browser.post(ADD, form)
    assert sent.status_code == 302
    return sent["Location"], desk.browser.get(sent["Location"])


def test_page_with_an_error_has_an_address_and_can_be_reloaded(desk: Desk) -> None:
    where, shown = with_error(desk)
    again = desk.browser.get(where)
    assert (shown.status_code, again.content) == (422, shown.content)
    assert typed(again) == {**ANA, "email": ["nothing"]}
    assert list(errors(again)) == ["email"]


def test_page_of_a_form_that_was_sent_since_shows_a_fresh_form(desk: Desk) -> None:
    """Back after saving does not say that nothing was saved."""
    where, shown = with_error(desk)
    desk.browser.post(where, hidden(shown, where, with_key=True) | ANA)
    assert Person.objects.filter(email="ana@mail.example").exists()
    assert errors(desk.browser.get(where)) == {}


def test_page_of_an_answer_is_shown_to_nobody_else(desk: Desk) -> None:
    """Kills: the address alone opens it."""
    where, _ = with_error(desk)
    for other in (signed_in(manager("Max")), signed_in(desk.morgan), Client()):
        assert b"nothing" not in other.get(where, follow=True).content


def test_page_of_an_answer_is_behind_the_lock_of_its_view(desk: Desk) -> None:
    where, _ = with_error(desk)
    with time_machine.travel(NOW + timedelta(minutes=16), tick=False):
        assert desk.browser.get(where)["Location"].startswith("/sign-in/unlock/")


def test_page_of_an_answer_is_forgotten_after_an_hour(desk: Desk) -> None:
    where, _ = with_error(desk)
    with time_machine.travel(NOW + answers.KEPT, tick=False):
        sign_in(desk.browser, desk.morgan)
        assert errors(desk.browser.get(where)) == {}
        answers.forget_expired(NOW + answers.KEPT)
    assert not FormAnswer.objects.exists()


def test_answers_are_sealed(desk: Desk) -> None:
    where = f"/people/{desk.sam.public_id}/details/"
    form = opened(desk.browser, where, {"address": ["12 Elm St"], "phone": ["call me"]})
    desk.browser.post(where, form)
    (row,) = FormAnswer.objects.all()
    assert (row.person, row.sealed[:3]) == (desk.morgan, "v1.")
    assert "12 Elm St" in str(answers._opened(row))


def test_a_person_keeps_so_many_answers_and_strangers_so_many_together(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST_OF_A_PERSON", 2)
    monkeypatch.setattr(answers, "MOST_OF_STRANGERS", 1)
    for _ in range(4):
        with_error(desk)
    assert FormAnswer.objects.count() == 2
    stranger = Client()
    sent = [
        stranger.post("/sign-in/", opened(stranger, "/sign-in/", {"email": [typed_]})).status_code
        for typed_ in ("a", "b")
    ]
    assert (sent, FormAnswer.objects.filter(person=None).count()) == ([302, 200], 1)


def test_submission_that_met_the_lock_is_carried_out_after_it(desk: Desk) -> None:
    """The same page, the same tap, after it was opened again in another tab.

    Kills: keeping the redirect to the lock as the answer.
    """
    form = opened(desk.browser, ADD, ANA)
    with time_machine.travel(NOW + timedelta(minutes=16), tick=False):
        assert desk.browser.post(ADD, form)["Location"].startswith("/sign-in/unlock/")
        sign_in(desk.browser, desk.morgan)
        desk.browser.post(ADD, form)
    assert Person.objects.filter(email="ana@mail.example").exists()
