"""A phone call at a browser: its devices are taken, the page is hidden, its network is gone.

On the return the tracks say that they work and capture nothing, the websocket has swallowed
everything for a while, and the addresses that the media had are dead. The seat is kept, and the
sound is back in both directions without a tap.
"""

import asyncio
import time

from tests.faults.evening import SAM, Evening
from tests.faults.fault import Fault
from tests.faults.figures import Findings
from tests.faults.measures import (
    Known,
    add_leaves,
    add_reasons,
    all_when,
    away_told,
    heard_again_by,
    page_hears_all,
)
from tests.impairment.phone_call import BEGIN, END

TRIALS = 4
BACK_MS = 3_000
NOTICED_MS = 4_000
CALL_S = 6.0
PATIENCE_S = 15.0


async def run(evening: Evening, findings: Findings) -> None:
    """Sam's, each time as long as his seat is kept."""
    findings.expect("others_are_told", "ms", NOTICED_MS)
    findings.expect("heard_by_all", "ms", BACK_MS)
    findings.expect("hears_all", "ms", BACK_MS)
    findings.expect("leaves_seen", "count", 0)
    for _ in range(TRIALS):
        async with evening.bustle():
            await _trial(evening, findings)
        await evening.settle()
        findings.trials += 1


async def _trial(evening: Evening, findings: Findings) -> None:
    sam = evening.visitors[SAM]
    began = time.monotonic()
    await sam.tab.page.evaluate(BEGIN)
    sam.air.black_out()
    sam.door.black_out()
    (known,) = await all_when([away_told(evening.luis.log, sam.log.key, began)], CALL_S)
    findings.add("others_are_told", (known - began) * 1000)
    await asyncio.sleep(began + CALL_S - time.monotonic())
    sam.air.strand()
    sam.air.mend()
    sam.door.mend()
    back = time.monotonic()
    await sam.tab.page.evaluate(END)
    heard: list[Known] = heard_again_by(evening, SAM, back)
    *up, down = await all_when([*heard, page_hears_all(evening, sam, back)], PATIENCE_S)
    findings.add("heard_by_all", (max(up) - back) * 1000)
    findings.add("hears_all", (down - back) * 1000)
    add_leaves(findings, evening, began)
    add_reasons(findings, evening, began, time.monotonic())


FAULT = Fault("phone_call", ("R12",), run)
