"""R1: a websocket ends by RST while the server is alive.

Its owner is back at once and has missed nothing; sound goes on; nobody sees a leave.
"""

import asyncio
import itertools
import random
import time

from tests.faults.evening import Evening
from tests.faults.fault import Fault
from tests.faults.figures import Findings
from tests.faults.measures import add_leaves, add_sound, expect_sound, opened, snapshots, when

TRIALS = 20
BACK_MS = 300
PATIENCE_S = 10.0
BETWEEN_S = 0.4


async def run(evening: Evening, findings: Findings) -> None:
    """Browsers and scripted people in turn, while events keep coming."""
    findings.expect("resumed_browser", "ms", BACK_MS)
    findings.expect("resumed_scripted", "ms", BACK_MS)
    expect_sound(findings)
    findings.expect("leaves_seen", "count", 0)
    findings.expect("of_which_connecting", "ms")
    findings.expect("snapshots_instead_of_replay", "count")
    began = time.monotonic()
    visitors = itertools.cycle(evening.visitors.values())
    async with evening.bustle():
        for trial in range(TRIALS):
            scripted = random.choice(list(evening.scripted.values()))
            victim = next(visitors) if trial % 2 else scripted
            at = time.monotonic()
            victim.door.reset()
            back = await when(opened(victim.log, at), PATIENCE_S) or at + PATIENCE_S
            figure = "resumed_browser" if trial % 2 else "resumed_scripted"
            findings.add(figure, (back - at) * 1000)
            if victim is scripted:
                findings.add("of_which_connecting", (scripted.connected_at - at) * 1000)
            findings.add("snapshots_instead_of_replay", snapshots(victim.log, at))
            findings.trials += 1
            await asyncio.sleep(BETWEEN_S)
    ended = time.monotonic()
    add_sound(findings, evening, began, ended)
    add_leaves(findings, evening, began)


FAULT = Fault("websocket_reset", ("R1",), run)
