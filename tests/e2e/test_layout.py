"""Where things stand: what the strip says, and tiles that cut no head."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from sessions.signaling.messages.room import RoomView
from tests.e2e import scripts
from tests.e2e.conftest import Enter
from tests.e2e.people import LAPTOP, PHONE

pytestmark = pytest.mark.browser

WIDE = {"width": 1920, "height": 1080}
BEFORE = scripts.room(state="lobby_open", agenda=scripts.agenda(phase="not_started"))
BREAK = scripts.room(agenda=scripts.agenda(index=1, left_ms=4 * scripts.MINUTE))
LONG = scripts.room(
    topic="What to do when a craving comes up at work and nobody there is to know of it",
    agenda=scripts.agenda(index=2),
)
FLATTEST = 2.2  # width to height
CUT = """() => [...document.querySelectorAll('.agenda .now *')].filter(
  (one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflow === 'hidden')
  .map((one) => one.className)"""


@pytest.mark.parametrize("size", [PHONE, LAPTOP, WIDE], ids=["phone", "laptop", "wide"])
@pytest.mark.parametrize(
    "now",
    [
        (BEFORE, "Before the start", r"\d+:\d\d\s[AP]M"),
        (BREAK, "Break", r"\d min left|\d:\d\d left"),
    ],
    ids=["before", "break"],
)
@pytest.mark.parametrize("leads", [False, True], ids=["client", "desk"])
def test_strip_says_what_is_on_when_it_has_no_bar_of_its_own(
    enter: Enter, leads: bool, now: tuple[RoomView, str, str], size: dict[str, int]
) -> None:
    room_now, name, left = now
    room = enter(scripts.snapshot(leads, room=room_now), size).join()
    strip = room.page.locator(".agenda .now")
    expect(strip).to_be_visible()
    expect(strip.locator(".seg-name")).to_contain_text(name)
    expect(strip.locator(".left")).to_have_text(re.compile(left))


@pytest.mark.parametrize("leads", [False, True], ids=["client", "desk"])
def test_topic_is_whole_on_a_phone(enter: Enter, leads: bool) -> None:
    room = enter(scripts.snapshot(leads, room=LONG), PHONE).join()
    expect(room.page.locator(".agenda .seg-name")).to_contain_text(LONG.topic)
    assert room.page.evaluate(CUT) == []


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6, 9, 12])
@pytest.mark.parametrize("leads", [False, True], ids=["client", "desk"])
def test_no_tile_on_a_wide_screen_is_so_flat_that_a_head_is_cut(
    enter: Enter, leads: bool, count: int
) -> None:
    """The issue's own size. Kills: two people one above the other, each nearly three to one."""
    names = ["Dana", "Sam", "Joe", *[f"Client{number}" for number in range(4, 13)]][:count]
    people = [scripts.person(name) for name in names]
    room = enter(scripts.snapshot(leads, participants=people), WIDE).join()
    expect(room.page.locator(".tile")).to_have_count(count)
    shapes: Any = room.page.locator(".tile").evaluate_all(
        "tiles => tiles.map((tile) => tile.clientWidth / tile.clientHeight)"
    )
    assert max(shapes) <= FLATTEST
