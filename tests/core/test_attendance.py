"""Minutes from marks: ATT1 to ATT8."""

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sessions.core.agenda import Window
from sessions.core.attendance import (
    Correction,
    Mark,
    Rules,
    Stay,
    attendance,
    corrected,
    correction_refusal,
    stays,
    whole_minutes,
)
from sessions.core.reasons import LeaveReason
from sessions.core.refusal import Refuse
from tests.core.histories import START, at
from tests.core.presence_marks import (
    JOIN,
    LEAVE,
    MAYA,
    SAM,
    WINDOWS,
    join,
    leave,
    loose_marks,
    row,
    seconds,
    seen,
    visits,
)

# ---- properties ------------------------------------------------------------------------------


@given(st.lists(loose_marks, max_size=8), st.randoms())
def test_att2_any_order_of_arrival_and_repetition_gives_the_same_minutes(
    marks: list[Mark], random: Random
) -> None:
    """Kills: marks are read in their order of arrival; a repeated mark counts again."""
    mixed = marks + random.choices(marks, k=len(marks)) if marks else []
    random.shuffle(mixed)
    assert attendance(mixed, WINDOWS, [MAYA, SAM]) == attendance(marks, WINDOWS, [MAYA, SAM])


@given(visits())
def test_att2_nobody_gets_more_than_the_segment_lasted(marks: list[Mark]) -> None:
    """Kills: overlapping connections are added up."""
    for got in attendance(marks, WINDOWS, [MAYA, SAM]):
        assert all(one <= most for one, most in zip(seconds(got), [1200, 0, 1800], strict=True))


@example([join(-2), join(0.02), seen(0, SAM)])
@given(visits())
def test_att2_people_do_not_touch_each_others_minutes(marks: list[Mark]) -> None:
    """A look that did not see somebody says only that they had gone by then: who came before the
    session, was not seen at its first look and joined again came with that join.

    Kills: a checkpoint of another person ends an unfinished stay."""
    alone = [mark for mark in marks if mark.person == MAYA]
    with_others = attendance(marks, WINDOWS, [MAYA])[0]
    by_oneself = attendance(alone, WINDOWS, [MAYA])[0]
    assert seconds(with_others) == seconds(by_oneself)
    assert with_others.uncertain <= by_oneself.uncertain
    if with_others.first_in:
        assert with_others.last_out == by_oneself.last_out
        assert by_oneself.first_in is not None
        assert by_oneself.first_in <= with_others.first_in
        if by_oneself.first_in == with_others.first_in:
            assert with_others.late == by_oneself.late


@given(visits(fresh=True), st.integers(-600, 4000), st.integers(0, 3000))
def test_att2_one_more_finished_visit_never_takes_time_away(
    marks: list[Mark], start: int, length: int
) -> None:
    """Kills: a second connection's leave ends the first one's stay."""
    begins = START + timedelta(seconds=start)
    ends = begins + timedelta(seconds=length)
    visit = [
        Mark(begins, MAYA, JOIN, "new"),
        Mark(ends, MAYA, LEAVE, "new", LeaveReason.LEFT),
    ]
    before = attendance(marks, WINDOWS, [MAYA])[0]
    after = attendance(marks + visit, WINDOWS, [MAYA])[0]
    assert all(a >= b for a, b in zip(seconds(after), seconds(before), strict=True))


@given(visits())
def test_att2_stays_are_apart_by_more_than_the_bridge(marks: list[Mark]) -> None:
    """Kills: gaps are not bridged."""
    found = stays(marks, MAYA)
    gaps = [after.starts_at - before.ends_at for before, after in pairwise(found)]
    assert all(gap > timedelta(seconds=120) for gap in gaps)


@given(visits())
def test_att3_a_lost_leave_counts_no_minute_after_the_last_checkpoint(marks: list[Mark]) -> None:
    """Kills: an unfinished stay lasts until the session's end."""
    for stay in stays(marks, MAYA):
        if stay.uncertain:
            known = [mark.at for mark in marks if mark.person == MAYA]
            assert stay.ends_at in known


# ---- by case ---------------------------------------------------------------------------------


def test_att1_the_lobby_and_the_break_are_not_counted() -> None:
    assert seconds(row(join(-10), leave(60))) == [1200, 0, 1800]


def test_att1_two_visits_with_a_long_gap() -> None:
    got = row(join(0), leave(10), join(40, "b"), leave(60, "b"))
    assert seconds(got) == [600, 0, 1200]


def test_att1_a_leave_without_a_join_counts_nothing() -> None:
    assert row(leave(30)).absent


@pytest.mark.parametrize(("gap", "expected"), [(120, 1200), (121, 1200 - 121)])
def test_att2_a_gap_of_two_minutes_is_bridged(gap: int, expected: int) -> None:
    got = row(join(0), leave(5), join(5 + gap / 60, "b"), leave(60, "b"))
    assert seconds(got)[0] == pytest.approx(expected)


def test_att2_the_bridge_is_a_setting() -> None:
    got = row(join(0), leave(5), join(6, "b"), leave(60, "b"), rules=Rules(bridge_seconds=30))
    assert seconds(got)[0] == 1140


def test_att2_a_second_device_does_not_count_twice() -> None:
    got = row(join(0), join(10, "b"), leave(10, "a"), leave(60, "b"))
    assert seconds(got) == [1200, 0, 1800]


def test_att3_a_lost_leave_ends_at_the_last_checkpoint_and_is_uncertain() -> None:
    marks = (join(0), seen(1), seen(2), seen(9))
    assert stays(marks, MAYA) == (Stay(at(0), at(9), LeaveReason.LOST, uncertain=True),)
    got = row(*marks, seen(10, SAM))
    assert (seconds(got), [one.uncertain for one in got.segments], got.uncertain) == (
        [540, 0, 0],
        [True, False, False],
        True,
    )


def test_att3_a_checkpoint_of_the_next_connection_does_not_stretch_the_first() -> None:
    got = row(join(0), seen(3), join(40, "b"), seen(41), leave(60, "b"))
    assert seconds(got) == [180, 0, 1200]


def test_att3_an_uncertain_end_that_is_bridged_is_certain() -> None:
    got = row(join(0), seen(9), join(10, "b"), leave(60, "b"))
    assert (seconds(got), got.uncertain) == ([1200, 0, 1800], False)


def test_att4_late_is_more_than_five_minutes_after_the_start() -> None:
    assert [row(join(5), leave(60)).late, row(join(5.1), leave(60)).late] == [False, True]


def test_att5_leaving_early_is_more_than_five_minutes_before_the_end() -> None:
    got = [row(join(0), leave(55)).left_early, row(join(0), leave(54.9)).left_early]
    assert got == [False, True]


def test_att6_absent_is_never_in_the_session() -> None:
    in_lobby_only = row(join(-10), leave(-1))
    assert (in_lobby_only.absent, in_lobby_only.first_in) == (True, None)
    assert (row(join(59), leave(60)).absent, row().absent) == (False, True)


def test_att6_a_session_without_windows_has_empty_rows() -> None:
    got = attendance([join(0), leave(5)], (), [MAYA])[0]
    assert (got.segments, got.absent) == ((), True)


def test_att7_minutes_are_rounded_once_half_up() -> None:
    assert [whole_minutes(s) for s in (0, 29.9, 30, 89.9, 90, 3600)] == [0, 0, 1, 1, 2, 60]
    got = row(join(0), leave(10.5), join(49.5, "b"), leave(60, "b"))
    assert ([one.minutes for one in got.segments], got.minutes) == ([11, 0, 11], 22)


def test_att8_the_newest_correction_counts_and_the_seconds_stay() -> None:
    rows = attendance([join(0), leave(10)], WINDOWS, [MAYA, SAM])
    first = Correction(at(70), MAYA, 0, 15, "was on the phone line")
    second = Correction(at(80), MAYA, 0, 18, "looked at the log", number=2)
    got = corrected(rows, [second, first])[0]
    assert (got.segments[0].minutes, got.segments[0].seconds) == (18, 600)
    assert (got.segments[0].correction, got.minutes) == (second, 18)
    assert corrected(rows, [first])[1] == rows[1]


def test_att8_a_correction_makes_the_absent_present() -> None:
    rows = attendance([], WINDOWS, [MAYA])
    got = corrected(rows, [Correction(at(70), MAYA, 2, 30, "joined by phone")])[0]
    assert (rows[0].absent, got.absent, got.minutes) == (True, False, 30)


@pytest.mark.parametrize(
    ("segment", "minutes", "reason", "expected"),
    [
        (0, 20, "was on the phone line", None),
        (0, 0, "x", None),
        (0, 21, "x", Refuse("attendance.minutes", {"minutes": 20})),
        (0, -1, "x", Refuse("attendance.minutes", {"minutes": 20})),
        (1, 5, "x", Refuse("attendance.break")),
        (9, 5, "x", Refuse("attendance.break")),
        (0, 5, "  ", Refuse("attendance.reason")),
        (0, 5, "x" * 201, Refuse("attendance.reason")),
    ],
)
def test_att8_what_staff_may_write(
    segment: int, minutes: int, reason: str, expected: Refuse | None
) -> None:
    correction = Correction(at(70), MAYA, segment, minutes, reason)
    assert correction_refusal(correction, WINDOWS) == expected


def test_att9_a_segment_gone_back_to_is_counted_in_both_its_windows() -> None:
    windows = (
        Window(0, at(0), at(10), True),
        Window(1, at(10), at(12), True),
        Window(0, at(12), at(20), True),
    )
    got = attendance([join(0), leave(15)], windows, [MAYA])[0]
    assert [(one.segment, one.seconds) for one in got.segments] == [(0, 780), (1, 120)]


def _instants(found: tuple[Stay, ...]) -> list[tuple[datetime, datetime]]:
    return [(one.starts_at, one.ends_at) for one in found]


def test_att1_a_connection_that_joins_twice_has_two_stays() -> None:
    marks = [join(0), leave(5), join(20), leave(30)]
    assert _instants(stays(marks, MAYA)) == [(at(0), at(5)), (at(20), at(30))]
