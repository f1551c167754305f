"""R8: the media node that has the room is killed with -9.

Everybody is told at once, the room is placed on the other node, and everybody hears everybody
again within seconds.
"""

import asyncio
import time

from tests.faults.evening import Evening
from tests.faults.fault import Fault
from tests.faults.figures import Findings
from tests.faults.installation import NODES
from tests.faults.measures import (
    add_leaves,
    add_reasons,
    all_when,
    closed_told,
    hears_all,
    page_hears_all,
)

TRIALS = 3
TOLD_MS = 1_000
MOST_BACK_MS = 3_000
ALL_BACK_MS = 5_000
PATIENCE_S = 20.0
KNOWN_S = 3.0  # until every web process has read the new node's lease


def declare(findings: Findings, told_ms: float, most_ms: float, all_ms: float) -> None:
    """The figures of a node that goes away, however it goes."""
    findings.expect("told", "ms", told_ms)
    findings.expect("sound_back_p95", "ms", most_ms, 0.95)
    findings.expect("sound_back_for_all", "ms", all_ms)
    findings.expect("leaves_seen", "count", 0)


def node_of_room(evening: Evening) -> str:
    """The node that has everybody's media. Raises KeyError when there is none."""
    ports = {evening.installation.ports[name]: name for name in NODES}
    return ports[evening.luis.node]


async def measure_recovery(evening: Evening, findings: Findings, began: float) -> None:
    """When each was told, and when each heard all the others again."""
    told = await all_when([closed_told(log, began) for log in evening.logs], PATIENCE_S)
    known = [hears_all(evening, one, began) for one in evening.scripted.values()]
    known += [page_hears_all(evening, one, began) for one in evening.visitors.values()]
    back = await all_when(known, PATIENCE_S)
    findings.notes.append(
        f"told after {min(told) - began:.1f} to {max(told) - began:.1f} s, "
        f"sound back after {min(back) - began:.1f} to {max(back) - began:.1f} s"
    )
    findings.add("told", *((at - began) * 1000 for at in told))
    findings.add("sound_back_p95", *((at - began) * 1000 for at in back))
    findings.add("sound_back_for_all", (max(back) - began) * 1000)
    add_leaves(findings, evening, began)
    add_reasons(findings, evening, began, time.monotonic())


async def run(evening: Evening, findings: Findings) -> None:
    """Each time the node that has the room by then; it is started again before the next."""
    declare(findings, TOLD_MS, MOST_BACK_MS, ALL_BACK_MS)
    for _ in range(TRIALS):
        name = node_of_room(evening)
        async with evening.bustle():
            began = await asyncio.to_thread(evening.installation.kill, name)
            await measure_recovery(evening, findings, began)
        evening.installation.start(name)
        await evening.installation.until_ready(name)
        await asyncio.sleep(KNOWN_S)
        await evening.settle()
        findings.trials += 1


FAULT = Fault("node_killed", ("R8",), run)
