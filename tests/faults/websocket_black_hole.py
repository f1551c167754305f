"""R2: what a websocket sends is swallowed, in both directions, and nobody is told.

Both ends notice by themselves; when the path is back, so is the connection. The dark is about as
long as a lease: whether others see a leave, and with it a gap of sound, is told and not judged.
"""

import asyncio
import time

from tests.faults.evening import SAM, Evening
from tests.faults.fault import Fault
from tests.faults.figures import Findings
from tests.faults.measures import (
    add_leaves,
    add_reasons,
    all_when,
    away_told,
    opened,
)
from tests.faults.page import Visitor
from tests.faults.participant import Participant

TRIALS = 3
DARK_S = 8.0
NOTICED_MS = 4_000
BACK_MS = 1_000
PATIENCE_S = 10.0
VICTIMS = ("Maya", "Joe", "Tess")


async def run(evening: Evening, findings: Findings) -> None:
    """Three scripted people and a browser go dark together, for eight seconds."""
    findings.expect("browser_shows_reconnecting", "ms", NOTICED_MS)
    findings.expect("others_are_told", "ms", NOTICED_MS)
    findings.expect("resumed", "ms", BACK_MS)
    findings.expect("leaves_seen", "count")
    for _ in range(TRIALS):
        async with evening.bustle():
            await _trial(evening, findings)
        await evening.settle()
        findings.trials += 1


async def _trial(evening: Evening, findings: Findings) -> None:
    sam = evening.visitors[SAM]
    victims: list[Participant | Visitor] = [sam, *(evening.scripted[name] for name in VICTIMS)]
    began = time.monotonic()
    for victim in victims:
        victim.door.black_out()
    known = [away_told(evening.luis.log, victim.log.key, began) for victim in victims]
    noticed = await all_when(known, DARK_S)
    findings.add("others_are_told", *((at - began) * 1000 for at in noticed))
    await asyncio.sleep(max(0.0, began + DARK_S - time.monotonic()))
    mended = time.monotonic()
    for victim in victims:
        victim.door.mend()
    back = await all_when([opened(victim.log, mended) for victim in victims], PATIENCE_S)
    findings.add("resumed", *((at - mended) * 1000 for at in back))
    ended = time.monotonic()
    shown = [banner.at for banner in sam.tab.banners if banner.shown and banner.at > began]
    findings.add("browser_shows_reconnecting", *((at - began) * 1000 for at in shown[:1]))
    add_reasons(findings, evening, began, ended)
    add_leaves(findings, evening, began)


FAULT = Fault("websocket_black_hole", ("R2",), run)
