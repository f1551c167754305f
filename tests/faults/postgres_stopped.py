"""R10: PostgreSQL is stopped at once (SIGQUIT: PostgreSQL, section 18.5) for thirty seconds.

The session goes on: sound, presence, hands, the way back of somebody who drops. Mute and remove
act at once and are recorded afterwards. What needs rows is refused in words, soon; so is whoever
is new. Afterwards the audit has it all.
"""

import asyncio
import signal
import time
from urllib.request import build_opener

from tests.faults import rows
from tests.faults.evening import LUIS, SPARE, Evening
from tests.faults.fault import Fault
from tests.faults.figures import Findings
from tests.faults.installation import WEBS
from tests.faults.measures import (
    add_leaves,
    add_sound,
    all_when,
    expect_sound,
    left_told,
    opened,
)

AWAY_S = 30.0
REQUEST_MS = 2_000
ACT_MS = 1_000
BACK_MS = 2_000
RECORDED_MS = 5_000
PATIENCE_S = 12.0
MUTED, DROPPED, REMOVED = "Rosa", ("Theo", "Nadia"), SPARE[0]


async def run(evening: Evening, findings: Findings) -> None:
    """One time. A thirteenth person is there to be removed."""
    findings.expect("verb_answered", "ms", REQUEST_MS)
    findings.expect("verbs_with_rows_not_refused", "count", 0)
    findings.expect("live_verbs_refused", "count", 0)
    findings.expect("page_answered", "ms", REQUEST_MS)
    findings.expect("pages_that_fault", "count", 0)
    findings.expect("removed_is_gone", "ms", ACT_MS)
    findings.expect("dropped_is_back", "ms", BACK_MS)
    findings.expect("recorded", "ms", RECORDED_MS)
    findings.expect("leaves_seen", "count", 0)
    expect_sound(findings)
    await evening.add(REMOVED)
    await evening.settle()
    postgres = evening.installation.postgres
    began = time.monotonic()
    postgres.process.send_signal(signal.SIGQUIT)
    await asyncio.to_thread(postgres.process.wait)
    try:
        await _meanwhile(evening, findings)
        await asyncio.sleep(max(0.0, began + AWAY_S - time.monotonic()))
    finally:
        await asyncio.to_thread(postgres.revive)
    returned = time.monotonic()
    await _afterwards(evening, findings, returned)
    add_sound(findings, evening, began, time.monotonic(), but=MUTED)
    findings.trials += 1


async def _meanwhile(evening: Evening, findings: Findings) -> None:
    await asyncio.sleep(2.0)  # until connections that stood have been missed
    began = time.monotonic()
    await _verbs(evening, findings)
    await _pages(evening, findings)
    await _remove(evening, findings)
    await _drop(evening, findings)
    await _verbs(evening, findings)
    add_leaves(findings, evening, began, but=REMOVED)


async def _verbs(evening: Evening, findings: Findings) -> None:
    """What needs rows is refused; what changes the live state alone is done."""
    luis, muted = evening.luis, evening.luis.seen.key_of(MUTED)
    for verb in ("room.pause", "room.resume"):
        reply = await luis.ask(verb)
        findings.add("verb_answered", luis.log.asked[-1].seconds * 1000)
        findings.add("verbs_with_rows_not_refused", float(reply.get("code") != "store.down"))
    live = (
        (luis, "room.mute", {"key": muted}),
        (luis, "room.allow_microphone", {"key": muted}),
        (evening.scripted["Cole"], "me.camera", {"on": False}),
        (evening.scripted["Cole"], "me.camera", {"on": True}),
    )
    for person, verb, fields in live:
        reply = await person.ask(verb, **fields)
        findings.add("verb_answered", person.log.asked[-1].seconds * 1000)
        findings.add("live_verbs_refused", float(reply["type"] == "refused"))
        if reply["type"] == "refused":
            findings.notes.append(f"{verb}: {reply.get('code')}")


async def _pages(evening: Evening, findings: Findings) -> None:
    """Pages and signing in, at both web processes: an answer in time, whatever it says."""
    installation = evening.installation
    for name in WEBS:
        for path in ("/", "/sign-in/", f"/rooms/{evening.room}/"):
            began = time.monotonic()
            port = installation.ports[name]
            status, _, _ = await asyncio.to_thread(installation.fetch, build_opener(), path, port)
            findings.add("page_answered", (time.monotonic() - began) * 1000)
            findings.add("pages_that_fault", float(status in (0, 500)))


async def _remove(evening: Evening, findings: Findings) -> None:
    """The thirteenth is removed: gone from everybody's screen, and hears nothing more."""
    person = evening.scripted.pop(REMOVED)
    evening.former.append(person)
    began = time.monotonic()
    reply = await evening.luis.ask("room.remove", key=person.log.key)
    findings.add("verb_answered", evening.luis.log.asked[-1].seconds * 1000)
    findings.add("live_verbs_refused", float(reply["type"] == "refused"))
    if reply["type"] == "refused":
        findings.notes.append(f"room.remove: {reply.get('code')}")
        evening.scripted[REMOVED] = evening.former.pop()
        return
    evening.removed[REMOVED] = began
    observers = [one.log for one in evening.everyone]
    gone = await all_when([left_told(log, person.log.key, began) for log in observers], PATIENCE_S)
    findings.add("removed_is_gone", (max(gone) - began) * 1000)


async def _drop(evening: Evening, findings: Findings) -> None:
    """Two people's websockets are reset; they come back all the same."""
    for name in DROPPED:
        person = evening.scripted[name]
        began = time.monotonic()
        person.door.reset()
        back = await all_when([opened(person.log, began)], PATIENCE_S)
        findings.add("dropped_is_back", (back[0] - began) * 1000)


async def _afterwards(evening: Evening, findings: Findings, returned: float) -> None:
    """Until the audit has every mute, every allowing and the removal that was answered ok."""
    url = evening.installation.services.database_url
    verbs = ("room.mute", "room.allow_microphone", "room.remove")
    asked = evening.luis.log.asked
    due = {verb: sum(one.verb == verb and one.code == "ok" for one in asked) for verb in verbs}
    deadline = returned + 2 * PATIENCE_S
    while time.monotonic() < deadline:
        done = await asyncio.to_thread(rows.done, url)
        if all(done.get((LUIS, verb), 0) >= many for verb, many in due.items()):
            break
        await asyncio.sleep(0.1)
    findings.add("recorded", (time.monotonic() - returned) * 1000)
    await evening.settle()
    if REMOVED in evening.scripted:
        await evening.drop(REMOVED)


FAULT = Fault("postgres_stopped", ("R10",), run)
