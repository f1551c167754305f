"""A camera in three sizes, between real browsers: what is sent, and what a tile shows of it."""

import pytest

from tests.e2e.colours import LIME, RED
from tests.e2e.conftest import Arrive
from tests.e2e.people import LAPTOP, Visitor, sees_and_hears
from tests.e2e.stack import Stack
from tests.e2e.test_recovery import join_group

pytestmark = pytest.mark.browser

# The newest of the page's peer connections, its streams of one direction.
STREAMS = """async (type) => {
    const newest = window.__peers.filter((one) => one.connectionState === 'connected').at(-1);
    const all = [...(await newest.getStats()).values()];
    return all.filter((one) => one.type === type && one.kind === 'video' && one.frameWidth);
}"""
ALL_SIZES = f"""async () => {{
    const sent = await ({STREAMS})('outbound-rtp');
    return new Set(sent.filter((one) => one.framesSent > 5).map((one) => one.rid)).size === 3;
}}"""
LARGEST = f"""async () => {{
    const [largest] = (await ({STREAMS})('outbound-rtp')).map((one) => one.frameWidth)
        .sort((one, other) => other - one);
    return largest;
}}"""
SHOWS = f"""async (width) => {{
    const received = await ({STREAMS})('inbound-rtp');
    return received.some((one) => one.frameWidth === width);
}}"""


@pytest.fixture(scope="module")
def stack(shared_stack: Stack) -> Stack:
    return shared_stack


def test_three_sizes_are_sent_and_a_large_tile_goes_on_to_the_largest(
    dana: Visitor, arrive: Arrive
) -> None:
    """Kills: a largest size that the browser never sends, and a slot that stays with the first."""
    sam = arrive("Sam", LIME, LAPTOP)
    join_group(dana, sam)
    sees_and_hears(dana, "Sam", LIME)
    sam.page.wait_for_function(ALL_SIZES, timeout=60_000)
    largest = sam.page.evaluate(LARGEST)
    dana.page.wait_for_function(SHOWS, arg=largest, timeout=60_000)
    sees_and_hears(dana, "Sam", LIME)
    sees_and_hears(sam, "Dana", RED)
