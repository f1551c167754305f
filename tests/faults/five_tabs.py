"""P4: one person opens the room in five tabs, one after the other, and five at once.

There is one tile all the time, the newest tab has the seat, and each older one is told that soon.
At once is what a browser does that restores its windows. Each trial is another person's: somebody
who joined forty times in half a minute would be refused for it (`message.too_many`).
"""

import itertools
import time
from collections.abc import Sequence

from tests.faults.evening import SAM, Evening
from tests.faults.fault import Fault
from tests.faults.figures import Findings
from tests.faults.log import ClientLog
from tests.faults.measures import Known, add_leaves, all_when, opened
from tests.faults.participant import Participant

TRIALS = 10
TRIALS_AT_ONCE = 3
TABS = 5
WINS_MS = 500
PATIENCE_S = 10.0
REPLACED = 4409


async def run(evening: Evening, findings: Findings) -> None:
    """Nine times scripted, so that the tabs follow each other closely; then in a browser."""
    findings.expect("newest_wins", "ms", WINS_MS)
    findings.expect("tabs_left_open", "count", 1)
    findings.expect("tiles", "count", 1)
    findings.expect("leaves_seen", "count", 0)
    findings.expect("at_once_decided", "ms", WINS_MS)
    names = itertools.cycle(sorted(evening.scripted))
    for _ in range(TRIALS - 1):
        await _scripted(evening, findings, next(names))
        findings.trials += 1
    for _ in range(TRIALS_AT_ONCE):
        await evening.settle()
        await _at_once(evening, findings, next(names))
        findings.trials += 1
    await evening.settle()
    await _in_browser(evening, findings)
    findings.trials += 1


async def _scripted(evening: Evening, findings: Findings, name: str) -> None:
    began = time.monotonic()
    tabs = [evening.scripted[name]]
    for number in range(2, TABS + 1):
        older, newer = tabs[-1], tabs[-1].another_tab(number)
        evening.scripted[name] = newer
        evening.former.append(older)
        tabs.append(newer)
        entered = time.monotonic()
        newer.enter()
        findings.add("newest_wins", await _won_ms(entered, older.log, newer.log))
    findings.add("tabs_left_open", sum(tab.is_open for tab in tabs))
    findings.add("tiles", await _tiles(evening, name))
    add_leaves(findings, evening, began)
    for tab in tabs[:-1]:
        await tab.vanish()


async def _at_once(evening: Evening, findings: Findings, name: str) -> None:
    """All say hello at the same time: one stays, and every other one is told so."""
    began = time.monotonic()
    before = evening.scripted[name]
    tabs = [before.another_tab(number) for number in range(2, TABS + 2)]
    for tab in tabs:
        tab.enter()
    deadline = began + PATIENCE_S
    await all_when([_decided(tabs)], PATIENCE_S)
    losers = [tab for tab in (before, *tabs) if not tab.is_open]
    told = [_replaced(tab.log, began)() or deadline for tab in losers]
    findings.add("at_once_decided", (max([*told, began]) - began) * 1000)
    findings.add("tabs_left_open", sum(tab.is_open for tab in tabs))
    findings.add("tiles", await _tiles(evening, name))
    add_leaves(findings, evening, began)
    evening.scripted[name] = next((tab for tab in tabs if tab.is_open), tabs[-1])
    for number, tab in enumerate((before, *tabs)):
        if tab is not evening.scripted[name]:
            tab.log.name = f"{name} at once, tab {number}"
            evening.former.append(tab)
            await tab.vanish()


def _decided(tabs: Sequence[Participant]) -> Known:
    """When all but one of these tabs have been told that another has the seat, and that one has
    come in: until then it looks like one that was told nothing."""

    def known() -> float | None:
        told = [one.at for tab in tabs for one in tab.log.links if one.code == REPLACED]
        came_in = any(tab.is_in_room for tab in tabs)
        return max(told) if came_in and len(told) >= len(tabs) - 1 else None

    return known


async def _in_browser(evening: Evening, findings: Findings) -> None:
    """Five tabs of one Chromium; the last one stays."""
    began = time.monotonic()
    sam = evening.visitors[SAM]
    for _ in range(TABS - 1):
        older = sam.log
        tapped = await sam.open_tab()
        findings.add("newest_wins", await _won_ms(tapped, older, sam.log))
    findings.add("tiles", await _tiles(evening, SAM))
    add_leaves(findings, evening, began)
    await sam.close_former_tabs()
    await sam.open_devices()


async def _won_ms(since: float, older: ClientLog, newer: ClientLog) -> float:
    """Until the newer one is in the room and the older one has been told so."""
    instants = await all_when([opened(newer, since), _replaced(older, since)], PATIENCE_S)
    return (max(instants) - since) * 1000


def _replaced(log: ClientLog, since: float) -> Known:
    """When this connection was closed because a newer one has the seat."""

    def known() -> float | None:
        closes = log.closes_after(since)
        return next((one.at for one in closes if one.code == REPLACED), None)

    return known


async def _tiles(evening: Evening, name: str) -> float:
    """The most tiles of that name on a browser's screen."""
    shown = [await one.tiles() for one in evening.visitors.values() if one.name != name]
    return float(max(tiles.count(name) for tiles in shown))


FAULT = Fault("five_tabs", ("P4",), run)
