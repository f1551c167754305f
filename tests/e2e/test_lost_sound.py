"""Sound between real browsers over a network that loses packets and jitters, both ways."""

import pytest

from tests.e2e.colours import LIME, RED
from tests.e2e.conftest import ArriveByRelay
from tests.e2e.people import Visitor, sees_and_hears
from tests.e2e.stack import Stack
from tests.e2e.test_recovery import join_group
from tests.impairment.link import Conditions

pytestmark = pytest.mark.browser

BAD = Conditions(loss=0.1, delay=0.02, jitter=0.05)
CONCEALED = 0.05  # of what is played: half of what is lost
PLAYED = 480_000  # samples: ten seconds

# Samples played and made up by the decoder, of the one sound that the newest connection receives,
# once so many were played; after a minute, however few.
HEARD = """async (least) => {
    const newest = window.__peers.filter((one) => one.connectionState === 'connected').at(-1);
    for (let tries = 0; ; tries += 1) {
        const all = [...(await newest.getStats()).values()];
        const sound = all.find((one) => one.type === 'inbound-rtp' && one.kind === 'audio'
            && one.packetsReceived > 0);
        if (sound.totalSamplesReceived >= least || tries === 300) {
            return [sound.totalSamplesReceived,
                sound.concealedSamples - sound.silentConcealedSamples];
        }
        await new Promise((go) => setTimeout(go, 200));
    }
}"""


@pytest.fixture(scope="module")
def stack(shared_stack: Stack) -> Stack:
    return shared_stack


def heard(visitor: Visitor, least: int = 0) -> tuple[int, int]:
    played, concealed = visitor.page.evaluate(HEARD, least)
    return int(played), int(concealed)


def test_half_of_what_a_network_loses_is_not_missed_in_either_direction(
    dana: Visitor, arrive_by_relay: ArriveByRelay
) -> None:
    """Kills: RED that the answer puts behind Opus, so that no browser sends it; one that the node
    makes and the browser does not take."""
    sam, relay = arrive_by_relay("Sam", LIME)
    join_group(dana, sam)
    sees_and_hears(dana, "Sam", LIME)
    sees_and_hears(sam, "Dana", RED)
    relay.impair(up=BAD, down=BAD)
    before = [(one, *heard(one)) for one in (dana, sam)]
    for hearer, played, concealed in before:
        now_played, now_concealed = heard(hearer, played + PLAYED)
        assert now_played >= played + PLAYED
        assert now_concealed - concealed < CONCEALED * (now_played - played)
