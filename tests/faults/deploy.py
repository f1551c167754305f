"""R11: a new version is put in place while a group of twelve goes on.

As a deploy does it: each web process, the worker, each media node, one after the other, gets
SIGTERM, is given time to end by itself, and is started again; the next one follows when that one
is ready. Nobody leaves, the agenda goes on, and a move to another node costs next to no sound.
"""

import asyncio
import signal
import time

from tests.faults.evening import Evening
from tests.faults.fault import Fault
from tests.faults.figures import Findings
from tests.faults.installation import NODES, WEBS, WORKER
from tests.faults.measures import (
    add_leaves,
    add_reasons,
    all_when,
    lateness_ms,
    longest_gap,
    opened,
    page_stall_ms,
)
from tests.faults.node_killed import KNOWN_S, node_of_room

GAP_MS = 500
PAGE_GAP_MS = 1_000  # sampled five times a second: a gap is seen to be up to two samples longer
BACK_MS = 2_000
ENDED_MS = 10_000  # then an operator's tools kill it
DEPLOY_S = 60
PATIENCE_S = 15.0
AFTER_S = 1.0


async def run(evening: Evening, findings: Findings) -> None:
    """The whole of it, once; the node that has the room comes first, so that its group moves
    twice: away from it, and away from the other one."""
    findings.expect("media_gap", "ms", GAP_MS)
    findings.expect("browser_stall", "ms", PAGE_GAP_MS)
    findings.expect("websocket_back", "ms", BACK_MS)
    findings.expect("ended_by_itself", "ms", ENDED_MS)
    findings.expect("whole_deploy", "s", DEPLOY_S)
    findings.expect("leaves_seen", "count", 0)
    findings.expect("runner_stall", "ms")
    began = time.monotonic()
    async with evening.bustle():
        for name in (*WEBS, WORKER):
            await _step(evening, findings, name)
        first = node_of_room(evening)
        for name in sorted(NODES, key=lambda node: node != first):
            await _step(evening, findings, name)
    findings.add("whole_deploy", time.monotonic() - began)
    findings.trials = 1
    add_leaves(findings, evening, began)


async def _step(evening: Evening, findings: Findings, name: str) -> None:
    """One process ends, and is there again; the sound of that time."""
    installation = evening.installation
    port = installation.ports.get(name)
    moved = [one for one in evening.everyone if one.door.backend == port]
    began = installation.send(name, signal.SIGTERM)
    process = installation.processes.pop(name)
    await asyncio.to_thread(process.wait, PATIENCE_S)
    findings.add("ended_by_itself", (time.monotonic() - began) * 1000)
    back = await all_when([opened(one.log, began) for one in moved], PATIENCE_S)
    findings.add("websocket_back", *((at - began) * 1000 for at in back))
    installation.start(name)
    await installation.until_ready(name)
    await asyncio.sleep(KNOWN_S if name in NODES else AFTER_S)
    await evening.settle()
    _add_sound(evening, findings, name, began)


def _add_sound(evening: Evening, findings: Findings, name: str, began: float) -> None:
    ended = time.monotonic()
    gap, stall = longest_gap(evening, began, ended), page_stall_ms(evening, began, ended)
    findings.add("media_gap", gap.ms)
    findings.add("browser_stall", stall)
    findings.add("runner_stall", lateness_ms(evening, began, ended))
    findings.notes.append(
        f"{name}: {gap.hearer or 'nobody'} missed {gap.ms:.0f} ms of {gap.speaker or 'anybody'}, "
        f"a browser stood still for {stall:.0f} ms"
    )
    add_reasons(findings, evening, began, ended)


FAULT = Fault("deploy", ("R11",), run)
