"""Media that break are mended by the browsers themselves, and nobody leaves the room for it."""

import pytest

from tests.e2e.colours import BLUE, LIME, RED, YELLOW
from tests.e2e.conftest import Arrive, ArriveByRelay
from tests.e2e.people import PHONE, Visitor, open_devices, sees_and_hears
from tests.e2e.stack import Stack

pytestmark = pytest.mark.browser

# When an offer for a restart is made: what the browser itself says of the connection by then.
NOTE_RESTARTS = """(() => {
    window.__restarts = [];
    const offer = RTCPeerConnection.prototype.createOffer;
    RTCPeerConnection.prototype.createOffer = function (options) {
        if (options?.iceRestart) window.__restarts.push(this.connectionState);
        return offer.call(this, options);
    };
})()"""


@pytest.fixture(scope="module")
def stack(shared_stack: Stack) -> Stack:
    return shared_stack


def join_group(dana: Visitor, client: Visitor) -> None:
    client.come_in()
    client.wait_for("lobby")
    dana.admit(client.name)
    client.wait_for("room")
    open_devices([client])
    client.watch_screens()


def test_r3_media_path_that_dies_is_replaced_before_the_browser_gives_it_up(
    dana: Visitor, arrive_by_relay: ArriveByRelay
) -> None:
    """The old addresses are dead for good, the websocket lives. Kills: waiting for the browser's
    own verdict, which takes six seconds; a restart that is not made while it says connected."""
    sam, relay = arrive_by_relay("Sam", LIME)
    sam.page.add_init_script(NOTE_RESTARTS)
    join_group(dana, sam)
    sees_and_hears(dana, "Sam", LIME)
    sees_and_hears(sam, "Dana", RED)
    relay.strand()
    sam.page.wait_for_function("() => window.__restarts.length > 0", timeout=30_000)
    sees_and_hears(sam, "Dana", RED)
    sees_and_hears(dana, "Sam", LIME)
    assert sam.page.evaluate("() => window.__restarts[0]") == "connected"
    assert sam.screens() == ["room"]


def test_r4_nat_that_forgets_is_followed_without_a_new_connection(
    dana: Visitor, arrive_by_relay: ArriveByRelay
) -> None:
    """The browser stays where it is, and the node hears it from another port. Kills: a node that
    waits for a check that nominates, or sends to the former address."""
    rosa, relay = arrive_by_relay("Rosa", YELLOW)
    rosa.page.add_init_script(NOTE_RESTARTS)
    join_group(dana, rosa)
    sees_and_hears(dana, "Rosa", YELLOW)
    made = rosa.page.evaluate("() => window.__peers.length")
    relay.rebind()
    sees_and_hears(dana, "Rosa", YELLOW)
    sees_and_hears(rosa, "Dana", RED)
    assert rosa.page.evaluate("() => window.__peers.length") == made
    assert rosa.screens() == ["room"]


def test_r8_node_that_is_killed_and_started_again_has_everybody_back(
    dana: Visitor, arrive: Arrive, stack: Stack
) -> None:
    """Kills: browsers that are told nothing, and wait until their connection has failed."""
    maya = arrive("Maya", BLUE, PHONE)
    join_group(dana, maya)
    sees_and_hears(dana, "Maya", BLUE)
    before = [page.evaluate("() => window.__peers.length") for page in (dana.page, maya.page)]
    stack.processes.pop("media").kill()
    stack.start("media")
    for visitor, count in zip((dana, maya), before, strict=True):
        visitor.page.wait_for_function(
            "count => window.__peers.length > count", arg=count, timeout=60_000
        )
    sees_and_hears(maya, "Dana", RED)
    sees_and_hears(dana, "Maya", BLUE)
    assert maya.screens() == ["room"]
