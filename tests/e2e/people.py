"""Somebody at a browser: what they tap and what they see, in the words of the page.

Owns the way through the product as a person goes it. A test reads like what people did.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, expect

from tests.e2e.colours import Look, launch, wait_for_colour, wait_for_tone, wear
from tests.e2e.relay import Relay
from tests.e2e.stack import Stack

PHONE = {"width": 360, "height": 740}
LAPTOP = {"width": 1280, "height": 800}
SECONDS = 1000
WATCH_SCREENS = """() => {
  const room = document.getElementById('room');
  window.__screens = [room.dataset.screen];
  new MutationObserver(() => window.__screens.push(room.dataset.screen))
    .observe(room, {attributes: true, attributeFilter: ['data-screen']});
}"""


@dataclass
class Visitor:
    """One person in one browser of their own."""

    name: str
    stack: Stack
    browser: Browser
    context: BrowserContext
    page: Page

    @classmethod
    def arrive(  # noqa: PLR0917  # who, with what, through which network
        cls,
        playwright: Playwright,
        stack: Stack,
        name: str,
        look: Look,
        size: dict[str, int],
        relay: Relay | None = None,
    ) -> "Visitor":
        browser = launch(playwright, *([relay.flag] if relay else []))
        context = browser.new_context(viewport=size)  # type: ignore[arg-type]
        wear(context, look)
        if relay:
            relay.stand_between(context)
        visitor = cls(name, stack, browser, context, context.new_page())
        visitor.page.set_default_timeout(20 * SECONDS)
        return visitor

    def new_tab(self) -> "Visitor":
        """The same person in one more tab of the same browser."""
        tab = replace(self, page=self.context.new_page())
        tab.page.set_default_timeout(20 * SECONDS)
        return tab

    def sign_in(self) -> None:
        """As a demo person, by one tap."""
        self.page.goto(f"{self.stack.origin}/sign-in/")
        self.page.get_by_role("button", name=f"{self.name} (").click()
        self.page.wait_for_url(f"{self.stack.origin}/")

    def come_in(self) -> None:
        """From the sign-in page to the room, or to its door."""
        self.sign_in()
        self.open_room()
        self.join()

    def open_room(self) -> None:
        """From the first page to the check of the devices."""
        self.page.get_by_role("link", name="Join now").or_(
            self.page.get_by_role("link", name="Enter the room")
        ).click()
        self.wait_for("check")

    def join(self) -> None:
        self.page.get_by_role("button", name="Join", exact=True).click()

    def tap(self, words: str) -> None:
        self.page.get_by_role("button", name=words, exact=True).first.click()

    def wait_for(self, screen: str, seconds: float = 20) -> None:
        """Until the room's application shows this screen."""
        expect(self.page.locator("#room")).to_have_attribute(
            "data-screen", screen, timeout=seconds * SECONDS
        )

    def watch_screens(self) -> None:
        """From now on every screen of the room's application is remembered."""
        self.page.evaluate(WATCH_SCREENS)

    def screens(self) -> list[str]:
        """What was shown since `watch_screens`, from what was shown then."""
        seen: list[str] = self.page.evaluate("window.__screens")
        return seen

    def wait_for_segment(self, title: str) -> None:
        """Until the strip says that this segment is on."""
        current = self.page.locator(".agenda .thirds li[aria-current=step]")
        expect(current).to_contain_text(title)

    def tile(self, name: str) -> Locator:
        return self.page.locator(f".tile[data-name='{name}']")

    def admit(self, name: str) -> None:
        """As staff at the desk: lets that person in, then looks at the people again."""
        self.page.get_by_role("tab", name=re.compile("^Lobby")).click()
        self.tap(f"Admit {name}")
        self.page.get_by_role("tab", name=re.compile("^People")).click()

    def turn_on(self, closed: str, opened: str) -> None:
        """Taps the control if it is off; what it shows then is read from the track."""
        off = self.page.get_by_role("button", name=closed, exact=True)
        on = self.page.get_by_role("button", name=opened, exact=True)
        expect(off.or_(on)).to_be_visible()
        if off.is_visible():
            off.click()
        expect(on).to_be_visible()

    def leave(self) -> None:
        self.context.close()
        self.browser.close()


def open_devices(group: Iterable[Visitor]) -> None:
    """Microphone and camera on. After an end nobody is seen or heard again without a tap."""
    for visitor in group:
        visitor.turn_on("Unmute", "Mute")
        visitor.turn_on("Start video", "Stop video")


def sees_and_hears(visitor: Visitor, other: str, look: Look) -> None:
    """The colour and the tone of the other come out of the tile that bears the other's name."""
    wait_for_colour(visitor.page, other, look.colour)
    wait_for_tone(visitor.page, other, look.hertz)
