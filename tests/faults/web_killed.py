"""R5: one of two web processes behind the proxy is killed with -9.

Everybody who was on it reconnects to the other; nobody's sound stops; nobody sees a leave. From
the second time on all twelve are on the one that is killed.
"""

import asyncio
import time

from tests.faults.evening import Evening
from tests.faults.fault import Fault
from tests.faults.figures import Findings
from tests.faults.installation import WEBS
from tests.faults.measures import add_leaves, add_sound, all_when, expect_sound, opened

TRIALS = 3
BACK_MS = 2_000
PATIENCE_S = 15.0
AFTER_S = 1.0


async def run(evening: Evening, findings: Findings) -> None:
    """The two in turn; each is started again before the next one dies."""
    findings.expect("back", "ms", BACK_MS)
    findings.expect("dropped_at_once", "count")
    expect_sound(findings)
    findings.expect("leaves_seen", "count", 0)
    for trial in range(TRIALS):
        async with evening.bustle():
            await _trial(evening, findings, WEBS[trial % 2])
        evening.installation.start(WEBS[trial % 2])
        await evening.installation.until_ready(WEBS[trial % 2])
        await evening.settle()
        findings.trials += 1


async def _trial(evening: Evening, findings: Findings, name: str) -> None:
    port = evening.installation.ports[name]
    victims = [one for one in evening.everyone if one.door.backend == port]
    began = await asyncio.to_thread(evening.installation.kill, name)
    back = await all_when([opened(victim.log, began) for victim in victims], PATIENCE_S)
    findings.add("back", *((at - began) * 1000 for at in back))
    findings.add("dropped_at_once", len(victims))
    slowest = max(zip(back, victims, strict=True), key=lambda pair: pair[0])
    findings.notes.append(f"{name}: {slowest[1].name} was last of {len(victims)}")
    await asyncio.sleep(AFTER_S)
    ended = time.monotonic()
    add_sound(findings, evening, began, ended)
    add_leaves(findings, evening, began)


FAULT = Fault("web_killed", ("R5",), run)
