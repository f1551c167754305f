"""Minutes from marks: ATT1 to ATT8."""

import sys
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count, pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.core.agenda import Window
from sessions.core.attendance import (
    Correction,
    Mark,
    PersonAttendance,
    Plan,
    PresenceKind,
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

JOIN, LEAVE, SEEN = PresenceKind.JOIN, PresenceKind.LEAVE, PresenceKind.CHECKPOINT
MAYA, SAM = 7, 8
RULES = Rules()

# Check-in 20, break 10, topic 30.
WINDOWS = (
    Window(0, at(0), at(20), True),
    Window(1, at(20), at(30), False),
    Window(2, at(30), at(60), True),
)


def join(minutes: float, connection: str = "a", person: int = MAYA) -> Mark:
    return Mark(at(minutes), person, JOIN, connection)


def leave(minutes: float, connection: str = "a", person: int = MAYA) -> Mark:
    return Mark(at(minutes), person, LEAVE, connection, LeaveReason.LEFT)


def seen(minutes: float, person: int = MAYA) -> Mark:
    return Mark(at(minutes), person, SEEN)


def row(*marks: Mark, rules: Rules = RULES) -> PersonAttendance:
    return attendance(marks, WINDOWS, [MAYA], rules)[0]


def seconds(got: PersonAttendance) -> list[float]:
    return [one.seconds for one in got.segments]


@st.composite
def visits(draw: st.DrawFn, fresh: bool = False) -> list[Mark]:
    """Marks of two people over a session and a little around it, some leaves missing.

    `fresh`: no connection joins twice, and every one leaves.
    """
    marks: list[Mark] = []
    names = count(1)
    for _ in range(draw(st.integers(0, 6))):
        person = draw(st.sampled_from([MAYA, SAM]))
        start = START + timedelta(seconds=draw(st.integers(-600, 4000)))
        end = start + timedelta(seconds=draw(st.integers(0, 2400)))
        connection = f"c{next(names)}" if fresh else draw(st.sampled_from("abc"))
        marks.append(Mark(start, person, JOIN, connection))
        if fresh or draw(st.booleans()):
            reason = draw(st.sampled_from(LeaveReason))
            marks.append(Mark(end, person, LEAVE, connection, reason))
    for minute in draw(st.lists(st.integers(-5, 70), max_size=10)):
        marks.append(seen(minute, draw(st.sampled_from([MAYA, SAM]))))
    return marks


# Marks in no sensible order, of one person with two connections.
loose_marks = st.builds(
    Mark,
    at=st.integers(0, 60).map(at),
    person=st.just(MAYA),
    kind=st.sampled_from([JOIN, LEAVE, LEAVE, SEEN]),
    connection=st.sampled_from("ab"),
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


@given(visits())
def test_att2_people_do_not_touch_each_others_minutes(marks: list[Mark]) -> None:
    """Nor when they came; a look that did not see somebody says only that they had gone by then.

    Kills: a checkpoint of another person ends an unfinished stay."""
    alone = [mark for mark in marks if mark.person == MAYA]
    with_others = attendance(marks, WINDOWS, [MAYA])[0]
    by_oneself = attendance(alone, WINDOWS, [MAYA])[0]
    assert seconds(with_others) == seconds(by_oneself)
    assert with_others.uncertain <= by_oneself.uncertain
    if with_others.first_in:
        assert (with_others.first_in, with_others.last_out, with_others.late) == (
            by_oneself.first_in,
            by_oneself.last_out,
            by_oneself.late,
        )


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


PLANNED = Plan(at(0), at(60))


def planned(*marks: Mark, plan: Plan = PLANNED, start: float = 0, end: float = 60) -> Any:
    """One row of a session in one segment, held from one minute to another."""
    return attendance(marks, [Window(0, at(start), at(end), True)], [MAYA], plan=plan)[0]


def test_att4_start_before_the_planned_one_makes_nobody_late() -> None:
    """Started 14 minutes early, and the client came two minutes before the planned start."""
    got = planned(join(-2), leave(60), start=-14)
    assert (got.late, got.minutes) == (False, 62)
    assert planned(join(5.1), leave(60), start=-14).late


def test_att4_start_after_the_planned_one_makes_nobody_late() -> None:
    assert not planned(join(14), leave(60), start=10).late
    assert planned(join(15.1), leave(60), start=10).late


def test_att5_leaving_at_the_planned_end_of_an_overrun_is_not_early() -> None:
    assert not planned(join(0), leave(60), end=80).left_early
    assert planned(join(0), leave(54.9), end=80).left_early


def test_att5_session_that_ends_early_makes_nobody_leave_early() -> None:
    assert not planned(join(0), leave(40), end=40).left_early


LED = Plan(at(0), at(60), frozenset({SAM}))


def test_att10_minutes_after_the_last_staff_left_are_not_the_sessions() -> None:
    """Staff leave at the planned end instead of ending; the room closes itself at 75."""
    staff = (join(0, "s", SAM), leave(60, "s", SAM))
    got = planned(*staff, join(0), leave(60), plan=LED, end=75)
    assert (got.left_early, got.minutes) == (False, 60)
    stayed = planned(*staff, join(0), leave(75), plan=LED, end=75)
    assert (stayed.left_early, stayed.minutes, stayed.last_out) == (False, 60, at(60))


def test_att10_minutes_between_two_stays_of_staff_are_not_the_sessions() -> None:
    staff = (join(0, "s", SAM), leave(20, "s", SAM), join(30, "t", SAM), leave(60, "t", SAM))
    assert planned(*staff, join(0), leave(60), plan=LED).minutes == 50


def test_att10_drop_of_staff_that_is_bridged_is_none() -> None:
    staff = (join(0, "s", SAM), leave(20, "s", SAM), join(22, "t", SAM), leave(60, "t", SAM))
    assert planned(*staff, join(0), leave(60), plan=LED).minutes == 60


def test_att10_second_facilitator_takes_over() -> None:
    plan = Plan(at(0), at(60), frozenset({SAM, 9}))
    staff = (join(0, "s", SAM), leave(20, "s", SAM), join(10, "t", 9), leave(60, "t", 9))
    assert planned(*staff, join(0), leave(60), plan=plan).minutes == 60


def test_att10_staff_whose_leave_was_lost_count_as_there() -> None:
    """Nobody loses minutes for what was not written."""
    assert planned(join(0, "s", SAM), join(0), leave(60), plan=LED).minutes == 60


def test_att3_sign_without_any_look_at_the_room_after_it_leaves_the_rest_uncertain() -> None:
    """The worker hung: no checkpoint was written. Kills: absent, left early, or a certain 0."""
    got = row(join(0), join(35, "b"), leave(60, "b"))
    assert [one.uncertain for one in got.segments] == [True, False, True]
    lost = row(join(0))
    assert (lost.absent, lost.left_early, lost.uncertain) == (False, False, True)


def test_att3_sign_from_before_the_start_may_have_gone_on_into_it() -> None:
    lost, looked_for = row(join(-5)), row(join(-5), seen(-4, SAM))
    assert [(one.absent, one.uncertain) for one in (lost, looked_for)] == [
        (False, True),
        (True, False),
    ]


minutes = st.integers(-20, 90)


@given(visits(fresh=True), minutes, minutes, minutes, minutes)
def test_att4_att5_more_room_in_the_plan_makes_nobody_late_or_early(
    marks: list[Mark], first: int, second: int, earlier: int, later: int
) -> None:
    """Whatever the plan, a plan that starts later or ends earlier blames nobody more.

    Kills: late by the real start alone, early by the real end alone, min for max."""
    start, end = sorted((first, second + 91))
    plan = Plan(at(start), at(end))
    wider = Plan(at(start + abs(earlier)), at(end - abs(later)))
    for before, after in zip(
        attendance(marks, WINDOWS, [MAYA, SAM], plan=plan),
        attendance(marks, WINDOWS, [MAYA, SAM], plan=wider),
        strict=True,
    ):
        assert after.late <= before.late
        assert after.left_early <= before.left_early
        assert before.late <= attendance(marks, WINDOWS, [before.person])[0].late
        assert before.left_early <= attendance(marks, WINDOWS, [before.person])[0].left_early


@given(visits(fresh=True))
def test_att10_staff_who_leave_take_minutes_and_add_none(marks: list[Mark]) -> None:
    """Whoever leads, nobody has more than without the rule, and staff have all that they were
    there for. Kills: windows that grow, a gap that is cut from the wrong end."""
    plan = Plan(WINDOWS[0].starts_at, WINDOWS[-1].ends_at, frozenset({SAM}))
    with_staff = attendance(marks, WINDOWS, [MAYA, SAM], plan=plan)
    without = attendance(marks, WINDOWS, [MAYA, SAM])
    assert all(a <= b for a, b in zip(seconds(with_staff[0]), seconds(without[0]), strict=True))
    assert seconds(with_staff[1]) == seconds(without[1])


def naive(marks: list[Mark]) -> list[Stay]:
    """Each join by itself, over all marks: what one pass has to come to."""
    own = sorted(set(marks), key=lambda m: (m.at, [JOIN, SEEN, LEAVE].index(m.kind)))
    found = []
    for mark in (one for one in own if one.kind is JOIN):
        ends = [m for m in own if m.kind is LEAVE and m.connection == mark.connection]
        ends = [m for m in ends if m.at >= mark.at]
        again = min((m.at for m in own if m.kind is JOIN and m.at > mark.at), default=None)
        looks = [m.at for m in own if m.kind is SEEN and mark.at <= m.at <= (again or m.at)]
        if ends:
            found.append(Stay(mark.at, ends[0].at, ends[0].reason or LeaveReason.LOST))
        else:
            found.append(
                Stay(mark.at, max(looks, default=mark.at), LeaveReason.LOST, uncertain=True)
            )
    merged: list[Stay] = []
    for stay in sorted(found, key=lambda one: (one.starts_at, one.ends_at)):
        merged.append(stay)
        if len(merged) > 1 and stay.starts_at - merged[-2].ends_at <= timedelta(seconds=120):
            pair = merged[-2:]
            last = max(pair, key=lambda one: (one.ends_at, not one.uncertain, one.reason))
            merged[-2:] = [replace(last, starts_at=pair[0].starts_at)]
    return merged


@given(st.lists(loose_marks, max_size=12))
def test_att1_one_pass_finds_what_looking_at_all_marks_for_each_join_finds(
    marks: list[Mark],
) -> None:
    """Kills: the leave of an earlier join, a checkpoint after the next join."""
    assert list(stays(marks, MAYA)) == naive(marks)


def lines_read(joins: int) -> int:
    """Lines of `attendance` that run for one person with so many joins, each lost."""
    marks = [join(n / 100, f"c{n}") for n in range(joins)] + [seen(n) for n in range(60)]
    ran = 0

    def trace(_frame: object, event: str, _argument: object) -> Any:
        nonlocal ran
        ran += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        stays(marks, MAYA)
    finally:
        sys.settrace(before)
    return ran


def test_att1_twice_the_joins_are_twice_the_work() -> None:
    """1,980 marks of one client, who joined 66 times a second. Kills: all marks for each join."""
    assert lines_read(2000) < 2.5 * lines_read(1000)


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
