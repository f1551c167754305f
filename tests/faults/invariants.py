"""What must hold whatever breaks, as pure functions over logs. Each returns what is broken.

Owns the six rules of the method that Jepsen made common (record what every client saw, break
things, then judge the records): I1 roster, I2 numbers, I3 marks, I4 invisible participants, I5
after the right was taken away, I6 audit. Knows no process; an empty list means that it holds.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.faults.log import ClientLog, Link, Told

PEOPLE = frozenset({"participant.changed", "participant.left"})
"""Who is in the room."""
INSIDE = PEOPLE | {"part.changed"}
"""Events that only those in the room may hear."""
PUBLIC = INSIDE | {"room.changed"}
"""Events that everyone in the room is told."""

Interval = tuple[float, float]
FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class Mark:
    """A row of attendance: a join or a leave, at its place in the room's stream."""

    person: str
    connection: str
    kind: str
    epoch: str
    seq: int


# ---- I1 ----------------------------------------------------------------------------------------


def roster_is_live(rosters: Mapping[str, frozenset[str]], live: frozenset[str]) -> list[str]:
    """I1: at quiescence everybody's roster is the set of live connections. By name."""
    return [
        f"{name} misses {sorted(live - seen)} and shows {sorted(seen - live)}"
        for name, seen in sorted(rosters.items())
        if seen != live
    ]


# ---- I2 ----------------------------------------------------------------------------------------


def numbers_hold(logs: Sequence[ClientLog], settled: frozenset[str] = frozenset()) -> list[str]:
    """I2: within an epoch each client's numbers rise, nothing is told twice and nothing that
    everyone is told is missing. Those named in `settled` have also been told the newest."""
    public = _public(logs)
    return [
        fault
        for log in logs
        for fault in (*_order(log), *_holes(log, public, to_the_end=log.name in settled))
    ]


def _public(logs: Iterable[ClientLog]) -> dict[str, dict[int, float]]:
    """Epoch → number → when the first client was told."""
    public: dict[str, dict[int, float]] = {}
    for told in (told for log in logs for told in log.told if told.kind in PUBLIC):
        of_epoch = public.setdefault(told.epoch, {})
        of_epoch[told.seq] = min(told.at, of_epoch.get(told.seq, told.at))
    return public


def _order(log: ClientLog) -> Iterator[str]:
    newest: dict[str, int] = {}
    seen: set[tuple[str, int, str, str]] = set()
    for told in log.told:
        floor = newest.get(told.epoch, -1)
        if told.seq < floor:
            yield f"{log.name} was told {told.kind} {told.seq} after {floor}"
        same = (told.epoch, told.seq, told.kind, told.key)
        if not told.is_snapshot and same in seen:
            yield f"{log.name} was told {told.kind} {told.seq} twice"
        seen.add(same)
        newest[told.epoch] = max(floor, told.seq)


def _holes(
    log: ClientLog, public: Mapping[str, Mapping[int, float]], *, to_the_end: bool
) -> Iterator[str]:
    for start, end in _stretches(log.told):
        first, told = log.told[start], log.told[start:end]
        heard = {one.seq for one in told}
        last = max(heard)
        if to_the_end and end == len(log.told):
            last = max(public.get(first.epoch, {last: 0.0}))
        due = {seq for seq in public.get(first.epoch, {}) if first.seq < seq <= last}
        if due - heard:
            yield f"{log.name} was not told {sorted(due - heard)[:5]} of its epoch"


def _stretches(told: Sequence[Told]) -> Iterator[tuple[int, int]]:
    """Runs of events that follow a snapshot taken in the room, each of one epoch. A snapshot
    begins another one: what it jumps over need not be told."""
    starts = [at for at, one in enumerate(told) if one.is_snapshot]
    for start, end in itertools.pairwise([*starts, len(told)]):
        if told[start].people:
            yield start, end


# ---- I3 ----------------------------------------------------------------------------------------


def marks_pair(
    marks: Sequence[Mark], here: frozenset[str] = frozenset(), lost_epochs: int = 0
) -> list[str]:
    """I3: in the order of the stream each join of a person has exactly one leave, and the other
    way round. Open may be only the joins of those who are `here`, and, in as many of the earlier
    epochs as were lost with their store, the last join of anybody."""
    epochs = list(dict.fromkeys(mark.epoch for mark in marks))
    broken = [f"{len(epochs)} epochs, {lost_epochs} lost"] if len(epochs) > lost_epochs + 1 else []
    for epoch in epochs:
        is_last = epoch == epochs[-1]
        for person in sorted({mark.person for mark in marks if mark.epoch == epoch}):
            own = sorted(
                (m for m in marks if m.epoch == epoch and m.person == person), key=lambda m: m.seq
            )
            may_be_open = person in here if is_last else True
            broken += _pairs(person, [mark.kind for mark in own], may_be_open=may_be_open)
    return broken


def _pairs(person: str, kinds: Sequence[str], *, may_be_open: bool) -> Iterator[str]:
    for place, kind in enumerate(kinds):
        expected = "join" if place % 2 == 0 else "leave"
        if kind != expected:
            yield f"{person}: mark {place + 1} is a {kind}, not a {expected}"
            return
    if len(kinds) % 2 and not may_be_open:
        yield f"{person}: the last join has no leave"


# ---- I4 and I5 ---------------------------------------------------------------------------------


def nobody_invisible(logs: Sequence[ClientLog], since: float, grace_s: float = 1.0) -> list[str]:
    """I4: everybody who receives sound, or news of the room, is on somebody's roster. `grace_s` is how
    long after going off every roster, and before coming onto one, something may be under way."""
    broken = []
    for log in logs:
        for start, end in absences(log.key, [other for other in logs if other is not log]):
            begin, stop = max(start, since) + grace_s, end - grace_s
            broken += [f"{log.name} {words}" for words in _received(log, begin, stop)]
    return broken


def nobody_after(
    logs: Sequence[ClientLog], taken: Mapping[str, float], grace_s: float = 1.0
) -> list[str]:
    """I5: whose right was taken away (name → when) receives nothing more than `grace_s` later."""
    return [
        f"{log.name} {words}"
        for log in logs
        if log.name in taken
        for words in _received(log, taken[log.name] + grace_s, FOREVER)
    ]


def absences(key: str, others: Sequence[ClientLog]) -> list[Interval]:
    """When a key was on nobody's roster: the gaps between the stays that others were told."""
    stays = sorted(stay for other in others for stay in _stays(key, other))
    gaps, until = [], float("-inf")
    for start, end in stays:
        if start > until:
            gaps.append((until, start))
        until = max(until, end)
    return [*gaps, (until, FOREVER)] if until < FOREVER else gaps


def _stays(key: str, log: ClientLog) -> Iterator[Interval]:
    """From when to when this client had the key on its roster."""
    began: float | None = None
    for told in log.told:
        if told.is_snapshot:
            here: bool | None = key in told.people
        elif told.key == key and told.kind in PEOPLE:
            here = told.kind == "participant.changed"
        else:
            here = None
        if here is True and began is None:
            began = told.at
        if here is False and began is not None:
            yield began, told.at
            began = None
    if began is not None:
        yield began, FOREVER


def _received(log: ClientLog, start: float, end: float) -> Iterator[str]:
    if start >= end:
        return
    events = [told for told in log.told if start < told.at < end and told.kind in INSIDE]
    if events:
        yield f"was told {len(events)} events of the room, the first {events[0].at - start:.1f} s late"
    packets = sum(len(sound.between(start, end)) for sound in log.sounds.values())
    if packets:
        yield f"received {packets} packets in {min(end, start + 60) - start:.1f} s"


# ---- I6 ----------------------------------------------------------------------------------------


def audit_is_complete(logs: Iterable[ClientLog], rows: Mapping[tuple[str, str], int]) -> list[str]:
    """I6: the audit has a row for every verb of the room that was answered "ok". `rows` counts
    (person, verb) with the outcome done."""
    done = Counter(
        (log.name, asked.verb)
        for log in logs
        for asked in log.asked
        if asked.code == "ok" and asked.verb.startswith("room.")
    )
    return [
        f"{name}: {count} times {verb}, {rows.get((name, verb), 0)} rows"
        for (name, verb), count in sorted(done.items())
        if rows.get((name, verb), 0) < count
    ]


def ends_of(log: ClientLog, since: float) -> int:
    """How often this client's websocket ended."""
    return sum(1 for linked in log.links if linked.at > since and linked.link is not Link.OPEN)
