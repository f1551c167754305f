"""Where the tile of somebody who is shown large leaves the others, at every size of screen."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e import scripts
from tests.e2e.conftest import Enter
from tests.e2e.people import LAPTOP, PHONE
from tests.e2e.scripted import ScriptedRoom

pytestmark = pytest.mark.browser

NAMES = ["Dana", "Sam", "Joe", *[f"Client{number}" for number in range(4, 13)]]
LARGE = "Sam"
SIZES = {"phone": PHONE, "sideways": {"width": 740, "height": 360}, "laptop": LAPTOP}
LEAST_TILE = 24  # pixels high: a name plate is whole
FLATTEST = 2.75  # width to height: flatter, and a face fills the tile from the brow to the mouth
BOXES = """() => Object.fromEntries([...document.querySelectorAll('.tile')].map((tile) => {
  const {left, right, top, bottom, width, height} = tile.getBoundingClientRect();
  return [tile.dataset.name, {left, right, top, bottom, height, flat: width / height,
    area: width * height}];
}))"""


def boxes_of(room: ScriptedRoom, count: int) -> dict[str, dict[str, float]]:
    """The tiles by name, in pixels."""
    expect(room.page.locator(".tile")).to_have_count(count)
    found: dict[str, dict[str, float]] = room.page.evaluate(BOXES)
    return found


@pytest.mark.parametrize("count", [2, 3, 4, 5, 12])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("leads", [False, True], ids=["client", "desk"])
def test_tile_shown_large_leaves_everybody_on_the_screen(
    enter: Enter, leads: bool, size: str, count: int
) -> None:
    """Above the controls, whole; the one shown large has twice the room of any other, and is not cut flat."""
    people = [scripts.person(name) for name in NAMES[:count]]
    parts = [scripts.hands(), scripts.large(LARGE)]
    room = enter(scripts.snapshot(leads, participants=people, parts=parts), SIZES[size]).join()
    boxes: Any = boxes_of(room, count)
    foot = room.page.locator(".controls").bounding_box()
    assert foot is not None
    everybody = boxes.values()
    assert min(box["left"] for box in everybody) >= 0
    assert max(box["right"] for box in everybody) <= SIZES[size]["width"]
    assert max(box["bottom"] for box in everybody) <= foot["y"]
    assert min(box["height"] for box in everybody) >= LEAST_TILE
    large = boxes.pop(LARGE)
    assert large["area"] >= 2 * max(box["area"] for box in boxes.values())
    assert large["flat"] <= FLATTEST
