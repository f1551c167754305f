"""Somebody at a browser: what they tap and what they see, in the words of the page.

Owns the way through the product as a person goes it. A test reads like what people did.
"""

from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from tests.e2e.colours import Look, launch, wear
from tests.e2e.stack import Stack

PHONE = {"width": 360, "height": 740}
LAPTOP = {"width": 1280, "height": 800}
SECONDS = 1000


@dataclass
class Visitor:
    """One person in one browser of their own."""

    name: str
    stack: Stack
    browser: Browser
    context: BrowserContext
    page: Page

    @classmethod
    def arrive(
        cls, playwright: Playwright, stack: Stack, name: str, look: Look, size: dict[str, int]
    ) -> "Visitor":
        browser = launch(playwright)
        context = browser.new_context(viewport=size)  # type: ignore[arg-type]
        wear(context, look)
        page = context.new_page()
        page.set_default_timeout(20 * SECONDS)
        return cls(name, stack, browser, context, page)

    def sign_in(self) -> None:
        """As a demo person, by one tap."""
        self.page.goto(f"{self.stack.origin}/sign-in/")
        self.page.get_by_role("button", name=f"{self.name} (").click()
        self.page.wait_for_url(f"{self.stack.origin}/")

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

    def wait_for_segment(self, title: str) -> None:
        """Until the strip says that this segment is on."""
        current = self.page.locator(".agenda .thirds li[aria-current=step]")
        expect(current).to_contain_text(title)

    def leave(self) -> None:
        self.context.close()
        self.browser.close()
