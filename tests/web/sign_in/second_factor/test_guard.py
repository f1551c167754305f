"""The second factor and the lock on every page: nothing of a client's before the one, nor after
the other; and the room's page stays open."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from sessions.core.second_factor import IDLE
from sessions.models import AuditEvent, Person
from sessions.people.second_factor.selectors import ACTIVE_AT
from sessions.people.second_factor.services import codes_to_keep
from sessions.web.sign_in.second_factor.guard import HELD_LENGTH, UNATTENDED
from tests.people.accounts import show_factor, sign_in
from tests.web.conftest import Programme, signed_in
from tests.web.pages import main, read
from tests.web.sign_in.second_factor.browser import OWN, UNLOCK, add_app, app_code

# what somebody may open who is signed in by a code alone: signing in and out, setting up
BEFORE = {
    "account_login",
    "account_request_login_code",
    "account_confirm_login_code",
    "account_logout",
    "alive",
    "health",
    "demo_sign_in",
    "mfa_authenticate",
    "passkey_sign_in",
    "unlock",
    "still_here",
    "held",
    "second_factor",
    "second_factor_passkey",
    "second_factor_app",
    "second_factor_codes",
    "second_factor_new_codes",
    "second_factor_remove",
    "second_factor_later",
    "sign_out_everywhere",
}


def every_pattern(
    patterns: list[URLPattern | URLResolver] | None = None, before: str = ""
) -> Iterator[tuple[str, str]]:
    """Name and route of every address of the server, from any package."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from every_pattern(one.url_patterns, route)
        else:
            yield one.name or route, route


def address(route: str, programme: Programme) -> str:
    kind = route.partition("/")[0]
    owners = {"people": programme.sam.public_id, "tracks": programme.track.public_id}
    owner = owners.get(kind, programme.session.public_id)
    filled = route.replace("<id:public_id>", owner).replace("<int:pk>", "1")
    return "/" + filled.replace("<id:key>", "x").replace("<id:where>", "x")


@pytest.fixture
def unproved(programme: Programme) -> dict[str, Client]:
    """Staff who typed the e-mailed code and no more: without a factor, and with one not shown."""
    browsers = {}
    for name, person in {"Dana": programme.dana, "Morgan": programme.morgan}.items():
        browsers[name] = Client()
        browsers[name].force_login(person)
    with_factor = Client()
    with_factor.force_login(programme.luis)
    Authenticator.objects.create(user=programme.luis, type="totp", data={"secret": ""})
    return browsers | {"Luis": with_factor}


@pytest.mark.parametrize(("name", "route"), list(every_pattern()), ids=str)
def test_no_page_opens_before_the_second_factor(
    name: str, route: str, programme: Programme, unproved: dict[str, Client]
) -> None:
    """Every address there is, by GET and by POST. A new one is closed until it is listed above.

    Killed by: a view without its guard; a guard that asks only people without a factor.
    """
    where = address(route, programme)
    for who, browser in unproved.items():
        for answer in (browser.get(where), browser.post(where)):
            if name not in BEFORE:
                way = UNLOCK if who == "Luis" else OWN
                if answer.status_code != 405:
                    assert answer.status_code == 302, (who, where)
                    assert answer["Location"].partition("?")[0] == way, (who, where)
            assert programme.sam.display_name not in answer.content.decode()
            assert programme.sam.email not in answer.content.decode()


def test_refusal_has_its_audit_row(programme: Programme, unproved: dict[str, Client]) -> None:
    unproved["Dana"].get("/")
    last = AuditEvent.objects.order_by("pk").last()
    assert last is not None
    assert (last.actor, last.verb, last.outcome) == (
        programme.dana,
        "home",
        "permission.second_factor",
    )


def test_clients_are_asked_for_nothing(programme: Programme) -> None:
    browser = Client()
    browser.force_login(programme.sam)
    room = f"/rooms/{programme.session.public_id}/"
    assert [browser.get(where).status_code for where in ("/", room)] == [200, 200]


# ---- the lock ------------------------------------------------------------------------------


def locked_pages(programme: Programme) -> list[str]:
    session = programme.session.public_id
    return ["/", f"/sessions/{session}/roster/", f"/sessions/{session}/attendance/"]


def test_idle_desk_is_locked_and_the_room_is_not(programme: Programme) -> None:
    """Killed by: locking the call; the room's page taken for an activity that opens the rest."""
    browser = signed_in(programme.dana)
    pages = locked_pages(programme)
    assert [browser.get(where).status_code for where in pages] == [200] * 3
    with time_machine.travel(timezone.now() + IDLE, tick=False):
        assert browser.get(f"/rooms/{programme.session.public_id}/").status_code == 200
        for where in pages:
            answer = browser.get(where)
            assert answer["Location"].partition("?")[0] == UNLOCK
        last = AuditEvent.objects.order_by("pk").last()
        assert last is not None
        assert last.outcome == "permission.locked"


def test_desk_that_is_used_stays_open(programme: Programme) -> None:
    """Killed by: counting from the sign-in."""
    browser, start = signed_in(programme.dana), timezone.now()
    for minutes in range(0, 60, 12):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            assert browser.get("/").status_code == 200


def test_page_that_asks_by_itself_does_not_keep_the_desk_open(programme: Programme) -> None:
    """Kills: a first page that wakes at a door and so puts the lock off."""
    browser, start = signed_in(programme.dana), timezone.now()
    for minutes, unattended in ((0, {}), (10, {UNATTENDED: "1"})):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            assert browser.get("/", headers=unattended).status_code == 200
    with time_machine.travel(start + IDLE, tick=False):
        assert browser.get("/")["Location"] == "/sign-in/unlock/"


def test_activity_is_written_once_a_minute(programme: Programme) -> None:
    browser, start = signed_in(programme.dana), timezone.now().replace(microsecond=0)
    written = []
    for seconds in (0, 20, 40, 70, 90):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            browser.get("/")
        written.append(browser.session[ACTIVE_AT])
    assert len(set(written)) <= 3
    assert written[-1] >= start.timestamp() + 30


@pytest.fixture
def locked(programme: Programme) -> Iterator[tuple[Client, str]]:
    """Dana's desk, idle for a quarter of an hour, and the secret of Dana's app."""
    browser = Client()
    browser.force_login(programme.dana)
    secret = add_app(browser)
    show(browser, programme.dana)
    browser.get("/")
    with time_machine.travel(timezone.now() + IDLE, tick=False):
        yield browser, secret


def show(browser: Client, person: Person) -> None:
    session = browser.session
    show_factor(session, person)
    session.save()


def test_lock_opens_with_the_factor_and_goes_on(
    locked: tuple[Client, str], programme: Programme
) -> None:
    browser, secret = locked
    where = locked_pages(programme)[1]
    page = browser.get(browser.get(where)["Location"]).content.decode()
    assert "Show that it’s you" in page
    sent = {"code": app_code(secret), "next": where}
    assert browser.post(UNLOCK, sent)["Location"] == where
    assert browser.get(where).status_code == 200


def test_lock_stays_with_a_wrong_code(locked: tuple[Client, str]) -> None:
    browser, _ = locked
    answer = browser.post(UNLOCK, {"code": "000000"})
    assert "That is not the code" in answer.content.decode()
    assert browser.get("/").status_code == 302


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example/", "javascript:1"])
def test_lock_never_goes_on_to_another_host(locked: tuple[Client, str], where: str) -> None:
    browser, secret = locked
    assert browser.post(UNLOCK, {"code": app_code(secret), "next": where})["Location"] == "/"


def test_form_that_came_locked_is_kept_sealed_and_offered_again(
    locked: tuple[Client, str], programme: Programme
) -> None:
    """Killed by: dropping what was typed; doing it without a tap."""
    browser, secret = locked
    where = f"/sessions/{programme.session.public_id}/attendance/"
    typed = {"reason": "Zanzibar was “late”", "minutes": "12", "csrfmiddlewaretoken": "x"}
    assert browser.post(where, typed)["Location"].partition("?")[0] == UNLOCK
    assert "Zanzibar" not in str(dict(browser.session))
    assert browser.post(UNLOCK, {"code": app_code(secret)})["Location"] == "/sign-in/held/"
    page = main(browser.get("/sign-in/held/"))
    fields = {one.get("name"): one.get("value") for one in page.all("input")}
    assert [one.get("action") for one in page.all("form")] == [where]
    assert {name: fields[name] for name in ("reason", "minutes")} == {
        "reason": "Zanzibar was “late”",
        "minutes": "12",
    }
    assert fields["csrfmiddlewaretoken"] != "x"
    assert browser.get("/sign-in/held/")["Location"] == "/"


def test_kept_form_is_not_shown_to_the_next_person_at_the_desk(
    locked: tuple[Client, str], programme: Programme
) -> None:
    browser, _ = locked
    browser.post(locked_pages(programme)[2], {"reason": "Zanzibar"})
    held = browser.session["held_form"]
    sign_in(browser, programme.luis)
    session = browser.session
    session["held_form"] = held
    session.save()
    assert browser.get("/sign-in/held/")["Location"] == "/"


@pytest.mark.parametrize(("length", "kept"), [(1000, True), (HELD_LENGTH + 1, False)])
def test_form_that_is_too_long_is_not_kept(
    locked: tuple[Client, str], programme: Programme, length: int, kept: bool
) -> None:
    browser, _ = locked
    browser.post(locked_pages(programme)[2], {"reason": "x" * length})
    assert ("held_form" in browser.session) == kept


def test_script_is_told_what_is_left_and_opens_nothing(
    locked: tuple[Client, str], programme: Programme
) -> None:
    """Killed by: a POST of the script that counts as an activity on a locked desk."""
    browser, _ = locked
    assert browser.post("/sign-in/active/").json() == {"left": 0}
    assert browser.get("/").status_code == 302
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False):
        fresh = signed_in(programme.dana)
        assert fresh.get("/sign-in/active/").json() == {"left": 900}
    assert signed_in(programme.sam).get("/sign-in/active/").json() == {"left": None}
    assert Client().get("/sign-in/active/").json() == {"left": 0}


def test_script_keeps_a_desk_open_where_somebody_types(programme: Programme) -> None:
    browser, start = signed_in(programme.dana), timezone.now()
    for minutes in range(0, 40, 10):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            assert browser.post("/sign-in/active/").json()["left"] > 800
    with time_machine.travel(start + timedelta(minutes=40), tick=False):
        assert browser.get("/").status_code == 200


@pytest.mark.parametrize(("who", "locks"), [("dana", True), ("morgan", True), ("sam", False)])
def test_pages_of_staff_lock_themselves_on_the_screen(
    programme: Programme, who: str, locks: bool
) -> None:
    page = read(signed_in(getattr(programme, who)).get("/"))
    panels = [one for one in page.all() if one.get("data-lock")]
    scripts = [one.get("src") for one in page.all("script")]
    assert [one.get("data-lock") for one in panels] == (["900"] if locks else [])
    assert any("lock.js" in src for src in scripts) == locks
    assert all("hidden" in one.attributes for one in panels)


def test_recovery_codes_are_not_shown_on_a_locked_desk(
    locked: tuple[Client, str], programme: Programme
) -> None:
    browser, _ = locked
    assert codes_to_keep(programme.dana) != []
    for where in (f"{OWN}codes/", OWN, f"{OWN}app/"):
        assert browser.get(where)["Location"].partition("?")[0] == UNLOCK
