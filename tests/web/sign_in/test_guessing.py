"""What a stranger who asks and guesses gets, and that it keeps no owner out."""

import pytest
from django.contrib.sessions.models import Session as LoginSession  # noqa: TID251
from django.core.cache import cache
from django.test import Client

from sessions.models import Person, SignInCode
from sessions.web.sign_in.device import Device
from tests.people.accounts import account
from tests.web.sign_in.codes import ASK, TYPE, ask, code_of, newest_code, page, type_code, wrong

pytestmark = pytest.mark.django_db

KNOWN, STRANGER = "sam@mail.example", "nobody@mail.example"


@pytest.fixture
def sam() -> Person:
    return account("Sam", email=KNOWN)


def test_ten_wrong_codes_a_day_stop_codes_and_say_what_else_there_is(
    client: Client, sam: Person
) -> None:
    """Kills: counting in the login session, which is new in each browser; a new count with each
    code."""
    for n in range(10):
        browser = Client()
        ask(browser, KNOWN, REMOTE_ADDR=f"192.0.2.{n}") if n < 5 else None
        type_code(browser if n < 5 else client, wrong(code_of(KNOWN)))
        if n == 4:
            cache.clear()
            ask(client, KNOWN)
    answer = type_code(client, code_of(KNOWN))
    assert answer.status_code == 429
    assert "Use a passkey, or call your program." in page(answer)
    assert ask(Client(), KNOWN).status_code == 429
    assert "_auth_user_id" not in client.session


def test_sixth_code_for_an_address_within_ten_minutes_is_refused_in_true_words(
    client: Client, sam: Person
) -> None:
    answers = [ask(Client(), KNOWN, REMOTE_ADDR=f"192.0.2.{n}") for n in range(6)]
    assert [one.status_code for one in answers] == [302, 302, 302, 302, 302, 429]
    assert "They are all the same: use the newest one" in page(answers[-1])


def test_sixth_code_for_a_strangers_address_is_refused_too(client: Client, sam: Person) -> None:
    statuses = [ask(Client(), STRANGER, REMOTE_ADDR=f"192.0.2.{n}").status_code for n in range(6)]
    assert statuses == [302, 302, 302, 302, 302, 429]


def test_stranger_who_asks_five_times_keeps_no_owner_out(client: Client, sam: Person) -> None:
    """The owner's browser signed in before."""
    ask(client, KNOWN)
    type_code(client, newest_code())
    client.post("/sign-out/")
    assert [ask(Client(), KNOWN).status_code for _ in range(5)] == [302] * 4 + [429]
    assert ask(client, KNOWN).status_code == 302
    assert type_code(client, newest_code())["Location"] == "/"


def test_stranger_who_guesses_ten_times_keeps_no_owner_out(client: Client, sam: Person) -> None:
    ask(client, KNOWN)
    type_code(client, newest_code())
    client.post("/sign-out/")
    stranger = Client()
    ask(stranger, KNOWN)
    statuses = [type_code(stranger, wrong(code_of(KNOWN))).status_code for _ in range(11)]
    assert statuses == [200] * 9 + [429] * 2
    ask(client, KNOWN)
    assert type_code(client, newest_code())["Location"] == "/"


def test_cookie_of_a_device_names_nobody_and_fits_no_other_account(
    client: Client, sam: Person
) -> None:
    ask(client, KNOWN)
    type_code(client, newest_code())
    value = client.cookies["thirds-device"].value
    assert not any(word in value for word in ("sam", "mail", sam.public_id))
    known = Device(value.split(".")[0], tuple(value.split(".")[1:]))
    assert (known.of(KNOWN) != "", known.of(STRANGER)) == (True, "")
    again = Device().signed_in_to(KNOWN)
    assert not set(again.digests) & set(known.digests)


def test_everybody_of_a_residence_can_ask_at_once(sam: Person) -> None:
    """Kills: a limit by network address that a house of thirty reaches."""
    assert {ask(Client(), f"a{n}@mail.example").status_code for n in range(120)} == {302}
    answer = ask(Client(), "late@mail.example")
    assert answer.status_code == 429
    assert "Very many people ask for a code from your network right now." in page(answer)


def test_stranger_without_a_code_makes_no_row_in_the_session_table(client: Client) -> None:
    for path in (ASK, TYPE, f"{ASK}?note=over", "/sign-in/passkey/"):
        Client().get(path)
    assert LoginSession.objects.count() == 0


def test_neither_the_code_nor_the_key_of_the_login_session_is_in_the_database(
    client: Client, sam: Person
) -> None:
    ask(client, KNOWN)
    code, key = newest_code(), str(client.session.session_key)
    row = LoginSession.objects.get()
    said = [row.session_key, str(row.get_decoded()), str(SignInCode.objects.values())]
    assert not any(secret in text for secret in (code, key) for text in said)
    assert not any(KNOWN in text for text in said[2:])
