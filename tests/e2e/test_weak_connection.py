"""What people are told of a bad connection, on real parts: a way up that loses packets."""

import pytest
from playwright.sync_api import expect

from tests.e2e.colours import LIME
from tests.e2e.conftest import ArriveByRelay
from tests.e2e.people import SECONDS, Visitor, open_devices, sees_and_hears
from tests.e2e.stack import Stack
from tests.impairment.link import Conditions

pytestmark = pytest.mark.browser

WEAK = 40 * SECONDS  # until what never comes fails a test; never asserted


@pytest.fixture(scope="module")
def stack(shared_stack: Stack) -> Stack:
    return shared_stack


def let_in(dana: Visitor, client: Visitor) -> None:
    client.come_in()
    client.wait_for("lobby")
    dana.admit(client.name)
    client.wait_for("room")
    open_devices([client])


def test_lossy_uplink_is_said_to_its_owner_and_shown_to_others_on_the_tile(
    dana: Visitor, arrive_by_relay: ArriveByRelay
) -> None:
    rosa, relay = arrive_by_relay("Rosa", LIME)
    let_in(dana, rosa)
    sees_and_hears(dana, "Rosa", LIME)
    relay.impair(up=Conditions(loss=0.3))
    expect(rosa.page.get_by_text("Turning your camera off helps.")).to_be_visible(timeout=WEAK)
    expect(dana.tile("Rosa").locator("[data-quality]")).to_be_visible(timeout=WEAK)
    rosa.tap("Camera off")
    expect(rosa.page.get_by_role("button", name="Start video", exact=True)).to_be_visible()
    rosa.tap("Leave")
