"""What a phone has of its own: apps with a browser inside, and one loudspeaker of several."""

import pytest
from playwright.sync_api import expect

from tests.e2e import scripts
from tests.e2e.colours import Look, wear
from tests.e2e.conftest import Enter
from tests.e2e.phones import in_mail_app
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
