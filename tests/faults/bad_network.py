"""L2: one browser's network loses a tenth of all datagrams, each way, and jitters by 50 ms.

For a minute. Nobody is disconnected, and hardly any sound is made up: what a decoder had to
conceal, of the voice of one browser at the other, in both directions.
"""

import asyncio
import time

from tests.faults.evening import DANA, SAM, Evening
from tests.faults.fault import Fault
from tests.faults.figures import Findings
from tests.faults.measures import add_leaves, add_reasons
from tests.faults.page import Visitor
from tests.impairment.link import Conditions

BAD = Conditions(loss=0.1, delay=0.02, jitter=0.05)
LASTS_S = 60.0
CONCEALED_PERCENT = 5.0

# Of the slot whose sound is a browser's: [samples concealed, samples played].
CONCEALED = """async (name) => {
  const tile = document.querySelector(`.tile[data-name=${name}]`);
  const track = document.querySelector(`audio[data-slot="${tile.dataset.slot}"]`)
    .srcObject.getAudioTracks()[0];
  const peer = window.__peers.filter((one) => one.connectionState === 'connected').at(-1);
  const receiver = peer.getReceivers().find((one) => one.track === track);
  const found = [...(await receiver.getStats()).values()].find((s) => s.type === 'inbound-rtp');
  return [found.concealedSamples - found.silentConcealedSamples, found.totalSamplesReceived];
}"""


async def run(evening: Evening, findings: Findings) -> None:
    """Sam's network; Dana and Sam hear each other."""
    findings.expect("concealed_to_the_node", "percent", CONCEALED_PERCENT)
    findings.expect("concealed_from_the_node", "percent", CONCEALED_PERCENT)
    findings.expect("connections_made", "count", 0)
    findings.expect("websocket_drops", "count", 0)
    findings.expect("leaves_seen", "count", 0)
    sam, dana = evening.visitors[SAM], evening.visitors[DANA]
    began, made = time.monotonic(), await sam.connections()
    before = await _concealed(dana, SAM), await _concealed(sam, DANA)
    sam.air.impair(up=BAD, down=BAD)
    async with evening.bustle():
        await asyncio.sleep(LASTS_S)
    after = await _concealed(dana, SAM), await _concealed(sam, DANA)
    lost = f"{sam.air.up.lost} of {sam.air.up.passed} up, {sam.air.down.lost} down"
    sam.air.impair()
    findings.add("concealed_to_the_node", _percent(before[0], after[0]))
    findings.add("concealed_from_the_node", _percent(before[1], after[1]))
    findings.add("connections_made", await sam.connections() - made)
    findings.add("websocket_drops", len(sam.log.closes_after(began)))
    findings.notes.append(f"the network dropped {lost}")
    findings.trials = 1
    add_leaves(findings, evening, began)
    add_reasons(findings, evening, began, time.monotonic())


async def _concealed(hearer: Visitor, speaker: str) -> tuple[int, int]:
    concealed, played = await hearer.tab.page.evaluate(CONCEALED, speaker)
    return int(concealed), int(played)


def _percent(before: tuple[int, int], after: tuple[int, int]) -> float:
    return 100 * (after[0] - before[0]) / (after[1] - before[1])


FAULT = Fault("bad_network", ("L2",), run)
