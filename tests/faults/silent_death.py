"""P1: somebody falls silent without a word; and, beside it, somebody leaves by their own word.

Within ten seconds the silent are gone from everybody's screen, at about the same time everywhere.
A person who taps Leave is gone at once.
"""

import asyncio
import signal
import time

from tests.faults.evening import SAM, Evening
from tests.faults.fault import Fault
from tests.faults.figures import Findings
from tests.faults.log import ClientLog
from tests.faults.measures import all_when, left_told

TRIALS = 2
LEAVES = 5
GONE_MS = 10_000
SKEW_MS = 1_000
LEFT_MS = 300
PATIENCE_S = 25.0
VICTIMS = ("Imani", "Ben")


async def run(evening: Evening, findings: Findings) -> None:
    """Two scripted people whose network swallows everything, and a browser under SIGSTOP."""
    findings.expect("gone_everywhere", "ms", GONE_MS)
    findings.expect("skew_between_observers", "ms", SKEW_MS)
    findings.expect("left_by_a_tap", "ms", LEFT_MS)
    for _ in range(TRIALS):
        await _silent(evening, findings)
        await evening.settle()
        findings.trials += 1
    for name in list(evening.scripted)[-LEAVES:]:
        await _leaves(evening, findings, name)
        findings.trials += 1
    await evening.settle()


async def _silent(evening: Evening, findings: Findings) -> None:
    sam = evening.visitors[SAM]
    silent = [evening.scripted[name] for name in VICTIMS]
    observers = [one.log for one in evening.everyone if one not in (sam, *silent)]
    began = time.monotonic()
    sam.send(signal.SIGSTOP)
    for person in silent:
        person.freeze()
    try:
        for key in (sam.log.key, *(person.log.key for person in silent)):
            await _watch(findings, observers, key, began)
    finally:
        sam.send(signal.SIGCONT)
        for person in silent:
            person.thaw()


async def _watch(findings: Findings, observers: list[ClientLog], key: str, began: float) -> None:
    gone = await all_when([left_told(one, key, began) for one in observers], PATIENCE_S)
    findings.add("gone_everywhere", (max(gone) - began) * 1000)
    findings.add("skew_between_observers", (max(gone) - min(gone)) * 1000)


async def _leaves(evening: Evening, findings: Findings, name: str) -> None:
    person = evening.scripted[name]
    observers = [one.log for one in evening.everyone if one is not person]
    began = time.monotonic()
    await person.ask("me.leave")
    known = [left_told(one, person.log.key, began) for one in observers]
    findings.add("left_by_a_tap", (max(await all_when(known, PATIENCE_S)) - began) * 1000)
    await person.until(lambda: not person.is_open)
    await asyncio.sleep(0)
    person.enter()
    await person.until(lambda: person.is_in_room)


FAULT = Fault("silent_death", ("P1",), run)
