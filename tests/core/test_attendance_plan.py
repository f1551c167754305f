"""Minutes from marks against a plan: late, early, without staff (ATT3 to ATT5, ATT10); one pass."""

import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sessions.core.agenda import Window
from sessions.core.attendance import Mark, Plan, Stay, attendance, stays
from sessions.core.reasons import LeaveReason
from tests.core.histories import at
from tests.core.presence_marks import (
    JOIN,
    LEAVE,
    MAYA,
    SAM,
    SEEN,
    WINDOWS,
    join,
    leave,
    loose_marks,
    row,
    seconds,
    seen,
    visits,
)

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
