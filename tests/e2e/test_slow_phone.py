"""A group of six on a slow phone: real parts."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright, expect

from tests.e2e.colours import BLUE, RED, Look, launch, wait_for_frames, wear
from tests.e2e.people import PHONE, SECONDS, Visitor, open_devices, sees_and_hears
from tests.e2e.stack import Stack

pytestmark = pytest.mark.browser

OTHERS = {
    "Maya": Look("lime", 700),
    "Joe": Look("yellow", 1000),
    "Tess": Look("magenta", 1400),
    "Ben": Look("cyan", 1800),
}
# all six browsers encode on the machine of the test, and a phone's own work is to be slow, not theirs
CALM_CAMERA = """(() => {
  const capture = HTMLCanvasElement.prototype.captureStream;
  HTMLCanvasElement.prototype.captureStream = function () { return capture.call(this, 8); };
})()"""


@pytest.fixture(scope="module")
def stack(shared_stack: Stack) -> Stack:
    return shared_stack


@pytest.fixture(scope="module")
def crowd(playwright: Playwright, dana: Visitor, stack: Stack) -> Iterator[list[Visitor]]:
    """Four clients in the room with their cameras on, each in a window of one browser."""
    browser = launch(playwright)
    people = []
    for name, look in OTHERS.items():
        context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
        context.add_init_script(CALM_CAMERA)
        wear(context, look)
        person = Visitor(name, stack, browser, context, context.new_page())
        person.page.set_default_timeout(20 * SECONDS)
        let_in(dana, person)
        people.append(person)
    yield people
    browser.close()


def let_in(dana: Visitor, client: Visitor) -> None:
    client.come_in()
    client.wait_for("lobby")
    dana.admit(client.name)
    client.wait_for("room")
    open_devices([client])


def test_grid_of_six_stays_whole_on_a_slow_phone(
    dana: Visitor, crowd: list[Visitor], playwright: Playwright, stack: Stack
) -> None:
    sam = Visitor.arrive(playwright, stack, "Sam", BLUE, PHONE)
    let_in(dana, sam)
    slow = sam.context.new_cdp_session(sam.page)
    slow.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    expect(sam.page.locator(".tile")).to_have_count(len(crowd) + 2)
    for _ in range(3):
        for name in ("Sam", "Dana", *OTHERS):
            wait_for_frames(sam.page, name, 10)
    for name, look in OTHERS.items():
        sees_and_hears(sam, name, look)
    sees_and_hears(sam, "Dana", RED)
    sam.leave()
