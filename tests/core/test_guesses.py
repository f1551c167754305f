"""GUE1: how many wrong codes an account bears."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sessions.core.guesses import A_DAY, DAY, IN_ALL, Guesses
from sessions.core.refusal import Refuse

NOW = datetime(2026, 11, 30, 18, tzinfo=UTC)
pauses = st.integers(0, 90_000).map(lambda s: timedelta(seconds=s))


@given(st.lists(pauses, max_size=200))
def test_gue1_no_day_sees_more_than_ten_and_no_account_more_than_a_hundred(
    after: list[timedelta],
) -> None:
    """Kills: a count that begins again at midnight, which allows twenty within a minute."""
    guesses, now, compared = Guesses(), NOW, list[datetime]()
    for pause in after:
        now += pause
        if guesses.stopped(now) is None:
            guesses = guesses.failed(now)
            compared.append(now)
    for at in compared:
        assert sum(at <= other < at + DAY for other in compared) <= A_DAY
    assert len(compared) <= IN_ALL


def test_gue1_each_bound_has_its_own_words() -> None:
    today = Guesses(tuple([NOW] * 10), 10)
    assert [today.stopped(NOW + later) for later in (DAY - timedelta(seconds=1), DAY)] == [
        Refuse("codes.stopped_today"),
        None,
    ]
    assert Guesses((), 100).stopped(NOW) == Refuse("codes.stopped")


def test_gue1_clock_that_was_set_back_forgives_nothing() -> None:
    later = Guesses(tuple([NOW + timedelta(days=2)] * 10), 10)
    assert later.stopped(NOW) == Refuse("codes.stopped_today")
