"""Takes the README's picture: a facilitator's desk, a group of drawn people, the real product.

`python -m tests.e2e.portraits` writes docs/room.png. Owns who sits there and how they look.
"""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.bundle import ROOT
from tests.e2e.colours import launch
from tests.e2e.people import LAPTOP, SECONDS
from tests.e2e.stack import Stack, running_stack
from tests.services import prepare_environment

SCRIPT = Path(__file__).with_name("portraits.js")
DANA = {"skin": "#c98d6b", "hair": "#3a2a24", "top": "#2f6f69", "cut": "bun", "light": 560}
SITTERS: dict[str, dict[str, Any]] = {
    "Dana": {**DANA, "wall": ["#5c6b68", "#44504d"]},
    "Sam": {
        "skin": "#dfae8c",
        "hair": "#6b4a2c",
        "top": "#4f6c8c",
        "cut": "short",
        "light": 90,
        "wall": ["#8ba0a3", "#66797c"],
    },
    "Maya": {
        "skin": "#8d5d3d",
        "hair": "#1d1718",
        "top": "#a85c4a",
        "cut": "long",
        "light": 120,
        "wall": ["#73604f", "#554639"],
        "hertz": 300,
    },
    "Joe": {
        "skin": "#e0aa88",
        "hair": "#8b8580",
        "top": "#4f5e41",
        "cut": "short",
        "light": 540,
        "wall": ["#6d5d54", "#514640"],
        "glasses": True,
    },
    "Imani": {
        "skin": "#5f3b29",
        "hair": "#1b1414",
        "top": "#b08a44",
        "cut": "curls",
        "light": 520,
        "wall": ["#5b6f66", "#44544d"],
    },
    "Nadia": {
        "skin": "#c99a74",
        "hair": "#47606e",
        "top": "#2f4450",
        "cut": "scarf",
        "light": 80,
        "wall": ["#8b817b", "#6a615d"],
    },
}
LATE = "Walt"  # still at the door
NO_CAMERA = "Nadia"
SMALL = {"width": 320, "height": 480}  # nobody looks at these screens, so they cost little


def sit(browser: Browser, stack: Stack, name: str) -> Page:
    """Somebody in front of a camera, from the sign-in page to the door."""
    size = LAPTOP if name == "Dana" else SMALL
    context = browser.new_context(viewport=size)  # type: ignore[arg-type]
    sitter = json.dumps(SITTERS.get(name, SITTERS["Joe"]))
    context.add_init_script(SCRIPT.read_text().replace("= SITTER;", f"= {sitter};", 1))
    page = context.new_page()
    page.set_default_timeout(60 * SECONDS)
    page.goto(f"{stack.origin}/sign-in/")
    page.get_by_role("button", name=f"{name} (").click()
    page.get_by_role("link", name=re.compile("^(Join now|Enter the room)")).click()
    way = {NO_CAMERA: "Join without video", LATE: "Just listen"}.get(name, "Join")
    page.get_by_role("button", name=way, exact=True).click()
    page.locator("#room[data-screen=lobby], #room[data-screen=room]").wait_for()
    return page


def gather(browser: Browser, stack: Stack) -> dict[str, Page]:
    """Everybody in the room, cameras on, in the middle of the check-in."""
    group = {name: sit(browser, stack, name) for name in SITTERS}
    desk = group["Dana"]
    desk.get_by_role("button", name="Admit all").click()
    for name in SITTERS:
        group[name].locator("#room[data-screen=room]").wait_for()
    desk.get_by_role("button", name="Start", exact=True).click()
    group["Joe"].get_by_role("button", name="Raise hand").click()
    group["Sam"].get_by_role("button", name="Mute", exact=True).click()
    group["Imani"].get_by_role("button", name="Mute", exact=True).click()
    sit(browser, stack, LATE)
    return group


def take(group: dict[str, Page], to: Path) -> None:
    """When every face is shown at the desk."""
    desk = group["Dana"]
    desk.get_by_role("tab", name=re.compile("^People")).click()
    shown = "n => document.querySelectorAll('.tile:not(.off) video:not(.covered)').length === n"
    desk.wait_for_function(shown, arg=len(SITTERS) - 1)
    desk.locator(".tile.speaking").wait_for()
    desk.screenshot(path=to)


def main() -> None:
    prepare_environment()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stack(Path(folder)) as stack,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        take(gather(browser, stack), ROOT / "docs" / "room.png")
        browser.close()


if __name__ == "__main__":
    main()
