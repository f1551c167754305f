"""Somebody with a keyboard and nothing else, for browser tests: every stop on the way to a target
shows that it has the focus. Knows no page.
"""

import re
from dataclasses import dataclass

from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.colours import Look, wear
from tests.e2e.people import SECONDS

MOST_STOPS = 80
# what has the focus: nothing, something without a ring that can be seen, or an element as it should
FOCUS = """() => {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return 'nowhere';
  const ring = focused.closest('label.choice') ?? focused;
  const style = getComputedStyle(ring);
  const box = ring.getBoundingClientRect();
  const drawn = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  const inside = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight
    && box.right > 0 && box.left < innerWidth;
  return drawn && inside ? 'seen' : `unseen: ${focused.outerHTML.slice(0, 200)}`;
}"""


@dataclass
class Hands:
    """Somebody who has a keyboard and nothing else."""

    page: Page

    def button(self, words: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=words, exact=True).locator("visible=true").first

    def reach(self, target: Locator) -> None:
        """Tab until the target has the focus. Once round the page is enough for everything."""
        expect(target).to_be_visible()
        rounds = 0
        for _ in range(MOST_STOPS):
            if self.has(target):
                return
            self.page.keyboard.press("Tab")
            focus = self.page.evaluate(FOCUS)
            rounds += focus == "nowhere"  # between the last stop and the first
            assert focus in ("seen", "nowhere"), focus
            assert rounds < 3, f"no way to {target}"
        raise AssertionError(f"more than {MOST_STOPS} stops to {target}")

    def has(self, target: Locator) -> bool:
        answer: bool = target.evaluate("element => element === document.activeElement")
        return answer

    def press(self, target: Locator, key: str = "Enter") -> None:
        self.reach(target)
        self.page.keyboard.press(key)

    def type_in(self, label: str, words: str) -> None:
        self.reach(self.page.get_by_label(label, exact=True))
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(words)

    def wait_for(self, screen: str) -> None:
        """The room shows this screen, and a new screen begins at its heading."""
        expect(self.page.locator("#room")).to_have_attribute("data-screen", screen)

    def is_somewhere(self) -> None:
        """Whatever went away, the focus did not go with it."""
        expect(self.page.locator("body")).not_to_be_focused()


def at_keyboard(browser: Browser, look: Look, size: dict[str, int]) -> Hands:
    context = browser.new_context(viewport=size)  # type: ignore[arg-type]
    wear(context, look)
    page = context.new_page()
    page.set_default_timeout(20 * SECONDS)
    return Hands(page)
