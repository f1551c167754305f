"""The split of a session's time: AG2 (plan), AG3 and AG4 (shares and floors)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.core.agenda import (
    FLOOR,
    Agenda,
    PlannedSegment,
    Segment,
    SegmentKind,
    agenda_of,
    fits,
    plan,
    share_out,
    split,
)
from sessions.core.refusal import Refuse
from tests.core.histories import MINUTE, START, agendas, at, evening, segments, thirds

TOPIC = SegmentKind.TOPIC


def seconds(parts: tuple[PlannedSegment, ...]) -> list[int]:
    return [part.seconds for part in parts]


@given(st.lists(segments(), min_size=1, max_size=8), st.integers(1, 480))
def test_ag2_plan_sums_exactly_to_the_total(parts: list[Segment], minutes: int) -> None:
    """Kills: the seconds that do not divide are dropped."""
    assert sum(seconds(plan(parts, minutes))) == minutes * 60


@given(st.lists(segments(), min_size=1, max_size=8), st.integers(1, 480))
def test_ag2_fixed_minutes_are_kept_where_shares_fill_the_rest(
    parts: list[Segment], minutes: int
) -> None:
    """Kills: fixed minutes take part in the split like shares."""
    planned = plan(parts, minutes)
    if fits(parts, minutes) is None:
        fixed = [(one.minutes, got.seconds) for one, got in zip(parts, planned, strict=True)]
        assert all(wanted is None or wanted * 60 == got for wanted, got in fixed)


def test_plan_of_thirds_is_a_third_each() -> None:
    assert seconds(thirds(90).segments) == [1800, 1800, 1800]


def test_plan_of_odd_seconds_gives_them_to_the_first() -> None:
    assert seconds(plan([Segment(TOPIC, share=1)] * 7, 1)) == [9, 9, 9, 9, 8, 8, 8]


def test_plan_of_fixed_and_shares_keeps_the_fixed() -> None:
    parts = [
        Segment(SegmentKind.CHECK_IN, share=1),
        Segment(SegmentKind.BREAK, minutes=10),
        Segment(TOPIC, share=2),
    ]
    assert seconds(plan(parts, 100)) == [1800, 600, 3600]


def test_plan_of_too_many_fixed_minutes_shrinks_them_in_proportion() -> None:
    parts = [Segment(TOPIC, minutes=60), Segment(TOPIC, minutes=30), Segment(TOPIC, share=1)]
    assert seconds(plan(parts, 45)) == [1800, 900, 0]


def test_break_advances_itself_and_does_not_count() -> None:
    got = [(one.advances_itself, one.counts) for one in evening().segments]
    assert got == [(False, True), (True, False), (False, True), (True, False), (False, True)]


def test_kinds_by_what_is_so_in_them() -> None:
    """Kills: a kind of which nobody decided whether it counts, has media and ends on time."""
    got = {kind: (kind.counts, kind.has_media, kind.advances_itself) for kind in SegmentKind}
    assert got == {
        SegmentKind.CHECK_IN: (True, True, False),
        SegmentKind.TOPIC: (True, True, False),
        SegmentKind.WRAP_UP: (True, True, False),
        SegmentKind.BREAK: (False, False, True),
    }


def test_agenda_of_a_session_lasts_as_long_as_it() -> None:
    assert sum((one.length for one in thirds(75).segments), timedelta(0)) == timedelta(minutes=75)
    assert agenda_of([Segment(TOPIC, share=1)], START, at(50)).ends_at == at(50)


@pytest.mark.parametrize(
    ("parts", "minutes", "code"),
    [
        ([Segment(TOPIC, share=1)], 15, None),
        ([Segment(TOPIC, minutes=20), Segment(TOPIC, share=1)], 25, None),
        ([Segment(TOPIC, minutes=20), Segment(TOPIC, share=1)], 24, "agenda.too_long"),
        ([Segment(TOPIC, minutes=20), Segment(TOPIC, minutes=20)], 30, "agenda.too_long"),
        ([Segment(TOPIC, minutes=20)], 30, "agenda.not_filled"),
        ([Segment(SegmentKind.BREAK, minutes=30)], 30, "agenda.empty"),
        ([], 30, "agenda.empty"),
        ([Segment(TOPIC)], 30, "agenda.length"),
        ([Segment(TOPIC, minutes=10, share=1)], 30, "agenda.length"),
        ([Segment(TOPIC, share=0)], 30, "agenda.length"),
    ],
)
def test_fits_by_case(parts: list[Segment], minutes: int, code: str | None) -> None:
    refused = fits(parts, minutes)
    assert (refused.code if refused else None) == code


def test_fits_names_the_minutes() -> None:
    assert fits([Segment(TOPIC, minutes=20)], 30) == Refuse("agenda.not_filled", {"minutes": 30})


@given(st.integers(0, 10**9), st.lists(st.integers(0, 500), min_size=1, max_size=8))
def test_split_sums_and_is_within_one_of_proportion(total: int, weights: list[int]) -> None:
    """Kills: what does not divide goes to the first alone."""
    parts = split(total, weights)
    assert sum(parts) == total
    if sum(weights):
        exact = [total * weight / sum(weights) for weight in weights]
        assert all(abs(part - want) <= 1 for part, want in zip(parts, exact, strict=True))


@given(agendas(), st.integers(0, 20_000_000_000))
def test_ag3_share_out_sums_to_the_total_and_is_never_negative(
    agenda: Agenda, microseconds: int
) -> None:
    """Kills: floors are kept although the total does not cover them."""
    total = timedelta(microseconds=microseconds)
    parts = share_out(agenda.segments, total)
    assert sum(parts, timedelta(0)) == total
    assert min(parts) >= timedelta(0)


@given(agendas(), st.integers(0, 20_000_000_000))
def test_ag4_nobody_gives_below_the_floor_while_the_floors_are_covered(
    agenda: Agenda, microseconds: int
) -> None:
    """Kills: the share is plainly proportional."""
    floors = [one.floor for one in agenda.segments]
    total = sum(floors, timedelta(0)) + timedelta(microseconds=microseconds)
    parts = share_out(agenda.segments, total)
    assert all(part >= floor for part, floor in zip(parts, floors, strict=True))


def test_share_out_in_proportion_to_plan() -> None:
    parts = evening().segments[2:]  # 60, 10 and 65 minutes
    assert share_out(parts, 110 * MINUTE) == [48 * MINUTE, 10 * MINUTE, 52 * MINUTE]


def test_share_out_keeps_floors_and_the_rest_stays_in_proportion() -> None:
    parts = plan([Segment(TOPIC, minutes=one) for one in (60, 10, 65)], 135)
    assert share_out(parts, 55 * MINUTE) == [24 * MINUTE, 5 * MINUTE, 26 * MINUTE]


def test_share_out_below_the_floors_keeps_the_close_longest() -> None:
    parts = evening().segments[2:]
    assert share_out(parts, 12 * MINUTE) == [0 * MINUTE, 7 * MINUTE, FLOOR]
    assert share_out(parts, 4 * MINUTE) == [0 * MINUTE, 0 * MINUTE, 4 * MINUTE]


@given(agendas(), st.integers(0, 20_000_000_000))
def test_ag4_a_break_keeps_its_length_whatever_the_others_gain_or_give(
    agenda: Agenda, microseconds: int
) -> None:
    """Kills: a break shares in what an early end leaves (ten minutes become 14:22), or gives to
    an extension like any other segment."""
    total = timedelta(microseconds=microseconds)
    parts = list(zip(agenda.segments, share_out(agenda.segments, total), strict=True))
    covered = total >= sum((one.floor for one, _ in parts), timedelta(0))
    others = any(one.kind is not SegmentKind.BREAK for one, _ in parts)
    if covered and others:
        assert [(one, part) for one, part in parts if one.kind is SegmentKind.BREAK] == [
            (one, one.length) for one, _ in parts if one.kind is SegmentKind.BREAK
        ]


def test_share_out_to_breaks_alone_fills_the_time() -> None:
    """Kills: nothing is left that could take the rest, so it is lost (AG1)."""
    pause = PlannedSegment(SegmentKind.BREAK, 1, "", 600, True)
    assert share_out([pause], 15 * MINUTE) == [15 * MINUTE]


def test_floor_of_a_break_is_all_of_it() -> None:
    assert PlannedSegment(SegmentKind.BREAK, 1, "", 600, True).floor == timedelta(minutes=10)


def test_floor_of_a_short_segment_is_its_plan() -> None:
    assert PlannedSegment(TOPIC, 1, "", 180, False).floor == timedelta(minutes=3)
