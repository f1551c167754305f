"""What the faults measure, from the logs: gaps of sound, leaves seen, who is back when.

Owns the arithmetic between raw logs and figures, and waiting for a log to say something. Knows
no fault.
"""

import asyncio
import itertools
import time
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from tests.faults.evening import Evening
from tests.faults.figures import Findings
from tests.faults.log import TICK_S, ClientLog
from tests.faults.page import Sample, Visitor
from tests.faults.participant import Participant

LOOK_S = 0.005
ARRIVAL_S = 0.5  # a packet that is not here by then is lost
ON_THE_WAY_S = 0.1  # what was sent before a path died may still arrive
MOST_STALL_MS = 500  # a busy page samples late: a silence shorter than this is not told from that

Known = Callable[[], float | None]


async def when(known: Known, seconds: float) -> float | None:
    """Waits until a log knows an instant; None when it does not in time."""
    deadline = time.monotonic() + seconds
    while (at := known()) is None and time.monotonic() < deadline:  # noqa: ASYNC110 - a log
        await asyncio.sleep(LOOK_S)
    return at


async def all_when(known: Iterable[Known], seconds: float) -> list[float]:
    """The instants, each waited for; one that does not come counts as the whole wait."""
    deadline = time.monotonic() + seconds
    found = await asyncio.gather(*(when(one, seconds) for one in known))
    return [deadline if at is None else at for at in found]


def longest_missing(received: Collection[int], first: int, last: int) -> int:
    """The longest run of numbers from `first` to `last` that are not among `received`."""
    longest = run = 0
    here = set(received)
    for number in range(first, last + 1):
        run = 0 if number in here else run + 1
        longest = max(longest, run)
    return longest


@dataclass(frozen=True, slots=True)
class Gap:
    """The longest gap in what one scripted person heard of another."""

    ms: float
    hearer: str = ""
    speaker: str = ""


def longest_gap(evening: Evening, start: float, end: float, but: str = "") -> Gap:
    """Of all scripted pairs, in that time; `but` for one who was muted."""
    speakers = evening.scripted.keys() - {but}
    return max((gap_of(evening, name, start, end) for name in speakers), key=lambda gap: gap.ms)


def gap_of(evening: Evening, speaker: str, start: float, end: float) -> Gap:
    """The longest in what the scripted people heard of one person, also of one at a browser."""
    first, last = _ticks(evening.metronome.times, start, end - ARRIVAL_S)
    gaps = [
        Gap(_missing_ms(hearer.log.sound(speaker).between(start, end), first, last), name, speaker)
        for name, hearer in evening.scripted.items()
        if name != speaker
    ]
    return max(gaps, key=lambda gap: gap.ms)


def add_reasons(findings: Findings, evening: Evening, start: float, end: float) -> None:
    """A note of why media were closed in that time, and how often."""
    reasons = Counter(
        reason for log in evening.logs for at, reason in log.media_closed if start < at < end
    )
    findings.notes += [f"media closed {many} times: {reason}" for reason, many in reasons.items()]


def lateness_ms(evening: Evening, start: float, end: float) -> float:
    """How long this process could not run at all in that time, at worst."""
    first, last = _ticks(evening.metronome.times, start, end)
    return max(evening.metronome.lateness[first : last + 1], default=0.0) * 1000


def _missing_ms(received: Collection[int], first: int, last: int) -> float:
    return longest_missing(received, first, last) * TICK_S * 1000


def add_sound(
    findings: Findings, evening: Evening, start: float, end: float, but: str = ""
) -> None:
    """The sound of that time, for the figures that `expect_sound` has declared."""
    gap = longest_gap(evening, start, end, but)
    findings.add("media_gap", gap.ms)
    if gap.ms:
        findings.notes.append(f"{gap.hearer} missed {gap.ms:.0f} ms of {gap.speaker}")
    findings.add("runner_stall", lateness_ms(evening, start, end))
    add_reasons(findings, evening, start, end)
    findings.add("browser_packets_lost", page_lost(evening, start, end))
    findings.add("browser_stall", page_stall_ms(evening, start, end))


def expect_sound(findings: Findings) -> None:
    """Nobody's sound stops: no packet is missing, no browser falls silent."""
    findings.expect("media_gap", "ms", 0)
    findings.expect("browser_packets_lost", "count", 0)
    findings.expect("browser_stall", "ms", MOST_STALL_MS)
    findings.expect("runner_stall", "ms")


def _ticks(times: "array[float]", start: float, end: float) -> tuple[int, int]:
    """The first and the last packet that everybody sent in that time."""
    return bisect_left(times, start), bisect_left(times, end) - 1


def page_lost(evening: Evening, start: float, end: float) -> float:
    """Packets of sound that the browsers counted as lost in that time."""
    counts = [samples_in(visitor.samples, start, end) for visitor in evening.visitors.values()]
    return float(sum(seen[-1].lost - seen[0].lost for seen in counts if seen))


def page_stall_ms(evening: Evening, start: float, end: float) -> float:
    """The longest time, in ms, in which a browser's received sound did not grow; 0 when it grew
    from each sample to the next."""
    longest = 0.0
    for visitor in evening.visitors.values():
        longest = max(longest, stall_s(samples_in(visitor.samples, start, end)))
    return longest * 1000


def stall_s(samples: list[Sample], count: Callable[[Sample], int] = lambda s: s.received) -> float:
    """Seconds from the last sample before a count stopped growing to the first that shows growth
    again; by default the count of packets of sound."""
    longest, grew_at = 0.0, samples[0].at if samples else 0.0
    silent = False
    for before, after in itertools.pairwise(samples):
        if count(after) == count(before):
            silent = True
            continue
        if silent:
            longest = max(longest, after.at - grew_at)
        silent, grew_at = False, after.at
    return max(longest, samples[-1].at - grew_at) if silent else longest


def samples_in(samples: list[Sample], start: float, end: float) -> list[Sample]:
    return [sample for sample in samples if start <= sample.at <= end]


def add_leaves(findings: Findings, evening: Evening, since: float, but: str = "") -> None:
    """How often anybody was told that somebody (`but` for one name) left; a note of who and why."""
    names = {log.key: log.name for log in evening.logs}
    told = [
        (names.get(told.key, "a stranger"), told.reason)
        for log in evening.logs
        for told in log.told_after(since)
        if told.kind == "participant.left" and names.get(told.key) != but
    ]
    findings.add("leaves_seen", len(told))
    for (name, reason), many in Counter(told).items():
        findings.notes.append(f"{many} were told that {name} left: {reason}")


def snapshots(log: ClientLog, since: float) -> int:
    return sum(told.is_snapshot for told in log.told_after(since))


def away_told(observer: ClientLog, key: str, since: float) -> Known:
    """When this observer was told that the key's connection is waited for."""

    def known() -> float | None:
        news = observer.told_after(since)
        return next((told.at for told in news if told.key == key and told.away), None)

    return known


def left_told(observer: ClientLog, key: str, since: float) -> Known:
    """When this observer was told that the key has left."""

    def known() -> float | None:
        news = observer.told_after(since)
        left = (told.at for told in news if told.kind == "participant.left" and told.key == key)
        return next(left, None)

    return known


def closed_told(log: ClientLog, since: float) -> Known:
    """When this client was told that its media had ended."""
    return lambda: next((at for at, _ in log.media_closed if at > since), None)


def hears_all(evening: Evening, hearer: Participant, since: float) -> Known:
    """When this participant heard a packet, sent after that instant, of the last of all others."""
    tick = bisect_left(evening.metronome.times, since) + 1

    def known() -> float | None:
        others = evening.names - {hearer.name}
        return _latest(hearer.log.sound(name).first_from(tick) for name in others)

    return known


def heard_again_by(evening: Evening, speaker: str, since: float) -> list[Known]:
    """When each scripted person heard that one again, who fell silent for them before `since`."""

    def known(log: ClientLog) -> Known:
        return lambda: log.sound(speaker).first_after(since + ON_THE_WAY_S)

    return [known(one.log) for name, one in evening.scripted.items() if name != speaker]


def page_hears_all(evening: Evening, visitor: Visitor, since: float) -> Known:
    """When a page heard everybody again (`heard_again`)."""
    return lambda: heard_again(visitor.samples, since, len(evening.names) - 1)


def heard_again(samples: Sequence[Sample], since: float, whole: int) -> float | None:
    """When a page's samples first grew for `whole` people after the sound had stopped, or after the
    page had another connection, whose packets are counted from zero: a quick one is never sampled
    silent. The last sample before `since` counts as what there was: the first one after it may be
    of the other connection already."""
    first = bisect_right(samples, since, key=lambda sample: sample.at)
    changed = False
    for at in range(first, len(samples)):
        sample, before = samples[at], samples[max(0, at - 1)]
        changed = changed or sample.growing == 0 or sample.received < before.received
        if changed and sample.growing >= whole:
            return sample.at
    return None


def _latest(instants: Iterable[float | None]) -> float | None:
    known = list(instants)
    return None if None in known else max(at for at in known if at is not None)


def opened(log: ClientLog, since: float) -> Known:
    """When hello was answered again."""
    return lambda: log.open_after(since)


async def timed(work: Awaitable[object]) -> tuple[object, float]:
    """What it gave, and the seconds it took."""
    began = time.monotonic()
    return await work, time.monotonic() - began
