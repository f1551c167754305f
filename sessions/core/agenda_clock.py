"""The agenda's clock: what (agenda, marks, now) say, and which verb is possible.

Nothing is stored but marks; this reads them from the first to the last each time. Three things
move: the current segment's end (by extend, shorten, pause), the index (by advance, back, and by
time for segments that advance themselves), and the session's planned end (by end_later only).
Everything later follows: the later segments share what lies between the current one's end (or
now, in overrun) and the planned end, in proportion to plan, none below its floor. So the order
in which minutes were taken makes no difference, and what is left always sums to planned end
minus now (AG1). A mark that `decide` would have refused has no effect.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate, pairwise

from sessions.core.agenda import (
    Agenda,
    AgendaClock,
    AgendaMark,
    MarkKind,
    Phase,
    PlannedSegment,
    SegmentClock,
    Window,
    floors,
    share_out,
)
from sessions.core.refusal import Refuse

MOST_MINUTES = 60  # of one verb
ZERO = timedelta(0)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Running:
    """What the marks have done so far. `left_behind` is what each segment had left when it was
    last left; `stopped_left` is what the current one had left when the clock stopped (paused
    or ended), else None; `spans` are finished (segment, from, to)."""

    agenda: Agenda
    ends_at: datetime
    index: int
    segment_ends_at: datetime
    entered_at: datetime
    started_at: datetime
    left_behind: tuple[timedelta, ...]
    spans: tuple[tuple[int, datetime, datetime], ...] = ()
    stopped_left: timedelta | None = None
    ended_at: datetime | None = None

    @property
    def last(self) -> bool:
        return self.index == len(self.agenda.segments) - 1

    @property
    def later(self) -> tuple[PlannedSegment, ...]:
        return self.agenda.segments[self.index + 1 :]

    def left(self, now: datetime) -> timedelta:
        """Of the current segment; negative in overrun. It stands while the clock is stopped,
        but never exceeds what is left of the session (AG6)."""
        if self.stopped_left is None:
            return self.segment_ends_at - now
        return min(self.stopped_left, max(ZERO, self.ends_at - now))

    def for_later(self, now: datetime) -> timedelta:
        """AG1. What the later segments share."""
        return max(ZERO, self.ends_at - now - max(ZERO, self.left(now)))

    def can_give(self, now: datetime) -> timedelta:
        """AG4. What the later segments have above their floors."""
        return max(ZERO, self.for_later(now) - floors(self.later))

    def phase(self, now: datetime) -> Phase:
        if self.ended_at is not None:
            return Phase.ENDED
        if self.stopped_left is not None:
            return Phase.PAUSED
        return Phase.OVERRUN if self.left(now) < ZERO else Phase.RUNNING


_State = _Running | None  # None: not started


def read(agenda: Agenda, marks: Iterable[AgendaMark], now: datetime) -> AgendaClock:
    """AG1-AG8. The clock at `now` (UTC). Marks may come in any order; later ones than `now`
    are read too, so pass only what has happened."""
    state = _settled(_fold(agenda, marks), now)
    if state is None:
        return _before_start(agenda, now)
    left = state.left(now)
    phase = state.phase(now)
    ended = phase is Phase.ENDED
    return AgendaClock(
        read_at=now,
        phase=phase,
        index=state.index,
        left=ZERO if ended else left,
        entered_at=state.entered_at,
        started_at=state.started_at,
        ended_at=state.ended_at,
        ends_at=state.ends_at,
        changes_at=state.segment_ends_at if phase is Phase.RUNNING else None,
        can_give=ZERO if ended else state.can_give(now),
        segments=_segments(state, now),
    )


def decide(agenda: Agenda, marks: Iterable[AgendaMark], mark: AgendaMark) -> Refuse | None:
    """AG5-AG8. Whether `mark` is possible at `mark.at`, which is the server's now: None, or why
    not. The marks are those written so far."""
    return _refusal(_settled(_fold(agenda, marks), mark.at), mark)


def windows(agenda: Agenda, marks: Iterable[AgendaMark], now: datetime) -> tuple[Window, ...]:
    """AG9. When each segment really was the current one, until the end or `now`, in order of
    time. They do not overlap; pauses and overruns belong to their segment."""
    state = _settled(_fold(agenda, marks), now)
    if state is None:
        return ()
    spans = state.spans
    if state.ended_at is None:
        spans = (*spans, (state.index, state.entered_at, now))
    return tuple(
        Window(index, starts_at, ends_at, agenda.segments[index].counts)
        for index, starts_at, ends_at in spans
        if starts_at < ends_at
    )


# ---- reading marks ---------------------------------------------------------------------------


def _fold(agenda: Agenda, marks: Iterable[AgendaMark]) -> _State:
    state: _State = None
    for mark in sorted(marks, key=lambda mark: (mark.at, mark.number)):
        state = _settled(state, mark.at)
        if _refusal(state, mark) is None:
            state = _started(agenda, mark.at) if state is None else _VERBS[mark.kind](state, mark)
    return state


def _settled(state: _State, now: datetime) -> _State:
    """AG7. The segments that advance themselves have done so, each at its own planned end."""
    while (
        state is not None
        and state.stopped_left is None
        and not state.last
        and state.agenda.segments[state.index].advances_itself
        and state.segment_ends_at <= now
    ):
        state = _enter(state, state.index + 1, state.segment_ends_at)
    return state


def _started(agenda: Agenda, at: datetime) -> _Running:
    first = share_out(agenda.segments, max(ZERO, agenda.ends_at - at))[0]
    return _Running(
        agenda=agenda,
        ends_at=agenda.ends_at,
        index=0,
        segment_ends_at=at + first,
        entered_at=at,
        started_at=at,
        left_behind=(ZERO,) * len(agenda.segments),
    )


def _enter(state: _Running, index: int, at: datetime, length: timedelta | None = None) -> _Running:
    """Leaves the current segment at `at` for another, of a given length or of its share."""
    if length is None:
        length = share_out(state.agenda.segments[index:], max(ZERO, state.ends_at - at))[0]
    behind = list(state.left_behind)
    behind[state.index] = max(ZERO, state.left(at))
    return replace(
        state,
        index=index,
        segment_ends_at=at + length,
        entered_at=at,
        left_behind=tuple(behind),
        spans=(*state.spans, (state.index, state.entered_at, at)),
    )


def _advance(state: _Running, mark: AgendaMark) -> _Running:
    return _enter(state, state.index + 1, mark.at)


def _back(state: _Running, mark: AgendaMark) -> _Running:
    return _enter(state, state.index - 1, mark.at, _given_back(state, mark.at))


def _given_back(state: _Running, now: datetime) -> timedelta:
    """AG8. What the previous segment had left when it was left, at least five minutes, at most
    what the current and the later ones have above theirs."""
    before = state.index - 1
    wanted = max(state.left_behind[before], state.agenda.segments[before].shortest)
    rest = state.ends_at - now - floors(state.agenda.segments[state.index :])
    return max(ZERO, min(wanted, rest))


def _extend(state: _Running, mark: AgendaMark) -> _Running:
    """AG5. In overrun the minutes count from now: what is over is over."""
    ends = max(state.segment_ends_at, mark.at) + mark.minutes * MINUTE
    return replace(state, segment_ends_at=ends)


def _shorten(state: _Running, mark: AgendaMark) -> _Running:
    return replace(state, segment_ends_at=state.segment_ends_at - mark.minutes * MINUTE)


def _pause(state: _Running, mark: AgendaMark) -> _Running:
    return replace(state, stopped_left=state.left(mark.at))


def _resume(state: _Running, mark: AgendaMark) -> _Running:
    ends = mark.at + state.left(mark.at)
    return replace(state, stopped_left=None, segment_ends_at=ends)


def _end_later(state: _Running, mark: AgendaMark) -> _Running:
    """AG6. Past the planned end the minutes count from now. They go to the later segments; the
    last one has none, so there they are its own."""
    ends_at = max(state.ends_at, mark.at) + mark.minutes * MINUTE
    if not state.last:
        return replace(state, ends_at=ends_at)
    stopped = None if state.stopped_left is None else ends_at - mark.at
    return replace(state, ends_at=ends_at, segment_ends_at=ends_at, stopped_left=stopped)


def _end(state: _Running, mark: AgendaMark) -> _Running:
    span = (state.index, state.entered_at, mark.at)
    left = state.left(mark.at)
    return replace(state, ended_at=mark.at, stopped_left=left, spans=(*state.spans, span))


def _reopen(state: _Running, mark: AgendaMark) -> _Running:
    return replace(_resume(state, mark), ended_at=None, entered_at=mark.at)


_VERBS: Mapping[MarkKind, Callable[[_Running, AgendaMark], _Running]] = {
    MarkKind.ADVANCE: _advance,
    MarkKind.BACK: _back,
    MarkKind.EXTEND: _extend,
    MarkKind.SHORTEN: _shorten,
    MarkKind.PAUSE: _pause,
    MarkKind.RESUME: _resume,
    MarkKind.END_LATER: _end_later,
    MarkKind.END: _end,
    MarkKind.REOPEN: _reopen,
}

# ---- which verb is possible ------------------------------------------------------------------

_GOING = frozenset({Phase.RUNNING, Phase.OVERRUN})
_OPEN = _GOING | {Phase.PAUSED}
_PHASES: Mapping[MarkKind, frozenset[Phase]] = {
    MarkKind.START: frozenset({Phase.NOT_STARTED}),
    MarkKind.ADVANCE: _GOING,
    MarkKind.BACK: _GOING,
    MarkKind.EXTEND: _GOING,
    MarkKind.SHORTEN: _GOING,
    MarkKind.PAUSE: _GOING,
    MarkKind.RESUME: frozenset({Phase.PAUSED}),
    MarkKind.END_LATER: _OPEN,
    MarkKind.END: _OPEN,
    MarkKind.REOPEN: frozenset({Phase.ENDED}),
}
_WITH_MINUTES = frozenset({MarkKind.EXTEND, MarkKind.SHORTEN, MarkKind.END_LATER})


def _refusal(state: _State, mark: AgendaMark) -> Refuse | None:
    phase = Phase.NOT_STARTED if state is None else state.phase(mark.at)
    if phase not in _PHASES[mark.kind]:
        return _wrong_phase(phase, mark.kind)
    if mark.kind in _WITH_MINUTES and not 1 <= mark.minutes <= MOST_MINUTES:
        return Refuse("agenda.minutes", {"minutes": MOST_MINUTES})
    return None if state is None else _no_room_for(state, mark)


def _wrong_phase(phase: Phase, kind: MarkKind) -> Refuse:
    if phase is Phase.NOT_STARTED:
        return Refuse("agenda.not_running")
    if phase is Phase.ENDED:
        return Refuse("agenda.ended")
    if kind is MarkKind.RESUME:
        return Refuse("agenda.not_paused")
    paused = phase is Phase.PAUSED and kind not in _PHASES_OF_WHOLE_SESSION
    return Refuse("agenda.paused" if paused else "agenda.running")


_PHASES_OF_WHOLE_SESSION = frozenset({MarkKind.START, MarkKind.REOPEN})


def _no_room_for(state: _Running, mark: AgendaMark) -> Refuse | None:
    match mark.kind:
        case MarkKind.ADVANCE if state.last:
            return Refuse("agenda.at_last")
        case MarkKind.BACK:
            return _no_way_back(state, mark.at)
        case MarkKind.EXTEND if state.can_give(mark.at) < mark.minutes * MINUTE:
            return _no_time_left(state.can_give(mark.at))
        case MarkKind.SHORTEN:
            return _too_short(state, mark)
    return None


def _no_way_back(state: _Running, now: datetime) -> Refuse | None:
    if state.index == 0:
        return Refuse("agenda.at_first")
    given = _given_back(state, now)
    return _no_time_left(given) if given < MINUTE else None


def _too_short(state: _Running, mark: AgendaMark) -> Refuse | None:
    if state.last:
        return Refuse("agenda.at_last")
    left = max(ZERO, state.left(mark.at))
    if left < mark.minutes * MINUTE:
        return Refuse("agenda.too_short", {"minutes": left // MINUTE})
    return None


def _no_time_left(possible: timedelta) -> Refuse:
    return Refuse("agenda.no_time_left", {"minutes": possible // MINUTE})


# ---- what is shown ---------------------------------------------------------------------------


def _before_start(agenda: Agenda, now: datetime) -> AgendaClock:
    """AG3. As if it were started at once, or at its planned start if that is to come."""
    start = max(now, agenda.starts_at)
    lengths = share_out(agenda.segments, max(ZERO, agenda.ends_at - start))
    return AgendaClock(
        read_at=now,
        phase=Phase.NOT_STARTED,
        index=0,
        left=lengths[0],
        entered_at=None,
        started_at=None,
        ended_at=None,
        ends_at=agenda.ends_at,
        changes_at=None,
        can_give=ZERO,
        segments=_clocks(agenda, 0, _chain(start, lengths), lengths),
    )


def _segments(state: _Running, now: datetime) -> tuple[SegmentClock, ...]:
    if state.ended_at is not None:
        lengths = [ZERO] * (len(state.later) + 1)
        expected = [(state.ended_at, state.ended_at)] * len(lengths)
    else:
        lengths = [max(ZERO, state.left(now)), *share_out(state.later, state.for_later(now))]
        expected = _chain(now, lengths)
    past = [_visited(state, index) for index in range(state.index)]
    first = min((a for i, a, _ in state.spans if i == state.index), default=state.entered_at)
    current = (first, expected[0][1])
    bounds = [*past, current, *expected[1:]]
    return _clocks(state.agenda, state.index, bounds, lengths)


def _visited(state: _Running, index: int) -> tuple[datetime, datetime]:
    spans = [(start, end) for i, start, end in state.spans if i == index]
    return spans[0][0], spans[-1][1]


def _chain(start: datetime, lengths: Sequence[timedelta]) -> list[tuple[datetime, datetime]]:
    """The boundaries of lengths that follow each other from `start`."""
    ends: Iterable[datetime] = accumulate(lengths, operator.add, initial=start)
    return list(pairwise(ends))


def _clocks(
    agenda: Agenda,
    index: int,
    bounds: Sequence[tuple[datetime, datetime]],
    lengths: Sequence[timedelta],
) -> tuple[SegmentClock, ...]:
    """`bounds` are for every segment, `lengths` from the current one on."""
    planned = _chain(agenda.starts_at, [segment.length for segment in agenda.segments])
    left = [ZERO] * index + list(lengths)
    return tuple(
        SegmentClock(segment, *planned[n], *bounds[n], left[n])
        for n, segment in enumerate(agenda.segments)
    )
