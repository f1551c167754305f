"""Weekly patterns and dated sessions: REC1 to REC8."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz
from hypothesis import given
from hypothesis import strategies as st

from sessions.core.recurrence import (
    Change,
    ClockNote,
    DatedSession,
    Move,
    Skip,
    WeeklyPattern,
    clashes,
    expand,
    instant,
    validate,
)
from sessions.core.refusal import Refuse
from sessions.core.zones import zone

NEW_YORK = "America/New_York"
EVENING = WeeklyPattern(frozenset({0, 2, 3}), time(17, 30), 210, NEW_YORK, date(2026, 11, 30), 12)
ZONES = [
    NEW_YORK,
    "Europe/Berlin",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Abidjan",  # UTC all year
]


def pattern(**changed: object) -> WeeklyPattern:
    fields = {name: getattr(EVENING, name) for name in WeeklyPattern.__slots__}
    return WeeklyPattern(**(fields | changed))


patterns = st.builds(
    WeeklyPattern,
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    local_start=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    minutes=st.integers(15, 480),
    zone=st.sampled_from(ZONES),
    first_date=st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    weeks=st.integers(1, 60),
)


# ---- properties ------------------------------------------------------------------------------


@given(patterns)
def test_rec1_the_wall_time_stays_across_clock_changes(one: WeeklyPattern) -> None:
    """Kills: the first session's offset from UTC is used for all of them."""
    for session in expand(one):
        where = ZoneInfo(one.zone)
        local = session.starts_at.astimezone(where)
        wanted = datetime.combine(session.local_date, one.local_start, tzinfo=where)
        assert session.shifted != tz.datetime_exists(wanted)
        if not session.shifted:
            assert (local.date(), local.time()) == (session.local_date, one.local_start)


@given(patterns)
def test_rec1_days_times_weeks_are_as_many_sessions(one: WeeklyPattern) -> None:
    """Kills: weeks are counted from Monday, so a first week that begins midweek loses days."""
    sessions = expand(one)
    assert [session.number for session in sessions] == list(
        range(1, len(one.weekdays) * one.weeks + 1)
    )
    assert {session.local_date.weekday() for session in sessions} == set(one.weekdays)
    assert [session.week for session in sessions][-1] == one.weeks


@given(patterns)
def test_rec4_every_session_lasts_its_elapsed_minutes(one: WeeklyPattern) -> None:
    """Kills: the end is taken from the wall clock."""
    lengths = {session.ends_at - session.starts_at for session in expand(one)}
    assert lengths == {timedelta(minutes=one.minutes)}


@given(patterns, st.data())
def test_rec5_a_change_leaves_every_other_session_as_it_was(
    one: WeeklyPattern, data: st.DataObject
) -> None:
    """Kills: sessions are numbered after the skipped ones are taken out."""
    before = expand(one)
    changed = data.draw(st.sampled_from(before))
    day = changed.local_date
    changes: list[Change] = [Skip(day), Move(day, day, time(3, 0))]
    change = data.draw(st.sampled_from(changes))
    others = {session for session in before if session.number != changed.number}
    after = expand(one, [change])
    assert {session for session in after if session.number != changed.number} == others


@given(patterns)
def test_rec7_a_plain_pattern_is_valid(one: WeeklyPattern) -> None:
    """Kills: the last allowed value of a field is refused."""
    assert validate(one) == ()


# ---- by case ---------------------------------------------------------------------------------


def test_rec1_the_evening_track_is_thirty_six_sessions() -> None:
    sessions = expand(EVENING)
    assert len(sessions) == 36
    first = datetime(2026, 11, 30, 22, 30, tzinfo=UTC)
    assert sessions[0] == DatedSession(
        1, 1, date(2026, 11, 30), first, first + timedelta(minutes=210)
    )
    assert sessions[-1].local_date == date(2027, 2, 18)


def test_rec1_six_in_the_evening_stays_six_in_the_evening() -> None:
    one = pattern(
        weekdays=frozenset({0}), local_start=time(18), first_date=date(2027, 3, 8), weeks=2
    )
    assert [session.starts_at.hour for session in expand(one)] == [23, 22]


def test_rec2_a_repeated_time_is_its_first_instant() -> None:
    got = instant(date(2026, 11, 1), time(1, 30), ZoneInfo(NEW_YORK))
    assert got == (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), ClockNote.REPEATED)


@pytest.mark.parametrize(
    ("day", "where", "local", "utc"),
    [
        (date(2027, 3, 14), NEW_YORK, time(2, 30), datetime(2027, 3, 14, 7, 30, tzinfo=UTC)),
        (  # half an hour only
            date(2026, 10, 4),
            "Australia/Lord_Howe",
            time(2, 10),
            datetime(2026, 10, 3, 15, 40, tzinfo=UTC),
        ),
    ],
)
def test_rec3_a_skipped_time_starts_as_much_later_as_the_clock_skips(
    day: date, where: str, local: time, utc: datetime
) -> None:
    assert instant(day, local, ZoneInfo(where)) == (utc, ClockNote.SKIPPED)


def test_rec3_the_session_says_that_it_was_shifted() -> None:
    one = pattern(
        weekdays=frozenset({6}), local_start=time(2, 30), first_date=date(2027, 3, 7), weeks=3
    )
    assert [session.shifted for session in expand(one)] == [False, True, False]


def test_rec4_a_session_over_a_clock_change_lasts_its_minutes() -> None:
    one = pattern(
        weekdays=frozenset({6}), local_start=time(1), first_date=date(2027, 3, 14), weeks=1
    )
    (session,) = expand(one)
    assert session.ends_at.astimezone(ZoneInfo(NEW_YORK)).time() == time(5, 30)


def test_rec5_skipping_leaves_the_number_out() -> None:
    sessions = expand(EVENING, [Skip(date(2026, 12, 2))])
    assert [session.number for session in sessions][:3] == [1, 3, 4]


def test_rec6_moving_keeps_number_and_week() -> None:
    sessions = expand(EVENING, [Move(date(2026, 12, 24), date(2026, 12, 22))])
    moved = next(session for session in sessions if session.number == 12)
    assert (moved.week, moved.local_date) == (4, date(2026, 12, 22))
    assert moved.starts_at == datetime(2026, 12, 22, 22, 30, tzinfo=UTC)
    assert [session.number for session in sessions][9:12] == [10, 12, 11]


def test_rec6_moving_may_change_the_time() -> None:
    move = Move(date(2026, 12, 24), date(2026, 12, 24), time(10))
    (moved,) = [one for one in expand(EVENING, [move]) if one.number == 12]
    assert moved.starts_at == datetime(2026, 12, 24, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({"weekdays": frozenset()}, ["track.no_days"]),
        ({"weekdays": frozenset({7})}, ["track.no_days"]),
        ({"minutes": 0}, ["track.ends_before_start"]),
        ({"minutes": -30}, ["track.ends_before_start"]),
        ({"minutes": 14}, ["track.minutes"]),
        ({"minutes": 481}, ["track.minutes"]),
        ({"zone": "Mars/Olympus"}, ["track.zone_unknown"]),
        ({"zone": "../etc/passwd"}, ["track.zone_unknown"]),
        ({"zone": "America"}, ["track.zone_unknown"]),
        ({"zone": ""}, ["track.zone_unknown"]),
        ({"zone": "a\0b"}, ["track.zone_unknown"]),
        ({"weeks": 0}, ["track.weeks"]),
        ({"weeks": 105}, ["track.weeks"]),
        ({"first_date": date(1999, 12, 31)}, ["track.first_date"]),
        ({"first_date": date(9999, 12, 1)}, ["track.first_date"]),
        ({"weeks": 0, "minutes": 0}, ["track.ends_before_start", "track.weeks"]),
    ],
)
def test_rec7_what_is_wrong_with_a_pattern(changed: dict[str, object], codes: list[str]) -> None:
    assert [refused.code for refused in validate(pattern(**changed))] == codes


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([Skip(date(2026, 12, 24))], []),
        ([Skip(date(2026, 12, 25))], [("recurrence.not_a_day", "2026-12-25")]),
        (
            [Skip(date(2026, 12, 24)), Move(date(2026, 12, 24), date(2026, 12, 22))],
            [("recurrence.twice", "2026-12-24")],
        ),
        (
            [Move(date(2026, 12, 24), date(2026, 12, 23), time(20))],
            [("recurrence.overlap", "2026-12-23")],
        ),
        ([Move(date(2026, 12, 24), date(2026, 12, 23), time(21))], []),
    ],
)
def test_rec7_what_is_wrong_with_changes(
    changes: list[Skip | Move], expected: list[tuple[str, str]]
) -> None:
    got = [(refused.code, refused.detail["date"]) for refused in validate(EVENING, changes)]
    assert got == expected


def test_rec7_a_track_without_any_session_is_refused() -> None:
    one = pattern(weekdays=frozenset({0}), weeks=1)
    assert validate(one, [Skip(date(2026, 11, 30))]) == (Refuse("recurrence.none_left"),)


def test_rec8_clashes_are_overlaps_only() -> None:
    sessions = expand(pattern(weeks=1))
    first, second, third = sessions
    busy = [
        (first.ends_at, first.ends_at + timedelta(hours=1)),
        (second.starts_at - timedelta(hours=1), second.starts_at + timedelta(minutes=1)),
    ]
    assert clashes(sessions, busy) == (second,)
    assert clashes(sessions, [(third.starts_at, third.ends_at)]) == (third,)


def test_zone_by_name() -> None:
    assert zone("Europe/Berlin") == ZoneInfo("Europe/Berlin")


def test_expand_of_an_unknown_zone_is_a_fault() -> None:
    with pytest.raises(ValueError, match="zone"):
        expand(pattern(zone="Mars/Olympus"))
