"""The rule of the second factor and the lock, over every combination of its facts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.core.permissions import Role
from sessions.core.second_factor import (
    FRESH,
    IDLE,
    STAFF,
    LoginFacts,
    Step,
    is_fresh,
    is_required,
    left_s,
    step_to_enter,
    step_to_read,
)

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
instants = st.none() | st.datetimes(
    datetime(2026, 11, 22, 17),  # noqa: DTZ001  # Hypothesis adds the zone
    datetime(2026, 11, 22, 19),  # noqa: DTZ001
    timezones=st.just(UTC),
)
facts = st.builds(LoginFacts, proved_at=instants, active_at=instants)


@given(st.frozensets(st.sampled_from(Role)), st.booleans())
def test_sf1_staff_need_one_whatever_else_they_are(roles: frozenset[Role], exempt: bool) -> None:
    """Killed by: asking for `roles == STAFF`, or exempting who is a client as well."""
    staff = any(role in roles for role in (Role.FACILITATOR, Role.PROGRAM_MANAGER))
    assert is_required(roles, exempt=exempt) == (staff and not exempt)
    assert Role.CLIENT not in STAFF


@given(facts, st.booleans())
def test_sf2_nobody_who_needs_one_enters_without_having_shown_it(
    facts: LoginFacts, has_factor: bool
) -> None:
    """Killed by: letting somebody pass who has a factor and has not shown it."""
    step = step_to_enter(facts, required=True, has_factor=has_factor)
    missing = Step.CONFIRM if has_factor else Step.SET_UP
    assert step is (missing if facts.proved_at is None else Step.OPEN)


@given(facts, st.booleans())
def test_sf3_who_needs_none_is_never_stopped(facts: LoginFacts, has_factor: bool) -> None:
    asked = {"required": False, "has_factor": has_factor}
    assert step_to_enter(facts, **asked) is Step.OPEN
    assert step_to_read(facts, now=NOW, **asked) is Step.OPEN


@given(facts, st.booleans())
def test_sf3_reading_asks_for_all_that_entering_asks(facts: LoginFacts, has_factor: bool) -> None:
    """Killed by: a lock that is opened by an activity alone."""
    asked = {"required": True, "has_factor": has_factor}
    reading = step_to_read(facts, now=NOW, **asked)
    entering = step_to_enter(facts, **asked)
    if entering is not Step.OPEN:
        assert reading is entering
    else:
        idle = facts.active_at is None or not NOW - IDLE < facts.active_at <= NOW
        late = facts.active_at is not None and NOW - facts.active_at > IDLE - timedelta(seconds=1)
        assert reading is (Step.UNLOCK if idle or late else Step.OPEN)


@pytest.mark.parametrize(
    ("ago", "left"),
    [(0, 900), (1, 899), (899, 1), (900, 0), (901, 0), (-1, 0), (None, 0)],
)
def test_sf3_seconds_left(ago: int | None, left: int) -> None:
    """Killed by: `>=` for `>` at the quarter of an hour; believing an instant to come."""
    active = None if ago is None else NOW - timedelta(seconds=ago)
    assert left_s(LoginFacts(NOW, active), NOW) == left


@pytest.mark.parametrize(
    ("ago", "fresh"),
    [(timedelta(0), True), (FRESH, True), (FRESH + timedelta(seconds=1), False)],
)
def test_sf4_proof_is_fresh_for_a_quarter_of_an_hour(ago: timedelta, fresh: bool) -> None:
    assert is_fresh(NOW - ago, NOW) is fresh


def test_sf4_no_proof_and_one_to_come_are_not_fresh() -> None:
    assert not is_fresh(None, NOW)
    assert not is_fresh(NOW + timedelta(seconds=1), NOW)
