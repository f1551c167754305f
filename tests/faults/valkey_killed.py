"""R6: Valkey is killed with -9, is away for five seconds, and comes back empty.

No socket closes and no sound stops; verbs are refused within a second; soon after it is back
everybody's roster is what it was.
"""

import asyncio
import signal
import time

from tests.faults.evening import Evening
from tests.faults.fault import Fault
from tests.faults.figures import Findings
from tests.faults.invariants import ends_of
from tests.faults.log import ClientLog
from tests.faults.measures import Known, add_sound, all_when, expect_sound

TRIALS = 2
AWAY_S = 5.0
REFUSED_MS = 1_000
WHOLE_MS = 2_000
PATIENCE_S = 20.0
AFTER_S = 4.0


async def run(evening: Evening, findings: Findings) -> None:
    """Each trial begins a new epoch."""
    findings.expect("verb_refused", "ms", REFUSED_MS)
    findings.expect("verbs_not_refused", "count", 0)
    findings.expect("roster_whole_again", "ms", WHOLE_MS)
    findings.expect("fewest_people_shown", "count")
    findings.expect("sockets_closed", "count", 0)
    expect_sound(findings)
    for _ in range(TRIALS):
        await _trial(evening, findings)
        await evening.settle()
        findings.trials += 1


async def _trial(evening: Evening, findings: Findings) -> None:
    valkey = evening.installation.valkey
    began = time.monotonic()
    valkey.process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(valkey.process.wait)
    try:
        await _verbs_meanwhile(evening, findings, began + AWAY_S)
        await asyncio.sleep(max(0.0, began + AWAY_S - time.monotonic()))
    finally:
        await asyncio.to_thread(valkey.revive)
    returned = time.monotonic()
    evening.lost_epochs += 1
    names = evening.names
    known = [_whole(one.log, returned, len(names)) for one in evening.everyone]
    whole = await all_when(known, PATIENCE_S)
    await asyncio.sleep(AFTER_S)  # a roster that was whole may yet fall apart
    findings.add("roster_whole_again", *((at - returned) * 1000 for at in whole))
    findings.add("fewest_people_shown", min(fewest(one.log, returned) for one in evening.everyone))
    findings.add("sockets_closed", sum(ends_of(log, began) for log in evening.logs))
    ended = time.monotonic()
    add_sound(findings, evening, began, ended)


async def _verbs_meanwhile(evening: Evening, findings: Findings, until: float) -> None:
    """One's own and the room's: both are refused, and soon."""
    while time.monotonic() < until - 2 * REFUSED_MS / 1000:
        for person, verb, fields in (
            (evening.scripted["Maya"], "me.hand", {"raised": True}),
            (evening.luis, "room.pause", {}),
        ):
            reply = await person.ask(verb, **fields)
            findings.add("verb_refused", person.log.asked[-1].seconds * 1000)
            findings.add("verbs_not_refused", float(reply.get("code") != "store.down"))
        await asyncio.sleep(0.2)


def rosters(log: ClientLog, since: float) -> list[tuple[float, int]]:
    """How many people were shown, from when, in the epochs that began after that instant."""
    before = {told.epoch for told in log.told if told.at <= since}
    people: set[str] = set()
    sizes = []
    for told in log.told_after(since):
        if told.epoch in before:
            continue
        if told.is_snapshot:
            people = set(told.people)
        elif told.kind == "participant.changed":
            people.add(told.key)
        elif told.kind == "participant.left":
            people.discard(told.key)
        sizes.append((told.at, len(people)))
    return sizes


def fewest(log: ClientLog, since: float) -> int:
    return min((size for _, size in rosters(log, since)), default=0)


def _whole(log: ClientLog, since: float, count: int) -> Known:
    """From when on the roster of the new epoch has everybody and loses nobody."""

    def known() -> float | None:
        whole_at: float | None = None
        for at, size in rosters(log, since):
            if size < count:
                whole_at = None
            elif whole_at is None:
                whole_at = at
        return whole_at

    return known


FAULT = Fault("valkey_killed", ("R6",), run)
