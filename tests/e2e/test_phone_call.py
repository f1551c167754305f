"""A phone call takes microphone, camera and network; after it the person is back without a tap."""

import pytest
from playwright.sync_api import expect

from tests.e2e.colours import LIME, RED
from tests.e2e.conftest import ArriveByRelay
from tests.e2e.people import Visitor, open_devices, sees_and_hears
from tests.e2e.stack import Stack
from tests.impairment.phone_call import BEGIN, END_UNSAID, PHONE_CALL

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stack(shared_stack: Stack) -> Stack:
    return shared_stack


def test_phone_call_that_takes_devices_and_network_ends_without_a_tap(
    dana: Visitor, arrive_by_relay: ArriveByRelay
) -> None:
    """Nothing is said to the tracks when the call ends. Kills: waiting for their `unmute`; believing
    that a track that says it is live captures; waiting for the browser's own verdict on the path."""
    sam, relay = arrive_by_relay("Sam", LIME)
    sam.page.add_init_script(PHONE_CALL)
    sam.come_in()
    sam.wait_for("lobby")
    dana.admit("Sam")
    sam.wait_for("room")
    open_devices([sam])
    sees_and_hears(dana, "Sam", LIME)
    sam.watch_screens()
    sam.page.evaluate(BEGIN)
    expect(sam.page.get_by_text("Your device keeps the microphone off")).to_be_visible()
    expect(dana.tile("Sam").locator(".initial")).to_be_visible()
    expect(dana.tile("Sam")).not_to_contain_text("microphone on")
    relay.cut()
    expect(dana.tile("Sam")).to_contain_text("coming back", timeout=20_000)
    relay.strand()
    relay.mend()
    sam.page.evaluate(END_UNSAID)
    sees_and_hears(dana, "Sam", LIME)
    sees_and_hears(sam, "Dana", RED)
    expect(dana.tile("Sam").locator(".initial")).to_have_count(0)
    expect(sam.page.get_by_text("Your device keeps")).to_have_count(0)
    assert sam.screens() == ["room"]
