"""Second factors end to end on Django's client: setting up, signing in, recovery, taking out."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from sessions.audit.services import OPERATOR
from sessions.core.permissions import Role
from sessions.core.refusal import Refuse
from sessions.core.sealing import SealError
from sessions.models import AuditEvent, Person
from sessions.people.key_rotation import Resealed, reseal_all
from sessions.people.mail import wait_until_delivered
from sessions.people.second_factor import selectors, services
from sessions.people.second_factor.sealing import owner
from sessions.people.services import person_change
from sessions.web.sign_in.second_factor.adapter import SecondFactorAdapter
from tests.people.accounts import account, facilitator, manager, sign_in
from tests.web.sign_in.passkey import Device
from tests.web.sign_in.test_code import ask, newest_code, type_code

pytestmark = pytest.mark.django_db

ORIGIN = "https://thirds.example"
OWN, SECOND, UNLOCK = "/your-sign-in/", "/sign-in/second/", "/sign-in/unlock/"
HOME = "/"
NOW = datetime(2026, 11, 22, 18, 0, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _limits_start_anew() -> Iterator[None]:
    cache.clear()
    yield
    wait_until_delivered()
    cache.clear()


@pytest.fixture(autouse=True)
def _served_at_a_domain(settings: Settings) -> None:
    settings.THIRDS_ORIGIN = ORIGIN
    settings.ALLOWED_HOSTS = ["thirds.example"]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def browser() -> Client:
    return Client(HTTP_HOST="thirds.example")


@pytest.fixture
def dana() -> Person:
    return facilitator("Dana")


def by_mail(browser: Client, person: Person) -> Any:
    """As far as the code leads; the answer to the right code."""
    ask(browser, person.email)
    return type_code(browser, newest_code())


def challenge(browser: Client, where: str) -> dict[str, Any]:
    answer = browser.get(where, headers={"accept": "application/json"})
    found: dict[str, Any] = answer.json()
    return found


def add_passkey(browser: Client, **wrong: Any) -> tuple[Device, Any]:
    """A passkey made in a browser that may."""
    device = Device(ORIGIN)
    options = challenge(browser, f"{OWN}passkey/")
    sent = {"credential": device.create(options, **wrong), "name": "Laptop"}
    return device, browser.post(f"{OWN}passkey/", sent)


def shown_secret(browser: Client) -> str:
    page = browser.get(f"{OWN}app/").content.decode()
    found = re.search(r'class="secret"[^>]*>([A-Z2-7 ]+)<', page)
    assert found
    return found[1].replace(" ", "")


def app_code(secret: str, steps: int = 0) -> str:
    """What an app with this secret shows now, or so many half minutes later."""
    counter = int(datetime.now(UTC).timestamp()) // 30 + steps
    return str(format_hotp_value(hotp_value(secret, counter)))


def add_app(browser: Client) -> str:
    secret = shown_secret(browser)
    browser.post(f"{OWN}app/", {"code": app_code(secret)})
    return secret


def recovery_codes(browser: Client) -> list[str]:
    page = browser.get(f"{OWN}codes/").content.decode()
    return re.findall(r"<li>(\d{4} \d{4})</li>", page)


def rows(verb: str) -> list[tuple[str, Any]]:
    """Outcome and kind of each audit row of a verb, oldest first."""
    found = AuditEvent.objects.filter(verb=verb).order_by("pk")
    return [(row.outcome, row.detail.get("kind")) for row in found]


def is_signed_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def set_up(browser: Client, person: Person) -> str:
    """Signs staff in by mail, with an app and kept codes; the app's secret."""
    by_mail(browser, person)
    secret = add_app(browser)
    browser.post(f"{OWN}codes/")
    return secret


# ---- setting up ----------------------------------------------------------------------------


def test_first_sign_in_of_staff_leads_to_the_set_up_and_back_to_the_page(
    browser: Client, dana: Person
) -> None:
    by_mail(browser, dana)
    assert browser.get("/people/")["Location"] == f"{OWN}?next=%2Fpeople%2F"
    page = browser.get(f"{OWN}?next=/people/").content.decode()
    assert "One more step" in page
    secret = shown_secret(browser)
    sent = {"code": app_code(secret), "next": "/people/"}
    assert browser.post(f"{OWN}app/", sent)["Location"] == f"{OWN}codes/?next=%2Fpeople%2F"
    assert browser.post(f"{OWN}codes/", {"next": "/people/"})["Location"] == "/people/"
    assert browser.get(HOME).status_code == 200


def test_passkey_is_set_up_and_opens_the_pages(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    _, answer = add_passkey(browser)
    assert answer["Location"] == f"{OWN}codes/"
    assert browser.get(HOME).status_code == 200
    assert rows(services.ADD) == [("done", "passkey")]
    assert [(one.kind, one.name) for one in selectors.factors(dana)] == [("passkey", "Laptop")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example"},
        {"origin": f"{ORIGIN}:8443"},
        {"origin": "https://a.thirds.example"},
        {"challenge": "AAAA"},
        {"rp_id": "evil.example"},
        {"verified": False},
    ],
    ids=str,
)
def test_passkey_made_wrongly_is_not_added(
    browser: Client, dana: Person, wrong: dict[str, Any]
) -> None:
    """Killed by: leaving out the exact comparison of origins; asking for no verification."""
    by_mail(browser, dana)
    add_passkey(browser, **wrong)
    assert selectors.factors(dana) == []
    assert browser.get(HOME).status_code == 302


@pytest.mark.parametrize("sent", ["", "{", "[]", "7", '{"response": 7}', "[" * 9000, '{"a":1}'])
@pytest.mark.parametrize("where", [f"{OWN}passkey/", SECOND, "/sign-in/passkey/"])
def test_credential_that_is_none_is_refused_in_words(
    browser: Client, dana: Person, where: str, sent: str
) -> None:
    by_mail(browser, dana)
    if where != f"{OWN}passkey/":
        add_passkey(browser)
        browser.post("/sign-out/")
    if where == SECOND:
        by_mail(browser, dana)
    challenge(browser, f"{where}?challenge=1")
    answer = browser.post(where, {"credential": sent}, follow=True)
    assert "passkey did not open" in answer.content.decode() or not sent
    assert selectors.has_factor(dana) == (where != f"{OWN}passkey/")


def test_code_of_another_secret_sets_nothing_up(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    shown_secret(browser)
    answer = browser.post(f"{OWN}app/", {"code": app_code("A" * 32)})
    assert "That is not the code" in answer.content.decode()
    assert not selectors.has_factor(dana)


def test_secret_stays_while_the_page_is_loaded_again(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    assert shown_secret(browser) == shown_secret(browser)
    assert shown_secret(browser) not in str(dict(browser.session))


def test_recovery_codes_are_shown_until_they_are_kept(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    add_app(browser)
    codes = recovery_codes(browser)
    assert (len(codes), recovery_codes(browser)) == (10, codes)
    browser.post(f"{OWN}codes/")
    assert recovery_codes(browser) == []
    assert "<b>10 left.</b>" in browser.get(OWN).content.decode()


def test_secrets_lie_sealed_in_their_rows(browser: Client, dana: Person) -> None:
    """Killed by: an adapter that stores what it is given."""
    by_mail(browser, dana)
    secret = add_app(browser)
    stored = list(Authenticator.objects.order_by("type").values_list("data", flat=True))
    assert [one.get("secret", one.get("seed", "")).partition(".")[0] for one in stored] == [
        "v1",
        "v1",
    ]
    assert secret not in str(stored)


def test_sealed_secret_does_not_open_in_another_persons_row(dana: Person) -> None:
    """Killed by: sealing without the owner."""
    adapter = SecondFactorAdapter()
    with owner(dana):
        sealed = adapter.encrypt("secret")
        assert adapter.decrypt(sealed) == "secret"
    with owner(facilitator("Luis")), pytest.raises(SealError):
        adapter.decrypt(sealed)
    with pytest.raises(LookupError):
        adapter.encrypt("secret")


def test_set_up_gives_the_login_session_a_new_key(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    before = browser.session.session_key
    add_app(browser)
    assert browser.session.session_key != before


# ---- signing in ----------------------------------------------------------------------------


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
    assert answer["Location"] == "/sign-in/"
    assert not is_signed_in(browser)
    assert "This passkey did not open your page." in browser.get("/sign-in/").content.decode()


def test_challenge_is_answered_once(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    device, _ = add_passkey(browser)
    browser.post("/sign-out/")
    sent = {"credential": device.get(challenge(browser, "/sign-in/passkey/?challenge=1"))}
    assert browser.post("/sign-in/passkey/", sent)["Location"] == HOME
    browser.post("/sign-out/")
    assert browser.post("/sign-in/passkey/", sent)["Location"] == "/sign-in/"
    assert not is_signed_in(browser)


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
    assert browser.get(HOME)["Location"] == OWN


def test_client_with_a_passkey_who_becomes_staff_shows_it(browser: Client) -> None:
    sam = account("Sam")
    by_mail(browser, sam)
    add_passkey(browser)
    browser.post("/sign-out/")
    by_mail(browser, sam)
    person_change(OPERATOR, sam, sam.email, "Sam", {Role.CLIENT, Role.FACILITATOR})
    assert browser.get(HOME)["Location"] == UNLOCK


# ---- taking out ----------------------------------------------------------------------------


def test_last_factor_of_staff_stays(browser: Client, dana: Person) -> None:
    """Killed by: counting recovery codes as a factor."""
    set_up(browser, dana)
    (app,) = selectors.factors(dana)
    browser.post(f"{OWN}{app.pk}/remove/")
    assert selectors.factors(dana) == [app]
    assert rows(services.REMOVE) == [("factor.last", None)]


def test_one_of_two_is_taken_out(browser: Client, dana: Person) -> None:
    set_up(browser, dana)
    add_passkey(browser)
    app, passkey = selectors.factors(dana)
    browser.post(f"{OWN}{app.pk}/remove/")
    assert selectors.factors(dana) == [passkey]
    assert rows(services.REMOVE) == [("done", "app")]


def test_client_has_a_passkey_without_recovery_codes(browser: Client) -> None:
    """The code by mail is what a client falls back on; ten numbers to keep would be a burden."""
    sam = account("Sam")
    by_mail(browser, sam)
    _, answer = add_passkey(browser)
    browser.post(f"{OWN}codes/new/")
    assert (answer["Location"], selectors.codes_left(sam)) == (OWN, None)


def test_last_one_of_who_is_staff_no_more_takes_the_codes_with_it(browser: Client) -> None:
    sam = facilitator("Sam")
    by_mail(browser, sam)
    add_passkey(browser)
    assert selectors.codes_left(sam) == 10
    person_change(OPERATOR, sam, sam.email, "Sam", {Role.CLIENT})
    by_mail(browser := Client(HTTP_HOST="thirds.example"), sam)
    (passkey,) = selectors.factors(sam)
    browser.post(f"{OWN}{passkey.pk}/remove/")
    assert Authenticator.objects.count() == 0


def test_factor_of_somebody_else_is_not_found(browser: Client, dana: Person) -> None:
    set_up(browser, dana)
    (app,) = selectors.factors(dana)
    luis, other = facilitator("Luis"), Client(HTTP_HOST="thirds.example")
    set_up(other, luis)
    other.post(f"{OWN}{app.pk}/remove/")
    assert selectors.factors(dana) == [app]


def test_change_asks_for_a_fresh_proof(
    browser: Client, dana: Person, clock: time_machine.Traveller
) -> None:
    """A desk that was left a moment ago is still open; nobody adds a passkey of theirs there."""
    secret = set_up(browser, dana)
    for _ in range(2):
        clock.shift(timedelta(minutes=10))
        assert browser.get(HOME).status_code == 200
    assert browser.get(f"{OWN}app/")["Location"] == f"{UNLOCK}?next=%2Fyour-sign-in%2Fapp%2F"
    answer = browser.post(f"{OWN}codes/new/")
    assert answer["Location"] == f"{UNLOCK}?next=%2Fyour-sign-in%2F"
    browser.post(UNLOCK, {"code": app_code(secret)})
    assert browser.post(f"{OWN}codes/new/")["Location"] == f"{OWN}codes/"


def test_client_whose_sign_in_is_old_signs_in_again_to_change(
    browser: Client, clock: time_machine.Traveller
) -> None:
    by_mail(browser, account("Sam"))
    clock.shift(timedelta(minutes=16))
    answer = browser.get(f"{OWN}passkey/", follow=True)
    assert "Sign in again" in answer.content.decode()


def test_new_codes_replace_the_old(browser: Client, dana: Person) -> None:
    by_mail(browser, dana)
    add_app(browser)
    old = recovery_codes(browser)
    browser.post(f"{OWN}codes/")
    browser.post(f"{OWN}codes/new/")
    assert set(old) & set(recovery_codes(browser)) == set()
    assert isinstance(services.code_confirm(dana, old[0], datetime.now(UTC)), Refuse)


# ---- starting over -------------------------------------------------------------------------


def test_reset_ends_every_login_session_and_tells_the_person(browser: Client, dana: Person) -> None:
    """Killed by: taking the rows out and leaving the browsers signed in."""
    set_up(browser, dana)
    morgan = manager()
    wait_until_delivered()
    mail.outbox.clear()
    done = services.second_factor_reset(morgan, dana)
    assert isinstance(done, Person)
    assert browser.get(HOME)["Location"].startswith("/sign-in/")
    assert Authenticator.objects.count() == 0
    row = AuditEvent.objects.get(verb=services.RESET)
    assert (row.actor, row.subject, row.outcome) == (morgan, dana, "done")
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
        services.second_factor_reset(manager(), dana)
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


def test_manager_starts_the_sign_in_over_on_the_persons_page(browser: Client, dana: Person) -> None:
    set_up(browser, dana)
    desk = Client(HTTP_HOST="thirds.example")
    sign_in(desk, manager())
    where = f"/people/{dana.public_id}/"
    assert "Start the sign-in over" in desk.get(where).content.decode()
    desk.post(f"{where}start-over/")
    page = desk.get(where).content.decode()
    assert "Dana is signed out and sets it up again." in page
    assert "Start the sign-in over" not in page


def test_command_starts_the_sign_in_over(browser: Client, dana: Person) -> None:
    set_up(browser, dana)
    out = StringIO()
    call_command("start_sign_in_over", dana.email.upper(), stdout=out)
    assert out.getvalue() == "Taken out. The next sign-in sets it up again.\n"
    assert AuditEvent.objects.get(verb=services.RESET).detail == {"operator": True}
    for email in (dana.email, "nobody@mail.example"):
        with pytest.raises(CommandError):
            call_command("start_sign_in_over", email)


@pytest.mark.parametrize("make", [account, facilitator, manager], ids=lambda one: one.__name__)
def test_sign_out_everywhere_ends_the_other_browsers_login_session(
    make: Callable[[], Person], browser: Client
) -> None:
    """Everybody finds it on the page of their own sign-in.

    Kills: this browser's login session alone ends; a link that signs somebody out.
    """
    person, phone = make(), Client(HTTP_HOST="thirds.example")
    Authenticator.objects.create(user=person, type="totp", data={"secret": ""})
    for one in (browser, phone):
        sign_in(one, person)
    where = f"{OWN}sign-out/"
    assert f'action="{where}"' in browser.get(OWN).content.decode()
    assert browser.get(where).status_code == 405
    answer = browser.post(where)
    assert (answer["Location"], answer["Clear-Site-Data"]) == ("/sign-in/", '"cache", "storage"')
    assert [one.get(HOME)["Location"] for one in (browser, phone)] == ["/sign-in/?next=/"] * 2
    assert rows("account.sign_out_everywhere") == [("done", None)]


def test_secrets_are_sealed_anew_under_the_current_key(
    browser: Client, dana: Person, settings: Settings
) -> None:
    """Killed by: a rotation that knows only of personal details, and says that the old key can
    go: every app and every recovery code would be lost."""
    old, new = f"old:{'o' * 43}", f"new:{'n' * 43}"
    settings.THIRDS_FIELD_KEYS = old
    by_mail(browser, dana)
    secret = add_app(browser)
    codes = recovery_codes(browser)
    settings.THIRDS_FIELD_KEYS = f"{new},{old}"
    assert reseal_all() == Resealed(done=2)
    settings.THIRDS_FIELD_KEYS = new
    later = datetime.now(UTC) + timedelta(minutes=5)
    code = app_code(secret, steps=10)
    assert not isinstance(services.code_confirm(dana, code, later), Refuse)
    assert services.codes_to_keep(dana) == [code.replace(" ", "") for code in codes]


# ---- demo and life time --------------------------------------------------------------------


def test_demo_people_are_exempt_where_there_is_a_demo_only(settings: Settings) -> None:
    """Killed by: exempting whoever is marked as a demo person."""
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
