"""`python -m tests.faults [name ...]`: breaks a room of twelve, measures, and judges.

Owns the order of a run and its report: progress on stderr, exactly one JSON object as the last
line of stdout, and an exit code that is not zero when a bound or an invariant was missed, or when
a fault could not be tried. Knows no fault by name.
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop
from playwright.async_api import Error as PlaywrightError

from tests.faults import rows
from tests.faults.evening import Evening, UnsettledError, gathered
from tests.faults.fault import Fault
from tests.faults.figures import Findings
from tests.faults.installation import Installation, installed
from tests.faults.invariants import (
    audit_is_complete,
    marks_pair,
    nobody_after,
    nobody_invisible,
    numbers_hold,
    roster_is_live,
)
from tests.faults.machine import load, machine, versions
from tests.faults.registry import REGISTRY

QUIESCENT_S = 6.0  # every rule must hold by then, once nothing happens any more
LOOK_S = 0.5
LEASE_S = 25.0  # a lease, and the ticker that writes what came of it
MOST_S = 180.0  # of one fault

Broken = dict[str, list[str]]


def say(text: str) -> None:
    """One line of progress."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)  # noqa: T201


async def judge(evening: Evening, since: float) -> Broken:
    """The invariants, once nothing happens any more: broken is what is so after some seconds."""
    deadline = time.monotonic() + QUIESCENT_S
    while True:
        broken = await _broken(evening, since)
        if not any(broken.values()) or time.monotonic() > deadline:
            return broken
        await asyncio.sleep(LOOK_S)


async def _broken(evening: Evening, since: float) -> Broken:
    url = evening.installation.services.database_url
    marks = await asyncio.to_thread(rows.marks, url)
    done = await asyncio.to_thread(rows.done, url)
    logs, here = evening.logs, evening.names
    return {
        "I1": roster_is_live(await evening.rosters(), here),
        "I2": numbers_hold(logs, settled=here),
        "I3": marks_pair(marks, here, evening.lost_epochs),
        "I4": nobody_invisible(logs, since),
        "I5": nobody_after(logs, evening.removed),
        "I6": audit_is_complete(logs, done),
    }


async def try_fault(evening: Evening, fault: Fault, findings: Findings) -> None:
    """One fault on a room that is whole, and the invariants after it. Raises UnsettledError."""
    await evening.settle()
    since = time.monotonic()
    async with asyncio.timeout(MOST_S):
        await fault.run(evening, findings)
    await evening.settle()
    broken = await judge(evening, since)
    known = evening.known_broken
    new = {rule: [one for one in found if one not in known] for rule, found in broken.items()}
    known |= {one for found in broken.values() for one in found}
    findings.break_invariants(new)


async def run_all(installation: Installation, faults: Sequence[Fault]) -> dict[str, Findings]:
    """Each fault in turn, on one evening as long as it becomes whole again, else on a new one."""
    found = {fault.name: Findings(fault.rules) for fault in faults}
    left = list(faults)
    lost_epochs = 0
    while left:
        try:
            async with gathered(installation, lost_epochs) as evening:
                while left and await _one(evening, left[0], found[left.pop(0).name]):
                    pass
                lost_epochs = evening.lost_epochs
                if not left:
                    found["afterwards"] = await afterwards(evening)
        except (UnsettledError, TimeoutError, PlaywrightError) as failed:
            say(f"The group could not gather: {failed}")
            if left:
                found[left.pop(0).name].break_invariants({"I1": [f"not gathered: {failed}"]})
        finally:
            installation.end_all()
    return found


async def afterwards(evening: Evening) -> Findings:
    """Everybody leaves: then each join has its leave, and the audit's chain is whole."""
    findings = Findings(("I3", "I6"), trials=1)
    await evening.all_leave()
    url = evening.installation.services.database_url
    deadline = time.monotonic() + LEASE_S
    open_joins = ["not looked at"]
    while open_joins and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_S)
        rows_now = await asyncio.to_thread(rows.marks, url)
        open_joins = marks_pair(rows_now, lost_epochs=evening.lost_epochs)
    findings.break_invariants({"I3": open_joins})
    try:
        verified = await asyncio.to_thread(evening.installation.manage, "verify_audit")
        findings.notes.append(verified.strip())
    except AssertionError as broken:
        findings.break_invariants({"I6": [str(broken)[-400:]]})
    say(f"afterwards: {json.dumps(findings.json())}")
    return findings


async def _one(evening: Evening, fault: Fault, findings: Findings) -> bool:
    """Whether the evening can be used for another one."""
    began = time.monotonic()
    say(f"{fault.name} ({', '.join(fault.rules)})")
    try:
        await try_fault(evening, fault, findings)
    except UnsettledError as unsettled:
        findings.break_invariants({"I1": [f"not whole again: {unsettled}"]})
    except Exception:
        findings.break_invariants({"fault": [traceback.format_exc(limit=-3)]})
    for figure in findings.figures():
        say(f"  {figure.name}: {json.dumps(figure.json())}")
    for rule, broken in findings.invariants.items():
        for words in broken[:3]:
            say(f"  {rule} BROKEN: {words}")
    say(f"  {'met' if findings.met else 'MISSED'} in {time.monotonic() - began:.0f} s")
    return not findings.invariants.get("fault") and not _unsettled(findings)


def _unsettled(findings: Findings) -> bool:
    return any(words.startswith("not whole") for words in findings.invariants.get("I1", ()))


def report(faults: dict[str, Findings], about: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The whole run as one object."""
    return {
        **about,
        "load_after": load(),
        "seconds": round(seconds),
        "met": all(findings.met for findings in faults.values()),
        "faults": {name: findings.json() for name, findings in faults.items()},
    }


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *REGISTRY], metavar="name")
    names = parser.parse_args(arguments).names or list(REGISTRY)
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with tempfile.TemporaryDirectory(prefix="thirds-faults-") as folder:
        say("Starting services, making the demo programme.")
        with installed(Path(folder)) as installation:
            about = {
                "machine": machine(),
                "load_before": load(),
                "versions": versions(installation.services.database_url),
            }
            faults = uvloop.run(run_all(installation, [REGISTRY[name] for name in names]))
    told = report(faults, about, time.monotonic() - began)
    print(json.dumps(told), flush=True)  # noqa: T201
    return 0 if told["met"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
