"""P3: the clock of one web process and of one media node is five minutes ahead.

Nothing changes: nobody leaves, verbs work through either process, everybody reads the same time
left, and rows bear instants of one clock.
"""

import asyncio
import time
from pathlib import Path
from typing import Any

from tests.faults.evening import Evening
from tests.faults.fault import Fault
from tests.faults.figures import Findings
from tests.faults.installation import NODES, WEBS
from tests.faults.measures import add_leaves, add_sound, expect_sound
from tests.faults.participant import Participant

AHEAD = "+300s"
SAME_MS = 1_000
WATCH_S = 12.0
PINGED_S = 2.5  # everybody has asked their server for its clock
LIBRARIES = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
)
SLEEP_THAT_WORKS = Path(__file__).with_name("other_clock")
AHEAD_NAMES = (WEBS[1], NODES[1])


class NoFaketimeError(Exception):
    """The library that gives a process another clock is not on this machine."""


def environment() -> dict[str, str]:
    """Of a process whose wall clock is ahead; its monotonic clock is the machine's."""
    found = next((path for path in LIBRARIES if Path(path).exists()), None)
    if found is None:
        raise NoFaketimeError("no libfaketime on this machine: apt-get install libfaketime")
    return {
        "LD_PRELOAD": found,
        "FAKETIME": AHEAD,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": str(SLEEP_THAT_WORKS),
    }


async def run(evening: Evening, findings: Findings) -> None:
    """Both are started again under the other clock; half of the room comes to each web process."""
    findings.expect("time_left_differs", "ms", SAME_MS)
    findings.expect("verbs_refused", "count", 0)
    findings.expect("leaves_seen", "count", 0)
    findings.expect("people_on_each_process", "count")
    expect_sound(findings)
    told = environment()
    await restart(evening, told)
    try:
        await evening.settle()
        began = time.monotonic()
        async with evening.bustle():
            await asyncio.sleep(WATCH_S)
        await _verbs(evening, findings)
        await _compare(evening, findings)
        add_leaves(findings, evening, began)
        add_sound(findings, evening, began, time.monotonic())
        findings.trials += 1
    finally:
        await restart(evening, {})


async def restart(evening: Evening, told: dict[str, str]) -> None:
    """One web process and one node, by SIGTERM; then everybody joins again, alternating between the two."""
    installation = evening.installation
    for name in AHEAD_NAMES:
        await asyncio.to_thread(installation.end, name)
        installation.start(name, told)
        await installation.until_ready(name)
    for one in evening.everyone:
        one.door.reset()
        await asyncio.sleep(0.1)


async def _verbs(evening: Evening, findings: Findings) -> None:
    """The same facilitator through either process, one after the other."""
    await evening.agenda_runs()
    for _ in WEBS:
        for verb in ("room.pause", "room.resume"):
            reply = await evening.luis.ask(verb)
            findings.add("verbs_refused", float(reply["type"] == "refused"))
            if reply["type"] == "refused":
                findings.notes.append(f"{verb}: {reply['code']}")
        evening.luis.door.reset()
        await evening.luis.until(lambda: not evening.luis.is_open)
        await evening.luis.until(lambda: evening.luis.is_in_room)


async def _compare(evening: Evening, findings: Findings) -> None:
    """What is left of the segment, as each person's page would show it now."""
    await asyncio.sleep(PINGED_S)
    for person in evening.scripted.values():
        await person.ask("resync")
    shown: dict[int, list[float]] = {port: [] for port in evening.installation.ports.values()}
    for person in evening.scripted.values():
        if person.door.backend is not None:
            shown[person.door.backend].append(left_ms(person))
    medians = [sorted(values)[len(values) // 2] for values in shown.values() if values]
    findings.add("people_on_each_process", *(len(values) for values in shown.values() if values))
    if len(medians) == len(WEBS):
        findings.add("time_left_differs", max(medians) - min(medians))


def left_ms(person: Participant) -> float:
    """As the page reads it: by the server's clock, while the agenda's clock runs."""
    agenda: dict[str, Any] = person.seen.room["agenda"]
    left = float(agenda["left_ms"])
    if agenda["phase"] not in ("running", "overrun"):
        return left
    now_ms = time.time() * 1000 + person.now_offset_ms
    return left - (now_ms - float(agenda["read_ms"]))


FAULT = Fault("clocks_apart", ("P3",), run)
