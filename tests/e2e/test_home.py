"""The first page while it stays open, on a browser whose clock is moved and before a real server:
what was planned changes in the database, and only the page's own question shows it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.people import LAPTOP, PHONE, SECONDS
from tests.e2e.rows import changing
from tests.e2e.stack import Stack
from tests.e2e.usable import assert_usable

pytestmark = pytest.mark.browser

HIDE = """(hidden) => {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event('visibilitychange'));
}"""
TYPE_SOMEWHERE = """() => {
  document.body.append(document.createElement('input'));
  document.querySelector('body > input').focus();
}"""
REMOVE_SAM = """
from django.utils import timezone
from sessions.models import Person, Room, Seat
room = Room.objects.get(session__is_demo=True)
Room.objects.filter(pk=room.pk).update(state="live", started_at=timezone.now())
Seat.objects.create(room=room, person=Person.objects.get(display_name="Sam"), state="removed")
"""
ALARMS = """
from django.utils import timezone
from sessions.models import AccountRequest, Person, WrongCodes
from sessions.people.codes.digests import of_address
from sessions.people.second_manager import ask_second
sam, dana, morgan = [Person.objects.get(display_name=one) for one in ("Sam", "Dana", "Morgan")]
WrongCodes.objects.create(account=of_address(sam.email), recent=[timezone.now()] * 10, total=10)
ask_second(morgan, dana, AccountRequest.Kind.RESET)
"""


@dataclass
class OpenPage:
    """Sam's first page, on a device whose clock the test moves."""

    page: Page
    stack: Stack
    asked: list[str] = field(default_factory=list)  # addresses of what the page asked by itself

    def plan(self, minutes: float, *, cancelled: bool = False) -> None:
        """The next session starts in so many minutes; all others are over."""
        with changing(self.stack.environment["DATABASE_URL"]) as there:
            there.execute(
                "UPDATE group_sessions_session SET starts_at = now() + %(after)s,"
                " ends_at = now() + %(after)s + interval '90 minutes',"
                " cancelled_at = CASE WHEN %(cancelled)s THEN now() END WHERE is_demo",
                {"after": f"{minutes} minutes", "cancelled": cancelled},
            )

    def sign_in(self, name: str = "Sam", shown: str = "The door opens at") -> None:
        self.page.goto(f"{self.stack.origin}/sign-in/")
        self.page.get_by_role("button", name=f"{name} (").click()
        self.page.wait_for_url(f"{self.stack.origin}/")
        expect(self.page.get_by_text(shown).first).to_be_visible()
        self.page.on("request", lambda request: self.asked.append(request.url))

    def says(self, words: str) -> None:
        expect(self.page.locator("[data-door-says]")).to_have_text(words)


@pytest.fixture
def opened(browser: Browser, stack: Stack) -> Iterator[OpenPage]:
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(20 * SECONDS)
    page.clock.install()
    yield OpenPage(page, stack)
    context.close()


def test_page_wakes_when_the_door_opens_and_says_so(opened: OpenPage, tmp_path: Path) -> None:
    page = opened.page
    opened.plan(75)
    opened.sign_in()
    opened.plan(5)
    page.clock.fast_forward("59:00")
    assert opened.asked == []
    page.clock.fast_forward("01:05")
    expect(page.get_by_role("link", name="Join now")).to_be_visible()
    opened.says("The door is open. You can come in.")
    assert opened.asked == [f"{opened.stack.origin}/"]
    look(page, tmp_path, "open")


def test_page_that_is_hidden_or_typed_into_waits(opened: OpenPage) -> None:
    page = opened.page
    opened.plan(75)
    opened.sign_in()
    opened.plan(5)
    page.evaluate(HIDE, True)
    page.clock.fast_forward("01:05:00")
    page.evaluate(TYPE_SOMEWHERE)
    page.evaluate(HIDE, False)
    page.clock.fast_forward("00:05")
    assert opened.asked == []
    page.evaluate("document.activeElement.blur()")
    page.clock.fast_forward("00:02")
    expect(page.get_by_role("link", name="Join now")).to_be_visible()


def test_device_whose_clock_runs_ahead_opens_no_door_before_the_server(opened: OpenPage) -> None:
    page = opened.page
    opened.plan(75)
    opened.sign_in()
    page.clock.fast_forward("02:00:00")
    opened.says("Your groups have changed.")
    expect(page.get_by_role("link", name="Join now")).to_have_count(0)
    expect(page.get_by_text("The door opens at").first).to_be_visible()


def test_session_that_was_cancelled_meanwhile_is_struck_in_place_of_opening(
    opened: OpenPage, tmp_path: Path
) -> None:
    page = opened.page
    opened.plan(75)
    opened.sign_in("Dana")
    opened.plan(5, cancelled=True)
    page.clock.fast_forward("01:05:00")
    expect(page.get_by_text("This group is cancelled. It does not meet.")).to_be_visible()
    opened.says("Your groups have changed.")
    look(page, tmp_path, "cancelled")


def test_lost_network_is_tried_again(opened: OpenPage) -> None:
    page = opened.page
    opened.plan(75)
    opened.sign_in()
    opened.plan(5)
    page.context.set_offline(True)
    with page.expect_event("requestfailed"):
        page.clock.fast_forward("01:05:00")
    page.context.set_offline(False)
    page.clock.fast_forward("00:15")
    expect(page.get_by_role("link", name="Join now")).to_be_visible()


def test_removed_client_finds_words_in_place_of_a_way_in(opened: OpenPage, tmp_path: Path) -> None:
    page = opened.page
    opened.plan(5)
    opened.stack.manage("shell", "-c", REMOVE_SAM)
    opened.sign_in()
    expect(page.get_by_text("You’re out of this group for today.")).to_be_visible()
    expect(page.locator("main a[href^='/rooms/']")).to_have_count(0)
    look(page, tmp_path, "removed")


def test_manager_finds_the_alarms_on_the_first_page(opened: OpenPage, tmp_path: Path) -> None:
    page = opened.page
    opened.stack.manage("shell", "-c", ALARMS)
    opened.sign_in("Morgan", shown="Many wrong codes were typed for 1 account")
    expect(page.get_by_text("waits for a second program manager")).to_be_visible()
    look(page, tmp_path, "alarms")
    page.get_by_role("link", name="Open the list of people").click()
    page.wait_for_url("**/people/")


def look(page: Page, folder: Path, name: str) -> None:
    """A picture in both sizes, and what holds for every page."""
    for size in (PHONE, LAPTOP):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.screenshot(path=folder / f"{name}-{size['width']}.png", full_page=True)
    assert_usable(page)
