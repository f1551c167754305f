"""The echo of the device check: one's own tone comes back through the real node, two seconds
later, and how it was is said in words. The media node and the probe are processes."""

import re
import time

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.colours import LIME, wait_for_tone
from tests.e2e.conftest import Arrive
from tests.e2e.people import PHONE, SECONDS, Visitor
from tests.e2e.stack import Stack
from tests.e2e.usable import assert_usable, violations

pytestmark = pytest.mark.browser

FIRST, AGAIN = "Hear yourself as others do", "Hear yourself again"
STOP = "Stop, and see how it was"
DELAY_MS = 2000 - 40  # two frames of sound: where the delay is measured from and to
MUTED_TONE = """() => new Promise((done) => {
    const press = (words) => [...document.querySelectorAll('button')]
        .find((one) => one.textContent.trim() === words).click();
    press('Unmute');
    const began = performance.now();
    const look = () => {
        const tone = window.__colours.tileTone('echo');
        if (tone !== null) done(performance.now() - began);
        else setTimeout(look, 20);
    };
    look();
})"""


@pytest.fixture(scope="module")
def stack(shared_stack: Stack) -> Stack:
    return shared_stack


@pytest.fixture
def probe(stack: Stack) -> None:
    """Takes requests: its line is printed once it does."""
    if "probe" not in stack.processes:
        stack.start("probe")
    deadline = time.monotonic() + 30
    while "probe: up" not in stack.log("probe"):
        assert time.monotonic() < deadline, stack.log("probe")
        time.sleep(0.05)


@pytest.fixture
def no_probe(stack: Stack) -> None:
    if "probe" in stack.processes:
        stack.stop("probe")


@pytest.fixture
def sam(stack: Stack, arrive: Arrive) -> Visitor:
    """At the check, with a tone for a voice."""
    sam = arrive("Sam", LIME, PHONE)
    sam.sign_in()
    sam.open_room()
    expect(sam.page.get_by_role("button", name="Mute", exact=True)).to_be_visible()
    return sam


def echo(page: Page) -> Locator:
    return page.locator(".echo")


def wait_until(page: Page, at: str) -> None:
    expect(echo(page)).to_have_attribute("data-echo", at, timeout=40 * SECONDS)


def test_without_a_probe_one_is_told_and_can_join(sam: Visitor, no_probe: None) -> None:
    sam.tap(FIRST)
    wait_until(sam.page, "failed")
    expect(echo(sam.page)).to_contain_text(
        "We could not try your sound. You can join all the same."
    )
    assert_usable(sam.page)
    sam.join()
    sam.wait_for("lobby")


def test_tone_comes_back_two_seconds_later_and_is_reported(sam: Visitor, probe: None) -> None:
    """Kills: an echo at once; a voice of before the mute; a report without figures."""
    listen(sam)
    wait_for_tone(sam.page, "echo", LIME.hertz, seconds=40)
    sam.tap("Mute")
    wait_for_tone(sam.page, "echo", None, seconds=40)
    assert sam.page.evaluate(MUTED_TONE) >= DELAY_MS
    assert violations(sam.page, {"resultTypes": ["violations"]}) == []
    sam.tap(STOP)
    wait_until(sam.page, "report")
    lines = echo(sam.page).locator("dd").all_inner_texts()
    assert [re.sub(r"\d+", "_", line) for line in lines] == [
        "_ % lost, jitter _ ms",
        "_ % lost, jitter _ ms",
        "_ ms",
    ]
    expect(echo(sam.page)).not_to_contain_text("We did not hear you")
    assert_usable(sam.page)


def test_echo_is_used_with_the_keyboard_alone(sam: Visitor, probe: None) -> None:
    """Kills: a button that is replaced and takes the keyboard's place with it."""
    sam.page.get_by_role("button", name=FIRST).focus()
    sam.page.keyboard.press("Enter")
    wait_until(sam.page, "listening")
    expect(sam.page.get_by_role("button", name=STOP)).to_be_focused()
    sam.page.keyboard.press("Enter")
    wait_until(sam.page, "report")
    expect(sam.page.get_by_role("button", name=AGAIN)).to_be_focused()


def test_who_is_muted_is_told_to_unmute_first(sam: Visitor) -> None:
    sam.tap("Mute")
    expect(echo(sam.page)).to_contain_text("Unmute first, then you can hear yourself.")
    expect(sam.page.get_by_role("button", name=FIRST)).to_have_attribute("aria-disabled", "true")


def test_joining_ends_the_echo(sam: Visitor, probe: None) -> None:
    """Kills: a voice of two seconds ago in the waiting room."""
    listen(sam)
    sam.join()
    sam.wait_for("lobby")
    connected = sam.page.evaluate(
        "window.__peers.filter(p => p.connectionState === 'connected').length"
    )
    assert connected == 0


def listen(visitor: Visitor) -> None:
    visitor.tap(FIRST)
    wait_until(visitor.page, "listening")
