"""R3: a browser's network is gone, and it has another: from wifi to cellular.

Its websocket ends by RST, and from the addresses that its media had nothing passes any more, in
neither direction; only a fresh socket of the browser comes through. Every second time the browser
says that it was offline for a moment; else nothing tells the page, which is the harder case. Sound
is back before the browser itself would have noticed, and nobody sees anybody leave.
"""

import asyncio
import time

from tests.faults.evening import Evening
from tests.faults.fault import Fault
from tests.faults.figures import Findings
from tests.faults.measures import (
    add_leaves,
    add_reasons,
    all_when,
    heard_again_by,
    opened,
    page_hears_all,
)
from tests.faults.page import Visitor

TRIALS = 6
BACK_MS, MOST_BACK_MS = 2_000, 3_000
OFFLINE_S = 0.3
PATIENCE_S = 15.0


async def run(evening: Evening, findings: Findings) -> None:
    """One browser after the other."""
    findings.expect("heard_by_all_p95", "ms", BACK_MS, 0.95)
    findings.expect("hears_all_p95", "ms", BACK_MS, 0.95)
    findings.expect("sound_back", "ms", MOST_BACK_MS)
    findings.expect("websocket_back", "ms")
    findings.expect("leaves_seen", "count", 0)
    for number in range(TRIALS):
        for visitor in evening.visitors.values():
            async with evening.bustle():
                await _trial(evening, visitor, findings, is_told=number % 2 == 0)
            await evening.settle()
        findings.trials += 1


async def _trial(evening: Evening, visitor: Visitor, findings: Findings, is_told: bool) -> None:
    began = time.monotonic()
    visitor.air.strand()
    visitor.door.reset()
    if is_told:
        await visitor.context.set_offline(True)
        await asyncio.sleep(OFFLINE_S)
        await visitor.context.set_offline(False)
    heard = heard_again_by(evening, visitor.name, began)
    hears = page_hears_all(evening, visitor, began)
    *up, down, back = await all_when([*heard, hears, opened(visitor.log, began)], PATIENCE_S)
    findings.add("heard_by_all_p95", (max(up) - began) * 1000)
    findings.add("hears_all_p95", (down - began) * 1000)
    findings.add("sound_back", (max(*up, down) - began) * 1000)
    findings.add("websocket_back", (back - began) * 1000)
    findings.notes.append(
        f"{visitor.name}, {'told' if is_told else 'not told'}: heard after {max(up) - began:.1f} s, "
        f"hears after {down - began:.1f} s, websocket after {back - began:.1f} s"
    )
    add_leaves(findings, evening, began)
    add_reasons(findings, evening, began, time.monotonic())


FAULT = Fault("network_changed", ("R3",), run)
