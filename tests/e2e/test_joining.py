"""From the tap on "Join" to the first sound and picture of the others, counted in round trips."""

import pytest

from tests.e2e.colours import LIME, RED
from tests.e2e.conftest import ArriveByRelay
from tests.e2e.people import Visitor, sees_and_hears
from tests.e2e.stack import Stack
from tests.e2e.test_recovery import join_group

pytestmark = pytest.mark.browser

ROUND_TRIP_S = 1.0  # so long that what a slow machine takes for the rest is less than one
MOST_ROUND_TRIPS = 4
NOTE_TIMES = """(() => {
    window.__times = {};
    const note = (name) => (window.__times[name] ??= performance.now());
    addEventListener('click', () => { window.__times.tap = performance.now(); }, true);
    const answer = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function (given) {
        for (const { track } of this.getReceivers()) track.onunmute = () => note('media');
        return answer.call(this, given);
    };
    const offer = RTCPeerConnection.prototype.createOffer;
    RTCPeerConnection.prototype.createOffer = function (...given) {
        note('offer');
        return offer.apply(this, given);
    };
    window.WebSocket = class extends WebSocket {
        constructor(...given) { super(...given); note('socket'); }
    };
})()"""


MADE_AHEAD = "() => window.__times.socket && window.__peers.some((one) => one.localDescription)"


@pytest.fixture(scope="module")
def stack(shared_stack: Stack) -> Stack:
    return shared_stack


def test_first_media_come_four_round_trips_after_the_tap(
    dana: Visitor, arrive_by_relay: ArriveByRelay
) -> None:
    """One for the hello with its offer, one for ICE, two for DTLS. Kills: a socket or an offer
    that is made after the tap, and an offer that is asked for."""
    sam, relay = arrive_by_relay("Sam", LIME)
    join_group(dana, sam)
    sam.page.add_init_script(NOTE_TIMES)
    sam.page.reload()
    sam.wait_for("check")
    sam.page.wait_for_function(MADE_AHEAD)
    relay.lengthen(ROUND_TRIP_S)
    sam.join()
    sam.page.wait_for_function("() => window.__times.media", timeout=60_000)
    times = sam.page.evaluate("() => window.__times")
    assert max(times["socket"], times["offer"]) < times["tap"]
    assert (times["media"] - times["tap"]) / 1000 < (MOST_ROUND_TRIPS + 1) * ROUND_TRIP_S
    relay.lengthen(0)
    sees_and_hears(sam, "Dana", RED)
