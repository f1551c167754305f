"""The agenda's clock: AG1 (the sum law) to AG9 (windows)."""

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.core.agenda import (
    UNIT,
    Agenda,
    AgendaClock,
    AgendaMark,
    MarkKind,
    Phase,
    Segment,
    SegmentKind,
    agenda_of,
)
from sessions.core.agenda_clock import decide, read, windows
from sessions.core.refusal import Refuse
from tests.core.histories import MINUTE, START, agendas, at, evening, histories, marks, thirds

K = MarkKind
ZERO = timedelta(0)
UNDER_WAY = {Phase.RUNNING, Phase.OVERRUN, Phase.PAUSED}
RUNNING = marks((0, K.START))
History = tuple[tuple[AgendaMark, ...], datetime]


def minutes_left(clock: AgendaClock) -> list[float]:
    return [left / MINUTE for left in clock.remaining]


def code(refused: Refuse | None) -> str | None:
    return refused.code if refused else None


# ---- properties ------------------------------------------------------------------------------


@given(agendas(), histories())
def test_ag1_what_is_left_sums_to_planned_end_minus_now(agenda: Agenda, history: History) -> None:
    """Kills: overrun is not taken from the later segments."""
    done, now = history
    clock = read(agenda, done, now)
    if clock.phase in UNDER_WAY:
        assert sum(clock.remaining, ZERO) == max(ZERO, clock.ends_at - now)
    assert min(clock.remaining) >= ZERO


@given(agendas(), histories(), st.randoms())
def test_ag1_order_of_marks_makes_no_difference(
    agenda: Agenda, history: History, random: Random
) -> None:
    """Kills: marks are read as they come."""
    done, now = history
    mixed = list(done)
    random.shuffle(mixed)
    assert read(agenda, mixed, now) == read(agenda, done, now)


@given(agendas(), histories())
def test_ag6_only_end_later_moves_the_planned_end(agenda: Agenda, history: History) -> None:
    """Kills: extending the current segment moves the planned end."""
    done, now = history
    kept = [mark for mark in done if mark.kind is not K.END_LATER]
    assert read(agenda, kept, now).ends_at == agenda.ends_at


@given(agendas(), histories(), st.sampled_from(MarkKind), st.integers(-5, 70))
def test_ag5_a_refused_mark_changes_nothing(
    agenda: Agenda, history: History, kind: MarkKind, minutes: int
) -> None:
    """Kills: reading applies marks without asking whether they were possible."""
    done, now = history
    mark = AgendaMark(now, kind, minutes, number=99)
    if decide(agenda, done, mark) is not None:
        assert read(agenda, (*done, mark), now) == read(agenda, done, now)


@given(agendas(), histories(), st.integers(1, 60))
def test_ag4_extending_leaves_every_later_segment_its_floor(
    agenda: Agenda, history: History, minutes: int
) -> None:
    """Kills: extending asks only whether the session has that much time left."""
    done, now = history
    mark = AgendaMark(now, K.EXTEND, minutes, number=99)
    if decide(agenda, done, mark) is None:
        clock = read(agenda, (*done, mark), now)
        later = clock.segments[clock.index + 1 :]
        assert all(one.left >= one.planned.floor for one in later)


@given(st.integers(0, 3600), st.integers(1, 60))
def test_ag4_a_refused_extension_says_how_much_is_possible(seconds: int, minutes: int) -> None:
    """Kills: the possible minutes are rounded up."""
    now = START + timedelta(seconds=seconds)
    refused = decide(thirds(), RUNNING, AgendaMark(now, K.EXTEND, minutes, number=99))
    if refused is not None:
        possible = int(refused.detail["minutes"])
        asked = [AgendaMark(now, K.EXTEND, one, 99) for one in range(1, minutes + 1)]
        accepted = [mark.minutes for mark in asked if decide(thirds(), RUNNING, mark) is None]
        assert accepted == list(range(1, possible + 1))


@given(agendas(), histories())
def test_ag3_going_on_after_an_overrun_makes_nothing_jump(agenda: Agenda, history: History) -> None:
    """Kills: on advancing the next segment gets its plan instead of its share.

    A microsecond for each segment is allowed: the parts are whole ones."""
    done, now = history
    before = read(agenda, done, now)
    if before.phase is Phase.OVERRUN and before.index + 1 < len(agenda.segments):
        after = read(agenda, (*done, AgendaMark(now, K.ADVANCE, number=99)), now)
        if after.index == before.index + 1:  # else it was a segment of no length
            both = zip(after.remaining, before.remaining, strict=True)
            assert all(
                abs(now_left - left) <= len(agenda.segments) * UNIT for now_left, left in both
            )


@given(agendas(), histories(), st.integers(0, 1200))
def test_ag6_a_pause_leaves_the_current_segment_as_it_was(
    agenda: Agenda, history: History, seconds: int
) -> None:
    """Kills: what is left goes on falling during a pause."""
    done, now = history
    pause = AgendaMark(now, K.PAUSE, number=99)
    later = now + timedelta(seconds=seconds)
    before, paused = read(agenda, done, now), read(agenda, (*done, pause), later)
    if before.phase in {Phase.RUNNING, Phase.OVERRUN} and before.left <= paused.ends_at - later:
        assert paused.left == before.left


@given(agendas(), histories())
def test_ag9_windows_follow_each_other_and_cover_the_session(
    agenda: Agenda, history: History
) -> None:
    """Kills: going back leaves the first visit without a window."""
    done, now = history
    found = windows(agenda, done, now)
    clock = read(agenda, done, now)
    assert all(before.ends_at <= after.starts_at for before, after in pairwise(found))
    reopened = any(mark.kind is K.REOPEN for mark in done)
    if found and not reopened:
        until = clock.ended_at or now
        assert sum((one.ends_at - one.starts_at for one in found), ZERO) == until - done[0].at


# ---- the day as it goes ----------------------------------------------------------------------


def test_before_the_start_the_plan_is_shown() -> None:
    clock = read(thirds(), (), at(-10))
    assert (clock.phase, clock.index, minutes_left(clock)) == (Phase.NOT_STARTED, 0, [20, 20, 20])
    assert [one.starts_at for one in clock.segments] == [at(0), at(20), at(40)]


def test_before_a_late_start_the_shares_of_what_is_left_are_shown() -> None:
    assert minutes_left(read(thirds(), (), at(6))) == [18, 18, 18]


def test_a_late_start_is_taken_from_every_segment() -> None:
    clock = read(thirds(), marks((6, K.START)), at(6))
    assert (clock.phase, minutes_left(clock)) == (Phase.RUNNING, [18, 18, 18])


def test_an_early_start_is_shared_by_every_segment() -> None:
    assert minutes_left(read(thirds(), marks((-3, K.START)), at(-3))) == [21, 21, 21]


def test_a_start_after_the_planned_end_has_nothing_to_share() -> None:
    clock = read(thirds(), marks((61, K.START)), at(62))
    assert (clock.phase, clock.left, minutes_left(clock)) == (Phase.OVERRUN, -MINUTE, [0, 0, 0])


def test_a_segment_does_not_end_by_itself() -> None:
    done = marks((0, K.START))
    assert read(thirds(), done, at(20)).phase is Phase.RUNNING
    clock = read(thirds(), done, at(26))
    assert (clock.index, clock.phase, clock.left) == (0, Phase.OVERRUN, -6 * MINUTE)
    assert minutes_left(clock) == [0, 17, 17]
    assert clock.changes_at is None


def test_an_early_advance_gives_its_minutes_to_the_later_ones() -> None:
    done = marks((0, K.START), (10, K.ADVANCE))
    clock = read(thirds(), done, at(10))
    assert (clock.index, minutes_left(clock)) == (1, [0, 25, 25])
    assert (clock.segments[0].starts_at, clock.segments[0].ends_at) == (at(0), at(10))


def test_extending_takes_from_the_later_ones_in_proportion_to_plan() -> None:
    done = marks((0, K.START), (10, K.EXTEND, 27))
    clock = read(evening(), done, at(10))
    assert clock.left == 82 * MINUTE
    later = minutes_left(clock)[1:]
    assert sum(later) == pytest.approx(145 - 27)
    assert later[1] / later[3] == pytest.approx(60 / 65)


def test_extending_in_overrun_counts_from_now() -> None:
    clock = read(thirds(), marks((0, K.START), (24, K.EXTEND, 6)), at(24))
    assert (clock.phase, minutes_left(clock)) == (Phase.RUNNING, [6, 15, 15])


def test_extending_beyond_the_floors_is_refused_with_what_is_possible() -> None:
    mark = AgendaMark(at(10), K.EXTEND, 31)
    refused = decide(thirds(), marks((0, K.START)), mark)
    assert refused == Refuse("agenda.no_time_left", {"minutes": 30})


def test_ending_later_makes_the_refused_extension_possible() -> None:
    done = marks((0, K.START), (10, K.END_LATER, 5), (10, K.EXTEND, 31))
    clock = read(thirds(), done, at(10))
    assert (clock.ends_at, clock.left) == (at(65), 41 * MINUTE)
    assert minutes_left(clock) == [41, 7, 7]


def test_shortening_gives_to_the_later_ones() -> None:
    clock = read(thirds(), marks((0, K.START), (5, K.SHORTEN, 10)), at(5))
    assert minutes_left(clock) == [5, 25, 25]


def test_shortening_by_more_than_is_left_is_refused() -> None:
    mark = AgendaMark(at(17.5), K.SHORTEN, 3)
    refused = decide(thirds(), marks((0, K.START)), mark)
    assert refused == Refuse("agenda.too_short", {"minutes": 2})


def test_a_pause_takes_from_the_later_ones() -> None:
    done = marks((0, K.START), (10, K.PAUSE))
    clock = read(thirds(), done, at(16))
    assert (clock.phase, minutes_left(clock)) == (Phase.PAUSED, [10, 17, 17])
    going = read(thirds(), (*done, AgendaMark(at(16), K.RESUME, number=3)), at(18))
    assert (going.phase, minutes_left(going)) == (Phase.RUNNING, [8, 17, 17])


def test_a_pause_past_the_floors_lets_them_give_way_in_order() -> None:
    done = marks((0, K.START), (10, K.PAUSE))
    assert minutes_left(read(thirds(), done, at(40))) == [10, 5, 5]
    assert minutes_left(read(thirds(), done, at(43))) == [10, 2, 5]
    assert minutes_left(read(thirds(), done, at(48))) == [10, 0, 2]
    assert minutes_left(read(thirds(), done, at(54))) == [6, 0, 0]


def test_a_pause_in_the_last_segment_does_not_move_the_planned_end() -> None:
    done = marks((0, K.START), (20, K.ADVANCE), (40, K.ADVANCE), (50, K.PAUSE))
    assert minutes_left(read(thirds(), done, at(53))) == [0, 0, 7]


def test_past_the_planned_end_nothing_is_left_and_the_last_is_in_overrun() -> None:
    done = marks((0, K.START), (20, K.ADVANCE), (40, K.ADVANCE))
    clock = read(thirds(), done, at(65))
    assert (clock.phase, clock.left, minutes_left(clock)) == (
        Phase.OVERRUN,
        -5 * MINUTE,
        [0, 0, 0],
    )


def test_ending_later_past_the_planned_end_counts_from_now() -> None:
    done = marks((0, K.START), (20, K.ADVANCE), (40, K.ADVANCE), (63, K.END_LATER, 10))
    clock = read(thirds(), done, at(64))
    assert (clock.ends_at, clock.phase, clock.left) == (at(73), Phase.RUNNING, 9 * MINUTE)


def test_ending_later_while_paused_in_the_last_segment_gives_it_the_minutes() -> None:
    done = marks(
        (0, K.START), (20, K.ADVANCE), (40, K.ADVANCE), (50, K.PAUSE), (55, K.END_LATER, 5)
    )
    assert minutes_left(read(thirds(), done, at(55))) == [0, 0, 10]


def test_segments_that_say_so_advance_on_time_in_one_go() -> None:
    parts = [Segment(SegmentKind.TOPIC, share=1, advances_itself=True) for _ in range(3)]
    clock = read(agenda_of(parts, START, at(30)), marks((0, K.START)), at(25))
    assert (clock.index, minutes_left(clock)) == (2, [0, 0, 5])


def test_going_back_after_a_slip_restores_what_was_left() -> None:
    done = marks((0, K.START), (12, K.ADVANCE), (13, K.BACK))
    clock = read(thirds(), done, at(13))
    assert (clock.index, minutes_left(clock)) == (0, [8, 19.5, 19.5])


def test_going_back_to_a_used_up_segment_gives_it_five_minutes() -> None:
    done = marks((0, K.START), (22, K.ADVANCE), (23, K.BACK))
    assert minutes_left(read(thirds(), done, at(23))) == [5, 16, 16]


def test_going_back_gives_no_more_than_the_later_ones_can_spare() -> None:
    done = marks((0, K.START), (12, K.ADVANCE), (47, K.BACK))
    assert minutes_left(read(thirds(), done, at(47))) == [3, 5, 5]


def test_going_back_with_less_than_a_minute_to_spare_is_refused() -> None:
    done = marks((0, K.START), (12, K.ADVANCE))
    refused = decide(thirds(), done, AgendaMark(at(49.5), K.BACK))
    assert refused == Refuse("agenda.no_time_left", {"minutes": 0})


def test_after_the_end_nothing_is_left_and_reopening_goes_on_where_it_was() -> None:
    done = marks((0, K.START), (20, K.ADVANCE), (30, K.END))
    ended = read(thirds(), done, at(33))
    assert (ended.phase, ended.ended_at, minutes_left(ended)) == (Phase.ENDED, at(30), [0, 0, 0])
    assert (ended.segments[1].ends_at, ended.segments[2].ends_at) == (at(30), at(30))
    again = read(thirds(), (*done, AgendaMark(at(36), K.REOPEN, number=4)), at(36))
    assert (again.phase, again.index, minutes_left(again)) == (Phase.RUNNING, 1, [0, 10, 14])


def test_windows_of_a_segment_gone_back_to_are_two() -> None:
    done = marks((0, K.START), (12, K.ADVANCE), (14, K.BACK), (20, K.ADVANCE), (50, K.END))
    got = [(one.segment, one.starts_at, one.ends_at) for one in windows(thirds(), done, at(90))]
    assert got == [
        (0, at(0), at(12)),
        (1, at(12), at(14)),
        (0, at(14), at(20)),
        (1, at(20), at(50)),
    ]


def test_windows_leave_out_the_time_between_end_and_reopening() -> None:
    done = marks((0, K.START), (30, K.END), (36, K.REOPEN))
    got = [(one.starts_at, one.ends_at) for one in windows(thirds(), done, at(40))]
    assert got == [(at(0), at(30)), (at(36), at(40))]


# ---- refusals --------------------------------------------------------------------------------

PAUSED = marks((0, K.START), (5, K.PAUSE))
ENDED = marks((0, K.START), (5, K.END))
LAST = marks((0, K.START), (5, K.ADVANCE), (6, K.ADVANCE))


@pytest.mark.parametrize(
    ("done", "kind", "expected"),
    [
        ((), K.START, None),
        ((), K.ADVANCE, "agenda.not_running"),
        ((), K.REOPEN, "agenda.not_running"),
        (RUNNING, K.START, "agenda.running"),
        (RUNNING, K.RESUME, "agenda.not_paused"),
        (RUNNING, K.REOPEN, "agenda.running"),
        (RUNNING, K.BACK, "agenda.at_first"),
        (RUNNING, K.PAUSE, None),
        (RUNNING, K.END, None),
        (PAUSED, K.ADVANCE, "agenda.paused"),
        (PAUSED, K.PAUSE, "agenda.paused"),
        (PAUSED, K.EXTEND, "agenda.paused"),
        (PAUSED, K.END_LATER, None),
        (PAUSED, K.RESUME, None),
        (PAUSED, K.START, "agenda.running"),
        (ENDED, K.ADVANCE, "agenda.ended"),
        (ENDED, K.START, "agenda.ended"),
        (ENDED, K.REOPEN, None),
        (LAST, K.ADVANCE, "agenda.at_last"),
        (LAST, K.SHORTEN, "agenda.at_last"),
        (LAST, K.EXTEND, "agenda.no_time_left"),
        (LAST, K.BACK, None),
    ],
)
def test_verb_in_phase(done: tuple[AgendaMark, ...], kind: MarkKind, expected: str | None) -> None:
    assert code(decide(thirds(), done, AgendaMark(at(7), kind, 1, 9))) == expected


@pytest.mark.parametrize("minutes", [-1, 0, 61])
def test_minutes_out_of_range_are_refused(minutes: int) -> None:
    for kind in (K.EXTEND, K.SHORTEN, K.END_LATER):
        refused = decide(thirds(), RUNNING, AgendaMark(at(7), kind, minutes))
        assert refused == Refuse("agenda.minutes", {"minutes": 60})
