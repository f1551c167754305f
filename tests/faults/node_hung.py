"""R9: the media node that has the room hangs (SIGSTOP), and wakes up again (SIGCONT).

It is taken for dead, and the room recovers as from a death. When it wakes up it forwards nothing
to anybody: not what came while it was stopped either.
"""

import asyncio
import signal
import time

from tests.faults.evening import Evening
from tests.faults.fault import Fault
from tests.faults.figures import Findings
from tests.faults.measures import longest_gap
from tests.faults.node_killed import (
    ALL_BACK_MS,
    KNOWN_S,
    MOST_BACK_MS,
    declare,
    measure_recovery,
    node_of_room,
)

TRIALS = 2
DETECTED_MS = 3_000
STOPPED_S = 12.0
ZOMBIE_S = 3.0


async def run(evening: Evening, findings: Findings) -> None:
    """The former media connections stay open, to see what the zombie would send to them."""
    declare(findings, DETECTED_MS, DETECTED_MS + MOST_BACK_MS, DETECTED_MS + ALL_BACK_MS)
    findings.expect("packets_from_the_zombie", "count", 0)
    findings.expect("media_gap_at_waking", "ms", 0)
    for person in evening.scripted.values():
        person.keep_retired()
    try:
        for _ in range(TRIALS):
            await _trial(evening, findings)
            await evening.settle()
            findings.trials += 1
    finally:
        for person in evening.scripted.values():
            person.close_retired()


async def _trial(evening: Evening, findings: Findings) -> None:
    name = node_of_room(evening)
    began = evening.installation.send(name, signal.SIGSTOP)
    try:
        await measure_recovery(evening, findings, began)
        await asyncio.sleep(max(0.0, began + STOPPED_S - time.monotonic()))
    finally:
        woken = evening.installation.send(name, signal.SIGCONT)
    await asyncio.sleep(ZOMBIE_S)
    late = [at for one in evening.scripted.values() for at in one.late if at > woken]
    findings.add("packets_from_the_zombie", len(late))
    findings.add("media_gap_at_waking", longest_gap(evening, woken, time.monotonic()).ms)
    await asyncio.sleep(KNOWN_S)


FAULT = Fault("node_hung", ("R9",), run)
