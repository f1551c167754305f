"""What holds for every page and every screen: for axe, in each look, at twice the size, and with
the keyboard alone. Knows no page by name.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.people import LAPTOP, PHONE

NARROW: Final = {"width": 320, "height": 640}  # 1280 pixels at 400 % (WCAG 2.2, 1.4.10)
ZOOMED: Final = {"width": 640, "height": 400}  # the laptop at 200 % (1.4.4)
SERIOUS: Final = ("serious", "critical")
EVERY_RULE: Final[dict[str, Any]] = {"resultTypes": ["violations"]}
COLOURS: Final = {
    **EVERY_RULE,
    "runOnly": ["color-contrast", "link-in-text-block"],
}  # all that dark changes
SCRIPT: Final = Path(__file__).with_name("usable.js").read_text(encoding="utf-8")
ROUNDS: Final = 3  # presses for each stop, before a page that never ends is given up


def assert_usable(page: Page) -> None:
    """Raises AssertionError that names the look and the element. The window is then as before."""
    page.evaluate(SCRIPT)
    expect(page.locator(".tap-cover")).to_have_count(0)
    before = page.viewport_size
    looks = (found_by_axe, too_wide, found_by_tab)
    found = [fault for look in looks for fault in look(page)]
    page.set_viewport_size(before or LAPTOP)  # type: ignore[arg-type]
    assert not found, "\n".join(map(str, found))


def found_by_axe(page: Page) -> list[tuple[object, ...]]:
    """Width, scheme, rule and element of what is serious in any look."""
    found: list[tuple[object, ...]] = []
    for size in (PHONE, LAPTOP):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for scheme, rules in (("light", EVERY_RULE), ("dark", COLOURS)):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            found += [(size["width"], scheme, *what) for what in violations(page, rules)]
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return found


def violations(page: Page, rules: dict[str, Any]) -> list[tuple[str, str]]:
    """Rule and element of what axe holds to be serious or critical."""
    result = Axe().run(page, options=rules).response["violations"]
    return [
        (rule["id"], node["html"][:200])
        for rule in result
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]


def too_wide(page: Page) -> list[tuple[object, ...]]:
    """Looks in which a line has to be scrolled sideways, or words or buttons lose their place:
    sizes, zoom, and letters twice as big."""
    found: list[tuple[object, ...]] = []
    for size in (NARROW, PHONE, ZOOMED, LAPTOP):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        found += [(f"{size['width']} px", *what) for what in beside(page)]
    with grown_letters(page) as grows:
        found += [("letters at 200 %", *what) for what in beside(page)]
    return found if grows else [*found, ("letters at 200 %", "do not grow")]


def beside(page: Page) -> list[tuple[object, ...]]:
    """How far the page goes beyond the window; the words that end at an edge; the buttons that
    lie on one another. As the window is."""
    excess: int = page.evaluate("__usable.excess()")
    cut: list[str] = page.evaluate("__usable.cut()")
    crowded: list[str] = page.evaluate("__usable.crowded()")
    found: list[tuple[object, ...]] = [("scrolls sideways", excess)] if excess > 0 else []
    found += [("words are cut", words) for words in cut]
    return found + [("lies on its neighbour", words) for words in crowded]


@contextmanager
def grown_letters(page: Page) -> Iterator[bool]:
    """The phone with letters at 200 % (1.4.4); whether they did grow."""
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    yield page.evaluate("__usable.grow()")
    page.evaluate("__usable.shrink()")


def found_by_tab(page: Page) -> list[tuple[object, ...]]:
    """On a laptop, on a phone, and there with letters at 200 %."""
    found: list[tuple[object, ...]] = []
    for size in (LAPTOP, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        found += [(f"{size['width']} px", *what) for what in walk(page)]
    with grown_letters(page):
        return found + [("letters at 200 %", *what) for what in walk(page)]


def walk(page: Page) -> list[tuple[str, str]]:
    """What Tab does not reach, what does not show that it has the focus (2.4.7), and what has it
    behind something else (2.4.11)."""
    stops: list[str] = page.evaluate("__usable.stops()")
    reached: dict[int, list[str]] = {}
    for _ in range(len(stops) * ROUNDS):
        if len(reached) == len(stops):
            break
        page.keyboard.press("Tab")
        if (seen := page.evaluate("__usable.focused()")) is not None:
            reached.setdefault(seen["stop"], seen["faults"])
    missed = [("not reached", html) for n, html in enumerate(stops) if n not in reached]
    return missed + [(fault, stops[n]) for n, faults in reached.items() for fault in faults]
