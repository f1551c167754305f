"""The main paths with a keyboard alone. At every stop the focus is seen, and it is never lost."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import history
from tests.e2e.colours import BLUE, RED
from tests.e2e.keyboard import Hands, at_keyboard
from tests.e2e.people import LAPTOP, PHONE
from tests.e2e.stack import Stack

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def place(shared_stack: Stack) -> Stack:
    """An installation with a session that was held, and one whose door is open."""
    history.hold(shared_stack.environment["DATABASE_URL"])
    shared_stack.manage("seed_demo")
    return shared_stack


@pytest.fixture
def hands(browser: Browser) -> Iterator["Hands"]:
    made = at_keyboard(browser, RED, LAPTOP)
    yield made
    made.page.context.close()


@pytest.fixture
def client(browser: Browser) -> Iterator["Hands"]:
    made = at_keyboard(browser, BLUE, PHONE)
    yield made
    made.page.context.close()


def sign_in(hands: Hands, stack: Stack, name: str) -> None:
    """As a demo person."""
    hands.page.goto(f"{stack.origin}/sign-in/")
    hands.press(hands.page.get_by_role("button", name=f"{name} ("))
    hands.page.wait_for_url(f"{stack.origin}/")


def sign_in_by_code(hands: Hands, stack: Stack, email: str) -> None:
    """With the code that is in the terminal."""
    hands.page.goto(f"{stack.origin}/sign-in/")
    hands.type_in("Your e-mail", email)
    hands.page.keyboard.press("Enter")
    hands.page.wait_for_url("**/sign-in/code/")
    expect(hands.page.get_by_label("Six digits")).to_be_focused()
    hands.page.keyboard.type(newest_code(hands.page, stack))
    hands.page.keyboard.press("Enter")
    hands.page.wait_for_url(f"{stack.origin}/")


def newest_code(page: Page, stack: Stack) -> str:
    for _ in range(200):
        if codes := re.findall(r"(\d{3} \d{3}) is your code", stack.log("web")):
            return str(codes[-1])
        page.wait_for_timeout(50)
    raise AssertionError("no code was sent")


def test_group_is_led_and_joined_with_the_keyboard_alone(
    hands: Hands, client: Hands, place: Stack
) -> None:
    sign_in_by_code(client, place, "sam@demo.example")
    come_to_the_door(client, "Join now")
    client.wait_for("lobby")
    expect(client.page.locator("h1")).to_be_focused()
    sign_in(hands, place, "Dana")
    come_to_the_door(hands, "Enter the room")
    hands.wait_for("room")
    admit_and_start(hands, client)
    mute_and_allow_again(hands, client)
    own_keys_work(client)
    remove(hands, client)
    end(hands)


def come_to_the_door(somebody: Hands, words: str) -> None:
    somebody.press(somebody.page.get_by_role("link", name=words))
    somebody.wait_for("check")
    somebody.press(somebody.button("Join"))


def admit_and_start(dana: Hands, sam: Hands) -> None:
    dana.press(dana.button("Admit Sam"))
    sam.wait_for("room")
    expect(sam.page.locator("h1").first).to_be_focused()
    dana.is_somewhere()
    dana.press(dana.button("Start"))
    dana.press(dana.button("Next: Topic"))
    expect(sam.page.locator("h1").first).to_have_text("Topic")
    dana.is_somewhere()


def mute_and_allow_again(dana: Hands, sam: Hands) -> None:
    """Tabs by arrows, as their pattern says."""
    dana.reach(dana.page.get_by_role("tab", name=re.compile("^Lobby")))
    dana.page.keyboard.press("ArrowLeft")
    dana.page.keyboard.press("Enter")
    dana.press(dana.button("Mute Sam"))
    expect(sam.button("Unmute")).to_have_attribute("aria-disabled", "true")
    expect(dana.button("Allow Sam’s microphone")).to_be_focused()
    dana.page.keyboard.press("Enter")
    expect(sam.button("Unmute")).not_to_have_attribute("aria-disabled", "true")


def own_keys_work(sam: Hands) -> None:
    sam.press(sam.button("Unmute"), "Space")
    expect(sam.button("Mute")).to_be_focused()
    sam.page.keyboard.press("h")
    expect(sam.button("Lower hand")).to_be_visible()


def remove(dana: Hands, sam: Hands) -> None:
    """Escape closes the sheet and its question, and nothing has happened; then Sam is removed."""
    more, dialog = dana.button("More for Sam"), dana.page.get_by_role("dialog")
    dana.press(more)
    expect(dialog.get_by_role("heading")).to_be_focused()
    dana.page.keyboard.press("Escape")
    expect(more).to_be_focused()
    for answer in ("Escape", "Enter"):
        dana.press(more)
        dana.press(dana.button("Remove from today’s group…"))
        expect(dialog.get_by_role("heading")).to_have_text("Remove Sam from today’s group?")
        expect(dialog.get_by_role("heading")).to_be_focused()
        if answer == "Escape":
            dana.page.keyboard.press(answer)
            expect(more).to_be_focused()
        else:
            dana.press(dana.button("Remove Sam"), answer)
    sam.wait_for("removed")
    expect(sam.page.locator("h1")).to_be_focused()
    expect(more).to_have_count(0)
    dana.is_somewhere()


def end(dana: Hands) -> None:
    asks = dana.button("End…")
    dana.press(asks)
    dana.page.keyboard.press("Escape")
    expect(asks).to_be_focused()
    dana.page.keyboard.press("Enter")
    dana.press(dana.button("End for everyone"))
    dana.wait_for("ended")
    expect(dana.page.locator("h1")).to_be_focused()


def test_track_is_made_with_the_keyboard_alone(hands: Hands, place: Stack) -> None:
    """A form with mistakes first: its summary has the focus and leads to the field."""
    sign_in(hands, place, "Morgan")
    hands.press(hands.page.get_by_role("link", name="Tracks").locator("visible=true").first)
    hands.press(hands.page.get_by_role("link", name="Make a track"))
    hands.press(hands.button("Make the track"))
    expect(hands.page.locator("#summary")).to_be_focused()
    hands.press(hands.page.locator("#summary").get_by_role("link", name="Name"))
    expect(hands.page.get_by_label("Name", exact=True)).to_be_focused()
    hands.page.keyboard.type("Keyboard")
    hands.press(hands.page.get_by_role("checkbox", name="Monday"), "Space")
    hands.type_in("Starts at", "0600PM")
    hands.type_in("Ends at", "0730PM")
    first = datetime.now(UTC) + timedelta(days=120)  # past every track of the demo
    hands.type_in("First day", f"{first:%m%d%Y}")
    hands.type_in("Weeks", "3")
    hands.type_in("Agenda", "Thirds")
    hands.press(hands.page.get_by_role("checkbox", name="Dana"), "Space")
    hands.press(hands.button("Make the track"))
    expect(hands.page.get_by_role("heading", level=1)).to_have_text("Keyboard")
    expect(hands.page.get_by_text("3 sessions")).to_be_visible()


def test_minute_is_corrected_with_the_keyboard_alone(hands: Hands, place: Stack) -> None:
    sign_in(hands, place, "Dana")
    hands.press(hands.page.get_by_role("link", name=re.compile("^Attendance of")).last)
    hands.press(hands.page.get_by_role("link", name=re.compile("^Maya, Check-in")))
    expect(hands.page.get_by_role("heading", name="Correct Maya, Check-in")).to_be_focused()
    hands.type_in("Minutes", "30")
    hands.page.keyboard.press("Enter")
    expect(hands.page.locator("#summary")).to_be_focused()
    hands.type_in("Reason", "Listened in by telephone")
    hands.page.keyboard.press("Enter")
    expect(hands.page.get_by_text("“Listened in by telephone”")).to_be_visible()
    cell = hands.page.get_by_role("link", name=re.compile("^Maya, Check-in"))
    expect(cell).to_have_text("30*")
