"""W1: the worker hangs (SIGSTOP) while the group goes on, and wakes up again (SIGCONT).

Nobody in the room notices: sound, verbs and the roster go on. The health check says it, no web
process is to blame, and the joins and leaves of meanwhile are written when it is back.
"""

import asyncio
import json
import signal
import time
from collections.abc import Callable
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from sessions.live.heartbeat import LATE_S
from tests.faults import rows
from tests.faults.evening import Evening
from tests.faults.fault import Fault
from tests.faults.figures import Findings
from tests.faults.installation import WEBS, WORKER
from tests.faults.measures import add_leaves, add_sound, expect_sound

TRIALS = 2
VERB_MS = 2_000
KNOWN_MS = (LATE_S + 3) * 1000
WRITTEN_MS = 5_000
PATIENCE_S = 30.0
LOOK_S = 0.1
WHO_LEAVES = "Joe"


async def run(evening: Evening, findings: Findings) -> None:
    """Somebody leaves and comes back meanwhile, so that there are marks to be lost."""
    findings.expect("verb_answered", "ms", VERB_MS)
    findings.expect("health_says_so", "ms", KNOWN_MS)
    findings.expect("marks_written_after_waking", "ms", WRITTEN_MS)
    findings.expect("web_alive_meanwhile", "count")
    expect_sound(findings)
    findings.expect("leaves_seen", "count", 0)
    await evening.agenda_runs()
    for _ in range(TRIALS):
        await _trial(evening, findings)
        await evening.settle()
        findings.trials += 1


async def _trial(evening: Evening, findings: Findings) -> None:
    installation = evening.installation
    began = installation.send(WORKER, signal.SIGSTOP)
    try:
        findings.add("verb_answered", *[await _verb_ms(evening) for _ in range(4)])
        ended = time.monotonic()
        add_sound(findings, evening, began, ended)
        add_leaves(findings, evening, began)
        before = await asyncio.to_thread(_marks, evening)
        evening.scripted[WHO_LEAVES].log.name = f"{WHO_LEAVES} before {before} marks"
        await evening.drop(WHO_LEAVES)
        await evening.add(WHO_LEAVES)
        findings.add("health_says_so", await _ms(began, lambda: _health(evening) == 503))
        findings.add("web_alive_meanwhile", float(_status(evening, "alive") == 200))
    finally:
        woken = installation.send(WORKER, signal.SIGCONT)
    written = await _ms(woken, lambda: _marks(evening) >= before + 2)
    findings.add("marks_written_after_waking", written)
    await _ms(woken, lambda: _health(evening) == 200)


async def _verb_ms(evening: Evening) -> float:
    """Of one that writes rows."""
    for verb in ("room.pause", "room.resume"):
        reply = await evening.luis.ask(verb)
        assert reply["type"] != "refused", json.dumps(reply)
    return max(asked.seconds for asked in evening.luis.log.asked[-2:]) * 1000


def _marks(evening: Evening) -> int:
    return len(rows.marks(evening.installation.services.database_url))


async def _ms(since: float, holds: Callable[[], bool]) -> float:
    """Until it holds; what does not come counts as the whole wait."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        if await asyncio.to_thread(holds) or time.monotonic() > deadline:
            return (time.monotonic() - since) * 1000
        await asyncio.sleep(LOOK_S)


def _health(evening: Evening) -> int:
    return _status(evening, "health")


def _status(evening: Evening, page: str) -> int:
    port = evening.installation.ports[WEBS[0]]
    try:
        with urlopen(f"http://127.0.0.1:{port}/{page}/", timeout=5) as answer:
            return int(answer.status)
    except HTTPError as refused:
        return refused.code
    except URLError:
        return 0


FAULT = Fault("worker_hung", ("W1",), run)
