"""Every form that changes something, found from the registry of addresses.

A new address that takes a POST fails here until a page shows its form, with an idempotency key,
and with the version of what it changes; or until a reason stands here why it needs none.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import resolve, reverse
from pytest_django import Settings

from server import surface
from sessions.core.permissions import Role
from sessions.people.second_factor import selectors
from sessions.people.services import person_change
from tests.people.accounts import account, facilitator, sign_in
from tests.record.evening import Evening
from tests.web.conftest import Programme, programme, signed_in
from tests.web.pages import Element, read
from tests.web.sign_in.codes import ASK, TYPE
from tests.web.sign_in.second_factor.browser import (
    ORIGIN,
    OWN,
    SECOND,
    UNLOCK,
    add_passkey,
    by_mail,
    press,
    set_up,
)

__all__ = ["programme"]

NO_FORMS: Mapping[str, str] = {
    "echo": "a script's request",
    "echo_report": "a script's request",
    "echo_relay": "a script's request",
    "echo_end": "a script's request",
    "still_here": "a script's request",
    "alive": "a health check",
    "health": "a health check",
    "demo_sign_in": "development only",
    "person_allow_codes": "shown only while the codes of somebody are stopped; done twice is done",
}
NO_VERSION: Mapping[str, str] = {
    "account_login": "asks for a code",
    "account_request_login_code": "asks for a code",
    "account_confirm_login_code": "signs in",
    "mfa_authenticate": "signs in",
    "passkey_sign_in": "signs in",
    "unlock": "shows a factor",
    "account_logout": "ends the login session, whatever it is",
    "sign_out_everywhere": "ends all login sessions, however many",
    "second_factor_later": "this browser's own",
    "own_zone": "one value of one's own: what is chosen last is meant",
    "account_request": "settles the one that the address names, which never changes",
    "person_add": "makes something new",
    "track_add": "makes something new",
    "second_factor_passkey": "adds one, after the challenge of this page",
    "second_factor_app": "adds one, from the secret of this page",
    "second_factor_remove": "takes out the one that the address names, which never changes",
}


@dataclass(frozen=True, slots=True)
class Form:
    """A form as a page shows it: where it goes, and its fields."""

    name: str
    fields: frozenset[str]


def forms(browser: Client, where: str) -> Iterator[Form]:
    answer = browser.get(where, follow=True)
    assert answer.status_code == 200, where
    for one in read(answer).all("form"):
        if one.get("method") == "post":
            yield Form(name_of(one, answer.request["PATH_INFO"]), fields_of(one))


def name_of(form: Element, here: str) -> str:
    path = form.get("action").partition("?")[0] or here
    return str(resolve(path).url_name)


def fields_of(form: Element) -> frozenset[str]:
    filled = [one for one in form.all("input", "select") if one.get("value") or one.tag == "select"]
    return frozenset(one.get("name") for one in filled)


def takes_posts() -> set[str]:
    """The addresses that do not refuse the method. Nobody is signed in: nothing is changed."""
    return {
        one.name
        for one in surface.addresses()
        if Client().post(re.sub("<[^>]+>", "1", one.route)).status_code != 405
    }


@pytest.fixture
def shown(programme: Programme, settings: Settings) -> set[Form]:
    """The forms of all pages, for everybody who has some."""
    settings.THIRDS_ORIGIN = ORIGIN
    settings.ALLOWED_HOSTS = ["thirds.example", "testserver"]
    Authenticator.objects.create(user=programme.sam, type="totp", data={"secret": ""})
    desk = signed_in(programme.morgan)
    person_change(programme.morgan, programme.luis, "lou@mail.example", "Luis", {Role.FACILITATOR})
    sam, track = f"/people/{programme.sam.public_id}/", f"/tracks/{programme.track.public_id}/"
    pages = [
        (desk, one) for one in ("/people/", "/people/add/", sam, f"{sam}details/", "/tracks/add/")
    ]
    pages += [(desk, track), (desk, f"{track}change/"), *sign_in_pages(), corrected()]
    return {form for browser, where in pages for form in forms(browser, where)}


def corrected() -> tuple[Client, str]:
    """A facilitator who corrects a cell of a session that has ended."""
    evening = Evening.make()
    sam = evening.client("Sam")
    evening.held()
    where = f"/sessions/{evening.session.public_id}/attendance/"
    return signed_in(evening.dana), f"{where}?person={sam.public_id}&segment=2"


def sign_in_pages() -> Iterator[tuple[Client, str]]:
    """Those of signing in, and of one's own sign-in."""
    stranger, dana, client = (Client(HTTP_HOST="thirds.example") for _ in range(3))
    yield stranger, ASK
    stranger.post(ASK, {"email": "nobody@mail.example"})
    yield stranger, TYPE
    lee = facilitator("Lee")
    set_up(dana, lee)
    add_passkey(dana)  # of two, each can be taken out
    yield dana, OWN
    yield dana, UNLOCK
    press(dana, OWN, f"{OWN}codes/new/")
    yield dana, f"{OWN}codes/"
    yield dana, f"{OWN}app/"
    second = Client(HTTP_HOST="thirds.example")
    by_mail(second, lee)
    yield second, SECOND
    kim = account("Kim")
    sign_in(client, kim)
    session = client.session
    session[selectors.OFFER] = True
    session.save()
    yield client, "/"
    yield client, OWN
    yield client, reverse("own_zone")


def test_every_form_has_an_idempotency_key(shown: set[Form]) -> None:
    """Kills: a form without `{% idempotency_key %}`."""
    assert {one.name for one in shown if "idempotency_key" not in one.fields} == set()


def test_every_form_about_something_that_is_there_has_its_version(shown: set[Form]) -> None:
    """Kills: a form without the state that it was made from."""
    without = {one.name for one in shown if "version" not in one.fields}
    assert without == {one.name for one in shown if one.name in NO_VERSION}


def test_every_address_that_takes_a_form_is_shown_on_a_page(shown: set[Form], db: None) -> None:
    found = {one.name for one in shown}
    aliases = {"account_request_login_code"}  # the address of account_login, under allauth's name
    assert takes_posts() - aliases - found - NO_FORMS.keys() == set()
