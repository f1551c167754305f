"""The room's page by itself, in a real browser: every screen, every control, every refusal."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from sessions.core.refusal import Refuse, sentence
from sessions.signaling.messages.agenda import (
    Advance,
    Back,
    EndLater,
    Extend,
    Pause,
    Resume,
    Shorten,
)
from sessions.signaling.messages.connection import CLOSE_CODES, Closing, Hello
from sessions.signaling.messages.door import Admit, AdmitAll
from sessions.signaling.messages.me import Leave, SetCamera, SetHand, SetMicrophone
from sessions.signaling.messages.people import AllowMicrophone, LowerHand, Mute, Remove
from sessions.signaling.messages.room import End, RoomView, Snapshot, Start
from tests.e2e import scripts
from tests.e2e.conftest import Enter
from tests.e2e.people import LAPTOP, PHONE

pytestmark = pytest.mark.browser

# what is true of a sheet, or of a new page, in the microtask after the render that put it there
SHEET = """(button) => new Promise((done) => {
  new MutationObserver((_, watch) => {
    const sheet = document.querySelector('dialog');
    if (!sheet) return;
    watch.disconnect();
    done([sheet.open, document.activeElement === sheet.querySelector('h2')]);
  }).observe(document.body, {childList: true, subtree: true});
  button.focus();
  button.click();
})"""
WATCH_HEADINGS = """() => {
  window.__focused = [];
  new MutationObserver(() => window.__focused.push(document.activeElement?.tagName))
    .observe(document.getElementById('room'),
      {attributes: true, attributeFilter: ['data-screen']});
}"""


def staff(**change: Any) -> Snapshot:
    return scripts.snapshot(staff=True, **change)


SCREENS = {
    "lobby": scripts.snapshot(
        me=scripts.me(seat="waiting"), room=scripts.room(state="lobby_open"), participants=[]
    ),
    "room": scripts.snapshot(),
    "break": scripts.snapshot(room=scripts.room(agenda=scripts.agenda(index=1))),
    "ended": scripts.snapshot(room=scripts.room(state="ended")),
    "not_held": scripts.snapshot(room=scripts.room(state="not_held")),
    "cancelled": scripts.snapshot(room=scripts.room(state="cancelled")),
    "removed": scripts.snapshot(me=scripts.me(seat="removed")),
}


# ---- screens -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
@pytest.mark.parametrize("screen", SCREENS)
def test_screen_says_what_it_is_and_passes_axe(
    enter: Enter, screen: str, size: dict[str, int]
) -> None:
    room = enter(SCREENS[screen], size).join()
    room.wait_for(screen)
    expect(room.page.locator("h1").first).to_be_focused()
    assert Axe().run(room.page).response["violations"] == []
    wide = "document.documentElement.scrollWidth > window.innerWidth"
    assert room.page.evaluate(wide) is False


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_check_and_desk_pass_axe(enter: Enter, size: dict[str, int]) -> None:
    room = enter(staff(), size)
    assert Axe().run(room.page).response["violations"] == []
    room.join()
    assert Axe().run(room.page).response["violations"] == []


@pytest.mark.parametrize("number", sorted(set(CLOSE_CODES) - {4400, 4408, 4429, 4503}))
def test_closed_for_good_says_why_and_what_to_do(enter: Enter, number: int) -> None:
    room = enter(scripts.snapshot()).join()
    refuse = Refuse(CLOSE_CODES[number])
    room.tell(Closing(type="closing", code=refuse.code, text=sentence(refuse)))
    room.close(number)
    room.wait_for("removed" if number == 4411 else "resting")
    expect(room.page.get_by_role("link", name="Go to my page")).to_have_attribute("href", "/")


@pytest.mark.parametrize("number", [4408, 4503])
def test_dropped_connection_keeps_the_room_and_comes_back(enter: Enter, number: int) -> None:
    room = enter(scripts.snapshot()).join()
    room.close(number)
    room.wait_for_sent(Hello, 2)
    expect(room.page.locator("[data-banner=reconnecting]")).to_have_count(0)
    hello = room.sent(Hello)[-1]
    assert (hello.epoch, hello.seq) == ("e1", 10)
    room.wait_for("room")


def test_page_begins_at_its_heading_in_the_render_that_shows_it(enter: Enter) -> None:
    """Also after a tap that focuses nothing, as in Safari. Kills: a focus that moves after the next
    frame, from where somebody has tabbed to since."""
    room = enter(scripts.snapshot())
    room.page.evaluate(WATCH_HEADINGS)
    room.button("Join").evaluate("button => button.click()")
    room.wait_for("room")
    room.tell(scripts.room_changed(state="ended"))
    room.wait_for("ended")
    assert room.page.evaluate("window.__focused") == ["H1"] * 3  # connecting, room, ended


def test_page_asks_nobody_else_and_breaks_no_rule_of_its_own(enter: Enter) -> None:
    """Nothing of another origin, no complaint of the content security policy, a neutral title."""
    room = enter(staff(), LAPTOP).join()
    room.page.get_by_role("tab", name=re.compile("People")).click()
    assert (room.foreign, room.complaints) == ([], [])
    assert room.page.title() == "Thirds"


# ---- one's own controls --------------------------------------------------------------------


def test_microphone_camera_and_hand_follow_buttons_and_keys(enter: Enter) -> None:
    room = enter(scripts.snapshot()).join()
    press = room.page.keyboard.press
    room.button("Mute").click()
    assert room.wait_for_sent(SetMicrophone).on is False
    press("m")
    assert room.wait_for_sent(SetMicrophone, 2).on is True
    press("v")
    assert room.wait_for_sent(SetCamera).on is False
    expect(room.page.locator(".tile[data-name=Sam]")).to_have_class(re.compile(r"\boff\b"))
    press("h")
    assert room.wait_for_sent(SetHand).raised is True


def test_keys_can_be_turned_off(enter: Enter) -> None:
    room = enter(scripts.snapshot())
    room.page.get_by_text("Microphone, camera, sound and keys").click()
    room.page.get_by_role("checkbox").uncheck()
    room.join()
    room.page.keyboard.press("h")
    room.button("Raise hand").click()
    room.wait_for_sent(SetHand)
    assert len(room.sent(SetHand)) == 1


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("Join", (True, True)),
        ("Join without video", (True, False)),
        ("Just listen", (False, False)),
    ],
)
def test_way_in_is_what_others_get(enter: Enter, way: str, expected: tuple[bool, bool]) -> None:
    room = enter(scripts.snapshot())
    expect(room.page.get_by_text("Nobody sees or hears you yet.")).to_be_visible()
    room.button(way).click()
    room.wait_for("room")
    hello = room.sent(Hello)[0]
    assert (hello.microphone, hello.camera) == expected


def test_staff_close_a_microphone_and_only_they_open_it(enter: Enter) -> None:
    room = enter(scripts.snapshot()).join()
    room.tell(scripts.me_changed(microphone_allowed=False))
    assert room.wait_for_sent(SetMicrophone).on is False
    expect(room.page.get_by_text("Dana turned your microphone off.")).to_be_visible()
    expect(room.button("Unmute")).to_have_attribute("aria-disabled", "true")
    room.page.keyboard.press("m")
    room.tell(scripts.me_changed(version=3))
    expect(room.button("Unmute")).not_to_have_attribute("aria-disabled", "true")
    assert [command.on for command in room.sent(SetMicrophone)] == [False]


def test_break_closes_microphone_and_camera_and_only_the_camera_comes_back(enter: Enter) -> None:
    """Kills: rules that leave the microphone wanted."""
    room = enter(scripts.snapshot()).join()
    room.tell(scripts.room_changed(agenda=scripts.agenda(index=1)))
    room.wait_for("break")
    assert room.wait_for_sent(SetMicrophone).on is False
    assert room.wait_for_sent(SetCamera).on is False
    room.tell(scripts.room_changed(version=3, agenda=scripts.agenda(index=2)))
    room.wait_for("room")
    assert room.wait_for_sent(SetCamera, 2).on is True
    expect(room.button("Unmute")).to_be_visible()


def test_reopened_group_sees_and_hears_nobody_without_a_tap(enter: Enter) -> None:
    """Kills: rules that leave what was wanted as it is."""
    room = enter(scripts.snapshot()).join()
    room.tell(scripts.room_changed(state="ended"))
    room.wait_for("ended")
    room.tell(scripts.room_changed(version=3))
    room.wait_for("room")
    expect(room.button("Unmute")).to_be_visible()
    expect(room.button("Start video")).to_be_visible()
    expect(room.page.get_by_text("The group is open again.")).to_be_visible()


def test_leaving_is_said_and_can_be_undone(enter: Enter) -> None:
    room = enter(scripts.snapshot()).join()
    room.button("Leave").click()
    room.wait_for("resting")
    room.wait_for_sent(Leave)
    room.button("Come back").click()
    room.wait_for("room")
    hello = room.sent(Hello)[-1]
    assert (hello.microphone, hello.epoch) == (False, None)


def test_refusal_stays_in_words_until_it_is_closed(enter: Enter) -> None:
    room = enter(scripts.snapshot())
    room.refuse["me.hand"] = Refuse("room.locked")
    room.join()
    room.button("Raise hand").click()
    words = room.page.get_by_text(sentence(Refuse("room.locked")))
    expect(words).to_be_visible()
    room.tell(scripts.person_changed("Joe"))
    expect(words).to_be_visible()
    room.button("Close this message").click()
    expect(words).to_have_count(0)


def test_tiles_keep_their_places_and_bear_their_names(enter: Enter) -> None:
    room = enter(scripts.snapshot()).join()
    room.tell(scripts.person_changed("Dana", camera=False))
    room.tell(scripts.person_changed("Kai"))
    expect(room.page.locator(".tile[data-name=Kai]")).to_be_visible()
    names = room.page.locator(".tile").evaluate_all("tiles => tiles.map(t => t.dataset.name)")
    assert names == ["Dana", "Sam", "Joe", "Kai"]
    for name in names:
        assert room.page.locator(f".tile[data-name={name}] video").count() == 1


# ---- the desk ------------------------------------------------------------------------------

NOT_STARTED = scripts.room(state="lobby_open", agenda=scripts.agenda(phase="not_started"))
LAST = scripts.room(agenda=scripts.agenda(index=3))
PAUSED = scripts.room(state="paused", agenda=scripts.agenda(phase="paused"))


@pytest.mark.parametrize(
    ("now", "words", "kind", "fields"),
    [
        (NOT_STARTED, "Start", Start, {}),
        (scripts.room(), "Next: Break", Advance, {"index": 0}),
        (LAST, "Back, Back to the segment before", Back, {"index": 3}),
        (scripts.room(), "+5 min, 5 minutes more for check-in", Extend, {"minutes": 5}),
        (scripts.room(), "−5 min, 5 minutes less for check-in", Shorten, {"minutes": 5}),
        (scripts.room(), "Pause", Pause, {}),
        (PAUSED, "Resume", Resume, {}),
        (scripts.room(), "End 5 min later", EndLater, {"minutes": 5}),
        (NOT_STARTED, "Admit Kai", Admit, {"key": "kai"}),
        (NOT_STARTED, "Admit all", AdmitAll, {}),
        (scripts.room(), "Mute Joe", Mute, {"key": "joe"}),
        (scripts.room(), "Lower Joe’s hand", LowerHand, {"key": "joe"}),
    ],
)
def test_desk_button_asks_for_exactly_its_command(
    enter: Enter, now: RoomView, words: str, kind: type, fields: dict[str, Any]
) -> None:
    room = enter(staff(room=now), LAPTOP).join()
    room.button(words).click()
    sent = room.wait_for_sent(kind)
    assert {name: getattr(sent, name) for name in fields} == fields
    desk = [command for command in room.commands if command.type.startswith("room.")]
    assert desk == [sent]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (["End…", "End for everyone"], End),
        (["More for Joe", "Remove from today’s group…", "Remove Joe"], Remove),
    ],
)
def test_grave_command_asks_once_and_escape_is_harmless(
    enter: Enter, path: list[str], kind: type
) -> None:
    room = enter(staff(), LAPTOP).join()
    for words in path[:-1]:
        room.button(words).click()
    expect(room.page.get_by_role("dialog").get_by_role("heading")).to_be_focused()
    room.page.keyboard.press("Escape")
    expect(room.page.get_by_role("dialog")).to_have_count(0)
    assert room.sent(kind) == []
    for words in path:
        room.button(words).click()
    room.wait_for_sent(kind)


def test_escape_that_follows_at_once_closes_the_sheet(enter: Enter) -> None:
    """Kills: a sheet that opens after the next frame: an Escape before it is lost, and the sheet
    stays."""
    room = enter(staff(), LAPTOP).join()
    asks = room.button("End…")
    assert asks.evaluate(SHEET) == [True, True]
    room.page.keyboard.press("Escape")
    expect(asks).to_be_focused()


def test_microphone_closed_by_staff_is_allowed_again_from_the_list(enter: Enter) -> None:
    muted = [scripts.person("Dana"), scripts.person("Joe", microphone_allowed=False)]
    room = enter(staff(participants=muted), LAPTOP).join()
    room.button("Allow Joe’s microphone").click()
    assert room.wait_for_sent(AllowMicrophone).key == "joe"


def test_no_time_left_offers_to_end_later(enter: Enter) -> None:
    room = enter(staff(), LAPTOP)
    room.refuse["room.extend"] = Refuse("agenda.no_time_left", {"minutes": 2})
    room.join()
    room.button("+5 min, 5 minutes more for check-in").click()
    notice = room.page.locator("[data-notice='agenda.no_time_left']")
    notice.get_by_role("button", name="End 5 min later").click()
    assert room.wait_for_sent(EndLater).minutes == 5


def test_admitting_keeps_the_focus_at_the_door(enter: Enter) -> None:
    room = enter(staff(room=NOT_STARTED), LAPTOP).join()
    room.button("Admit Kai").click()
    expect(room.page.get_by_role("tabpanel")).to_be_focused()


def test_phone_desk_opens_one_panel_at_a_time(enter: Enter) -> None:
    room = enter(staff(), PHONE).join()
    bar = room.page.get_by_role("region", name="My controls")
    for words, seen in (("Agenda", "+5 min"), ("People", "Everyone"), ("Lobby", "2 waiting")):
        bar.get_by_role("button", name=words).click()
        expect(room.page.get_by_text(seen, exact=True).first).to_be_visible()
    bar.get_by_role("button", name="Lobby").click()
    expect(room.page.locator(".tile").first).to_be_visible()


def test_desk_offers_no_microphone_and_no_camera_in_a_break(enter: Enter) -> None:
    """They stay closed whatever is tapped, so the buttons say so. Kills: buttons that do nothing."""
    room = enter(staff(room=scripts.room(agenda=scripts.agenda(index=1))), LAPTOP).join()
    for closed in ("Unmute", "Start video"):
        expect(room.button(closed)).to_have_attribute("aria-disabled", "true")
    room.button("More").click()
    expect(room.page.get_by_role("dialog").get_by_text("Start video")).to_have_count(0)
