"""Every page and every screen of the room: axe on a phone and a laptop, in light and dark; at
twice the size; with the keyboard alone.

The lists of cases are held against the addresses of the server and the screens that the room
knows: a page or a screen without a case fails.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Browser, Page

from sessions.signaling.messages.connection import CLOSE_CODES, Closing
from sessions.signaling.messages.media import SlotOwned
from sessions.signaling.messages.room import Snapshot
from tests.e2e import history, phones, scripts
from tests.e2e.bundle import ROOT
from tests.e2e.colours import BLUE, Look, wear
from tests.e2e.people import LAPTOP, PHONE
from tests.e2e.scripted import ScriptedRoom
from tests.e2e.stack import Stack
from tests.e2e.usable import assert_usable

pytestmark = pytest.mark.browser


# ---- pages ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Visit:
    """Somebody at a page: who (None: nobody is signed in), and the way to it."""

    who: str | None
    way: tuple[Callable[[Page, "Places"], Any], ...]


@dataclass(frozen=True)
class Places:
    """Where the module's installation is, and a session that was held in it."""

    origin: str
    held: str


def at(path: str) -> Callable[[Page, Places], Any]:
    return lambda page, places: page.goto(f"{places.origin}{path.format(held=places.held)}")


def tap(role: Any, name: str) -> Callable[[Page, Places], Any]:
    return lambda page, _: page.get_by_role(role, name=re.compile(name)).first.click()


def type_in(label: str, words: str) -> Callable[[Page, Places], Any]:
    return lambda page, _: page.get_by_label(label, exact=True).fill(words)


def opens(selector: str) -> Callable[[Page, Places], Any]:
    return lambda page, _: page.locator(selector).first.click()


def without(selector: str) -> Callable[[Page, Places], Any]:
    return lambda page, _: page.locator(selector).evaluate_all(
        "all => all.forEach(e => e.remove())"
    )


def faulty(page: Page, places: "Places") -> None:
    """The page of a fault, which no visit brings about: this one answer is played."""
    told = {"status": 500, "content_type": "text/html", "body": render_to_string("500.html")}
    page.route("**/people/", lambda route: route.fulfill(**told), times=1)
    page.goto(f"{places.origin}/people/")


def narrow(page: Page, _: "Places") -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]


TO_CODE = (at("/sign-in/"), type_in("Your e-mail", "a@b.example"), tap("button", "^Send me"))
TO_CELL = (at("/sessions/{held}/attendance/"), tap("link", "^Maya, Check-in"))
EVENING = (at("/tracks/"), tap("link", "^Evening"))
TO_DETAILS = (at("/people/"), tap("link", "^Sam$"), tap("link", "^Open the details"))
PHONE_FIELD = "Phone to call back"
SAVE = tap("button", "^Save$")
REACH_SAM = tap("link", "^How to reach Sam$")

# by the name of the address; a state of the same page follows a dot
PAGES = {
    "account_login": Visit(None, (at("/sign-in/"),)),
    "account_login.error": Visit(None, (at("/sign-in/"), tap("button", "^Send me"))),
    "account_confirm_login_code": Visit(None, TO_CODE),
    "account_confirm_login_code.error": Visit(None, (*TO_CODE, tap("button", "^Continue"))),
    "home.client": Visit("Sam", (at("/"),)),
    "home.facilitator": Visit("Dana", (at("/"),)),
    "home.manager": Visit("Morgan", (at("/"),)),
    "home.menu": Visit("Morgan", (narrow, at("/"), opens(".menu-phone summary"))),
    "people": Visit("Morgan", (at("/people/"),)),
    "people.refused": Visit("Sam", (at("/people/"),)),
    "person_add": Visit("Morgan", (at("/people/add/"),)),
    "person_add.error": Visit("Morgan", (at("/people/add/"), tap("button", "^Add$"))),
    "person": Visit("Morgan", (at("/people/"), tap("link", "^Sam$"))),
    "person_details": Visit("Morgan", TO_DETAILS),
    "person_details.error": Visit("Morgan", (*TO_DETAILS, type_in(PHONE_FIELD, "x"), SAVE)),
    "person.details_saved": Visit(
        "Morgan", (*TO_DETAILS, type_in("Address during sessions", "12 Elm St"), SAVE)
    ),
    "tracks": Visit("Morgan", (at("/tracks/"),)),
    "tracks.menu": Visit("Morgan", (narrow, at("/tracks/"), opens(".menu-phone summary"))),
    "track_add": Visit("Morgan", (at("/tracks/add/"),)),
    "track_add.error": Visit("Morgan", (at("/tracks/add/"), tap("button", "^Make the track"))),
    "track": Visit("Morgan", EVENING),
    "track.cancel": Visit("Morgan", (*EVENING, opens("details.confirm summary"))),
    "track_change": Visit("Morgan", (*EVENING, tap("link", "^Change"))),
    "roster": Visit("Dana", (at("/"), tap("link", "^Roster"))),
    "session_details": Visit("Dana", (at("/"), tap("link", "^Roster"), REACH_SAM)),
    "attendance": Visit("Dana", (at("/sessions/{held}/attendance/"),)),
    "attendance.correct": Visit("Dana", TO_CELL),
    "attendance.error": Visit("Dana", (*TO_CELL, tap("button", "^Save the correction"))),
    "own_zone": Visit("Sam", (at("/your-time-zone/"),)),
    "second_factor": Visit("Dana", (at("/your-sign-in/"),)),
    "second_factor.client": Visit("Sam", (at("/your-sign-in/"),)),
    "not_found": Visit("Sam", (at("/nowhere/"),)),
    "fault": Visit("Sam", (faulty,)),
    "not_sent": Visit(
        "Morgan",
        (at("/people/add/"), without("[name=csrfmiddlewaretoken]"), tap("button", "^Add$")),
    ),
    "room.check": Visit("Sam", (at("/"), tap("link", "^Join now"))),
    "room.refused": Visit("Sam", (at("/rooms/nowhere/"),)),
}
SAME_PAGE = {"account_request_login_code": "account_login"}
NO_PAGE = {"alive", "health", "echo_report", "echo_relay"}  # words for a proxy, JSON for a script
# looked at on the way through them, in tests/e2e/test_second_factor.py; or they show no page
SECOND_FACTOR = {
    "mfa_authenticate",
    "passkey_sign_in",
    "unlock",
    "still_here",
    "held",
    "second_factor_app",
    "second_factor_passkey",
    "second_factor_codes",
}


def addresses(patterns: Any) -> dict[str, str]:
    """Name → path of every address below."""
    found: dict[str, str] = {}
    for one in patterns:
        if isinstance(one, URLResolver):
            found |= addresses(one.url_patterns)
        elif isinstance(one, URLPattern):
            numbered = re.sub(r"<int:[^>]+>", "1", f"/{one.pattern}")
            found[str(one.name)] = re.sub(r"<[^>]+>", "some", numbered)
    return found


@pytest.fixture(scope="module")
def places(shared_stack: Stack) -> Places:
    held = history.hold(shared_stack.environment["DATABASE_URL"])
    shared_stack.manage("seed_demo")
    return Places(shared_stack.origin, held)


@pytest.fixture(scope="module")
def page_of(browser: Browser, places: Places) -> Iterator[Callable[[str | None], Page]]:
    """A page of somebody signed in; each signs in once."""
    pages: dict[str | None, Page] = {}

    def page(who: str | None) -> Page:
        if who not in pages or who is None:
            context = browser.new_context()
            wear(context, BLUE)
            pages[who] = context.new_page()
        if who is not None and pages[who].url == "about:blank":
            pages[who].goto(f"{places.origin}/sign-in/")
            pages[who].get_by_role("button", name=f"{who} (").click()
            pages[who].wait_for_url(f"{places.origin}/")
        return pages[who]

    yield page
    for one in pages.values():
        one.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_page_is_usable(name: str, page_of: Callable[[str | None], Page], places: Places) -> None:
    page = page_of(PAGES[name].who)
    for step in PAGES[name].way:
        step(page, places)
    assert_usable(page)


def test_every_address_has_a_case_or_shows_no_page(
    page_of: Callable[[str | None], Page], places: Places
) -> None:
    """An address without a case answers 405 to a visit: it takes orders and shows nothing."""
    cases = {name.partition(".")[0] for name in PAGES} | set(SAME_PAGE) | SECOND_FACTOR | NO_PAGE
    others = {
        n: path for n, path in addresses(get_resolver().url_patterns).items() if n not in cases
    }
    request = page_of("Morgan").request
    answers = {name: request.get(f"{places.origin}{path}").status for name, path in others.items()}
    assert answers == dict.fromkeys(others, 405)


# ---- the room ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scene:
    """The room's page before a server that answers so; then what happens, and what is tapped."""

    snapshot: Snapshot
    joins: bool = True
    look: Look = BLUE
    then: tuple[Callable[[ScriptedRoom], Any], ...] = ()
    size: dict[str, int] = field(default_factory=lambda: PHONE)


def staff(**change: Any) -> Snapshot:
    return scripts.snapshot(staff=True, **change)


def closed(number: int) -> Callable[[ScriptedRoom], Any]:
    """The server says why, and closes the socket."""

    def close(room: ScriptedRoom) -> None:
        room.tell(
            Closing(type="closing", code=CLOSE_CODES[number], text="Staff can tell you more.")
        )
        room.close(number)

    return close


def lost(room: ScriptedRoom) -> None:
    """The socket drops, and nothing answers any more."""
    room.page.route_web_socket("**/ws/rooms/s/", lambda socket: socket.close(code=4503))
    room.close(4503)
    room.page.locator("[data-banner=reconnecting]").wait_for()


def silent(room: ScriptedRoom) -> None:
    """The server takes the socket and says nothing."""
    room.answers = False


def without_webrtc(room: ScriptedRoom) -> None:
    room.page.add_init_script("delete window.RTCPeerConnection")
    room.page.reload()


def in_a_mail_app(room: ScriptedRoom) -> None:
    phones.in_mail_app(room.page)


def weak(*names: str) -> Callable[[ScriptedRoom], Any]:
    """Who has a slot, and a network that loses packets, oneself and the first of them."""

    def lose(room: ScriptedRoom) -> None:
        for slot, name in enumerate(names):
            room.tell(
                SlotOwned(type="media.slot_owned", slot=slot, key=name.lower(), csrc=slot + 1)
            )
        phones.lose_packets(room.page)

    return lose


def button(words: str) -> Callable[[ScriptedRoom], Any]:
    return lambda room: room.button(words).click()


NOT_STARTED = scripts.room(state="lobby_open", agenda=scripts.agenda(phase="not_started"))
PAUSED = scripts.room(state="paused", agenda=scripts.agenda(phase="paused"))
MUTED = scripts.snapshot(me=scripts.me(microphone_allowed=False))
NO_DEVICES = Look("blue", 1000, {"audio": "NotAllowedError", "video": "NotFoundError"})
WAITING = scripts.snapshot(
    me=scripts.me(seat="waiting"), room=scripts.room(state="lobby_open"), participants=[]
)

# by the screen; a state of the same screen follows a dot
SCENES = {
    "unsupported": Scene(scripts.snapshot(), joins=False, then=(without_webrtc,)),
    "unsupported.mail_app": Scene(scripts.snapshot(), joins=False, then=(in_a_mail_app,)),
    "check": Scene(scripts.snapshot(), joins=False),
    "check.no_devices": Scene(scripts.snapshot(), joins=False, look=NO_DEVICES),
    "connecting": Scene(scripts.snapshot(), joins=False, then=(silent, button("Join"))),
    "lobby": Scene(WAITING),
    "room.client": Scene(scripts.snapshot()),
    "room.more": Scene(scripts.snapshot(), then=(button("More"),)),
    "room.muted": Scene(MUTED),
    "room.weak": Scene(scripts.snapshot(), then=(weak("Dana", "Joe"),)),
    "room.desk_weak": Scene(staff(), then=(weak("Sam", "Joe"),)),
    "room.reconnecting": Scene(scripts.snapshot(), then=(lost,)),
    "room.large": Scene(scripts.snapshot(parts=[scripts.hands("Joe"), scripts.large("Joe")])),
    "room.desk": Scene(staff()),
    "room.desk_before": Scene(staff(room=NOT_STARTED)),
    "room.desk_paused": Scene(staff(room=PAUSED)),
    "room.desk_agenda": Scene(staff(), then=(button("Agenda"),)),
    "room.desk_lobby": Scene(staff(), then=(button("Lobby 2 waiting"),)),
    "room.desk_more": Scene(staff(), then=(button("More"),)),
    "room.desk_devices": Scene(staff(), size=LAPTOP, then=(button("More"),)),
    "room.desk_person": Scene(staff(), size=LAPTOP, then=(button("More for Joe"),)),
    "room.desk_remove": Scene(
        staff(), size=LAPTOP, then=(button("More for Joe"), button("Remove from today’s group…"))
    ),
    "room.desk_end": Scene(staff(), size=LAPTOP, then=(button("End…"),)),
    "break": Scene(scripts.snapshot(room=scripts.room(agenda=scripts.agenda(index=1)))),
    "ended": Scene(scripts.snapshot(room=scripts.room(state="ended"))),
    "ended.desk": Scene(
        staff(room=scripts.room(state="ended", reopen_until_ms=scripts.NOW + 10 * scripts.MINUTE))
    ),
    "not_held": Scene(scripts.snapshot(room=scripts.room(state="not_held"))),
    "cancelled": Scene(scripts.snapshot(room=scripts.room(state="cancelled"))),
    "removed": Scene(scripts.snapshot(me=scripts.me(seat="removed"))),
    "resting.left": Scene(scripts.snapshot(), then=(button("Leave"),)),
    "resting.not_let_in": Scene(scripts.snapshot(), then=(closed(4403),)),
}


def test_every_screen_has_a_scene() -> None:
    state = (ROOT / "frontend/src/room/state.ts").read_text()
    screens = set(re.findall(r"\| \{ readonly at: '(\w+)'", state))
    assert {name.partition(".")[0] for name in SCENES} == screens


@pytest.mark.parametrize("name", SCENES)
def test_scene_is_usable(name: str, browser: Browser) -> None:
    scene = SCENES[name]
    context = browser.new_context(viewport=scene.size)  # type: ignore[arg-type]
    wear(context, scene.look)
    room = ScriptedRoom(context.new_page(), scene.snapshot).open()
    if scene.joins:
        room.join()
    for step in scene.then:
        step(room)
    room.wait_for(name.partition(".")[0])
    assert_usable(room.page)
    context.close()
