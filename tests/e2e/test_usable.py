"""The judge of the pages judged: each fault that is planted in a page is found, in words."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.usable import SCRIPT, found_by_axe, found_by_tab, too_wide

pytestmark = pytest.mark.browser

SOUND = """<!doctype html><html lang="en"><head><title>Page</title>
<meta name="viewport" content="width=device-width"><style>
body { font-size: 1rem; margin: 1rem; overflow-wrap: anywhere; } :focus { outline: 3px solid; }
</style></head><body><main><h1>Group</h1><p>Words to read.</p>
<p><a href="/a">First</a> <button>Second</button></p>%s</main></body></html>"""
PALE = '<p style="color: #aaa; background: #fff">Too pale to read</p>'
WIDE = '<p style="width: 30rem">Wider than a phone</p>'
CUT = '<p style="overflow: hidden; width: 5rem; white-space: nowrap">Ends in the middle</p>'
CROWDED = """<p style="display: grid; grid: auto / 2.5rem 2.5rem"><button style="width: 5rem">Left</button>
<button>Right</button></p>"""
SMALL = "<style>body { font-size: 16px }</style>"
RINGLESS = '<button style="outline: none">No ring</button>'
COVERED = """<button>Below</button><div style="height: 200vh"></div>
<p style="position: fixed; inset: 0; margin: 0; background: #fff">On top of everything</p>"""
SKIPPED = """<button id="a">Never</button><script>document.getElementById("a")
.addEventListener("focus", () => document.querySelector("main a").focus())</script>"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


def judged(page: Page, plant: str) -> set[object]:
    """The kinds of fault that are found: axe's by its rule."""
    page.set_content(SOUND % plant)
    page.evaluate(SCRIPT)
    by_axe = {rule for _, _, rule, _ in found_by_axe(page)}
    return by_axe | {fault[1] for fault in (*too_wide(page), *found_by_tab(page))}


@pytest.mark.parametrize(
    ("plant", "kinds"),
    [
        ("", set()),
        (PALE, {"color-contrast"}),
        (WIDE, {"scrolls sideways"}),
        (CUT, {"words are cut"}),
        (CROWDED, {"lies on its neighbour"}),
        (SMALL, {"do not grow"}),
        (RINGLESS, {"does not show the focus"}),
        (COVERED, {"is covered"}),
        (SKIPPED, {"not reached"}),
    ],
    ids=["sound", "pale", "wide", "cut", "crowded", "small", "ringless", "covered", "skipped"],
)
def test_planted_fault_is_found_and_nothing_else(page: Page, plant: str, kinds: set[str]) -> None:
    """Kills: a check that finds nothing, and one that finds what is not there."""
    assert judged(page, plant) == kinds
