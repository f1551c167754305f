"""R4: a NAT forgets a browser's media, and maps it to another port.

The browser stays where it is and notices nothing; what the node sends to the former port is lost.
The node follows the newest packets that authenticate, so nothing but these is lost.
"""

import asyncio
import time

from tests.faults.evening import DANA, SAM, Evening
from tests.faults.fault import Fault
from tests.faults.figures import Findings
from tests.faults.measures import (
    add_leaves,
    add_reasons,
    gap_of,
    samples_in,
    stall_s,
)

TRIALS = 6
GAP_MS = 500
PICTURES_MS = 1_000
LONG_ENOUGH_S = 4.0


async def run(evening: Evening, findings: Findings) -> None:
    """Sam, whose camera is on; Dana sees him."""
    findings.expect("heard_gap", "ms", GAP_MS)
    findings.expect("hears_gap", "ms", GAP_MS)
    findings.expect("picture_gap", "ms", PICTURES_MS)
    findings.expect("connections_made", "count", 0)
    findings.expect("leaves_seen", "count", 0)
    await evening.visitors[SAM].start_video()
    for _ in range(TRIALS):
        await evening.settle()
        async with evening.bustle():
            await _trial(evening, findings)
        findings.trials += 1
    await evening.visitors[SAM].stop_video()


async def _trial(evening: Evening, findings: Findings) -> None:
    sam, dana = evening.visitors[SAM], evening.visitors[DANA]
    await dana.until_pictures_grow()
    made = await sam.connections()
    began = time.monotonic()
    await sam.air.rebind()
    await asyncio.sleep(LONG_ENOUGH_S)
    ended = time.monotonic()
    findings.add("heard_gap", gap_of(evening, SAM, began, ended).ms)
    findings.add("hears_gap", 1000 * stall_s(samples_in(sam.samples, began, ended)))
    seen = samples_in(dana.samples, began, ended)
    findings.add("picture_gap", 1000 * stall_s(seen, lambda sample: sample.frames))
    findings.add("connections_made", await sam.connections() - made)
    add_leaves(findings, evening, began)
    add_reasons(findings, evening, began, ended)


FAULT = Fault("nat_rebound", ("R4",), run)
