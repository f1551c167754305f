"""The calendar's arithmetic, and the rules of the roster's seats, as properties."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sessions.core.recurrence import DatedSession, WeeklyPattern, expand
from sessions.scheduling.calendar import LOBBY, numbered, to_come
from sessions.scheduling.plans import most_at_once

FIRST = date(2026, 11, 30)
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)

days = st.integers(0, 60).map(lambda n: FIRST + timedelta(days=n))
fixed_sessions = st.dictionaries(st.integers(1, 40), days, max_size=8).map(
    lambda found: list(found.items())
)
patterns = st.builds(
    WeeklyPattern,
    st.frozensets(st.integers(0, 6), min_size=1),
    st.times().map(lambda t: time(t.hour, t.minute)),
    st.integers(15, 240),
    st.sampled_from(["America/New_York", "Pacific/Auckland", "UTC"]),
    st.just(FIRST),
    st.integers(1, 8),
)


@given(patterns, fixed_sessions)
def test_numbers_are_unique_and_no_date_is_made_twice(
    pattern: WeeklyPattern, fixed: list[tuple[int, date]]
) -> None:
    """Kills: keeping the pattern's number where a session that stays has it."""
    made = numbered(expand(pattern), fixed)
    numbers = [one.number for one in made] + [number for number, _ in fixed]
    assert len(numbers) == len(set(numbers))
    assert {one.local_date for one in made} == {one.local_date for one in expand(pattern)} - {
        day for _, day in fixed
    }


@given(patterns, fixed_sessions)
def test_numbers_rise_with_time(pattern: WeeklyPattern, fixed: list[tuple[int, date]]) -> None:
    """Kills: filling gaps among the numbers that are left."""
    made = numbered(expand(pattern), fixed)
    assert list(made) == sorted(made, key=lambda one: one.number)


@given(patterns, st.integers(0, 60 * 24 * 60))
def test_calendar_made_again_later_has_the_same_numbers(
    pattern: WeeklyPattern, minutes: int
) -> None:
    """What was to come and still is has the number it had. Kills: numbering from one again."""
    now = NOON + timedelta(minutes=minutes)
    first = to_come(pattern, (), (), NOON)
    stay = [(one.number, one.local_date) for one in first if one.starts_at - LOBBY <= now]
    assert to_come(pattern, (), stay, now) == tuple(
        one for one in first if one.starts_at - LOBBY > now
    )


@given(patterns)
def test_without_sessions_that_stay_the_pattern_is_the_calendar(pattern: WeeklyPattern) -> None:
    assert numbered(expand(pattern), ()) == expand(pattern)


stays = st.lists(
    st.tuples(days, st.one_of(st.none(), st.integers(0, 30))).map(
        lambda stay: (stay[0], None if stay[1] is None else stay[0] + timedelta(days=stay[1]))
    ),
    max_size=8,
)


@given(stays, days)
def test_most_at_once_is_the_fullest_day(
    found: list[tuple[date, date | None]], since: date
) -> None:
    """Day by day until nothing changes any more. Kills: counting stays that never meet."""
    fullest = max(
        sum(first <= day and (last is None or last >= day) for first, last in found)
        for day in (since + timedelta(days=n) for n in range(100))
    )
    assert most_at_once(found, since) == fullest


def test_session_that_stays_keeps_others_from_its_date() -> None:
    at = datetime(2026, 11, 30, 23, tzinfo=UTC)
    dated = DatedSession(1, 1, FIRST, at, at + timedelta(hours=1))
    assert numbered([dated], [(7, FIRST)]) == ()
