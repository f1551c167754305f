"""What a phone has of its own: apps with a browser inside, and one loudspeaker of several."""

import pytest
from playwright.sync_api import expect

from tests.e2e import scripts
from tests.e2e.colours import Look, wear
from tests.e2e.conftest import Enter
from tests.e2e.phones import beside_a_headset, in_mail_app, played_on, unplug
from tests.e2e.scripted import ORIGIN

pytestmark = pytest.mark.browser

ADDRESS = f"{ORIGIN}/rooms/s/"
NO_CLIPBOARD = "navigator.clipboard.writeText = () => Promise.reject(new Error('not here'))"
BLOCKED = Look("blue", 1000, {"audio": "NotAllowedError", "video": "NotAllowedError"})


# ---- a browser inside a mail app -----------------------------------------------------------


def test_browser_of_a_mail_app_copies_the_address_for_safari(enter: Enter) -> None:
    page = enter(scripts.snapshot()).page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    in_mail_app(page)
    expect(page.get_by_role("heading", name="Open this page in Safari")).to_be_visible()
    page.get_by_role("button", name="Copy the address").click()
    expect(page.get_by_text("Copied. Now open Safari")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == ADDRESS


def test_address_is_selected_where_the_app_lets_nothing_copy(enter: Enter) -> None:
    page = enter(scripts.snapshot()).page
    page.add_init_script(NO_CLIPBOARD)
    in_mail_app(page)
    page.get_by_role("button", name="Copy the address").click()
    expect(page.get_by_text("Press and hold the address")).to_be_visible()
    expect(page.get_by_role("textbox")).to_be_focused()
    assert page.evaluate("getSelection().toString()") == ADDRESS


def test_address_for_another_browser_leaves_out_what_follows_the_path(enter: Enter) -> None:
    page = enter(scripts.snapshot()).page
    page.evaluate("history.replaceState(null, '', '#secret')")
    in_mail_app(page)
    expect(page.get_by_role("textbox")).to_have_value(ADDRESS)


def test_app_that_refuses_the_camera_is_left_for_safari(enter: Enter) -> None:
    page = enter(scripts.snapshot()).page
    wear(page.context, BLOCKED)
    in_mail_app(page, capture=True)
    note = page.locator(".note.caution")
    expect(note.get_by_label("Copy the address and paste it in Safari:")).to_have_value(ADDRESS)


# ---- what plays the sound ------------------------------------------------------------------


def test_output_chosen_in_the_check_plays_every_voice_and_is_kept(enter: Enter) -> None:
    room = enter(scripts.snapshot())
    page = room.page
    beside_a_headset(page)
    page.get_by_text("Microphone, camera, sound and keys").click()
    page.get_by_label("Speaker").select_option("Headset")
    room.join()
    page.locator("audio[data-slot]").first.wait_for(state="attached")
    assert played_on(page) == {"h"}
    page.reload()
    room.join()
    page.locator("audio[data-slot]").first.wait_for(state="attached")
    assert played_on(page) == {"h"}


def test_output_is_changed_in_the_room_and_falls_back_in_words_when_it_goes(enter: Enter) -> None:
    room = enter(scripts.snapshot())
    page = room.page
    beside_a_headset(page)
    room.join()
    room.button("More").click()
    page.get_by_label("Speaker").select_option("Headset")
    room.button("Close").click()
    assert played_on(page) == {"h"}
    unplug(page, "h")
    expect(page.get_by_text("The loudspeaker or headset you chose is gone.")).to_be_visible()
    assert played_on(page) == {""}


def test_browser_that_lets_nobody_choose_says_what_does(enter: Enter) -> None:
    room = enter(scripts.snapshot())
    room.page.add_init_script("delete HTMLMediaElement.prototype.setSinkId")
    room.page.reload()
    room.join()
    room.button("More").click()
    expect(room.page.get_by_text("Sound follows this device. Use its volume keys.")).to_be_visible()
    expect(room.page.get_by_label("Speaker")).to_have_count(0)


# ---- the screen ----------------------------------------------------------------------------


def test_room_opens_in_a_browser_without_wake_locks(enter: Enter) -> None:
    room = enter(scripts.snapshot())
    room.page.add_init_script("delete Navigator.prototype.wakeLock")
    room.page.reload()
    room.join().wait_for("room")
    assert room.complaints == []
