"""The token bucket, as a property: never more than a second's worth beyond the rate."""

from hypothesis import given
from hypothesis import strategies as st

from sessions.core.rate_limit import TokenBucket, TokenBuckets

RATE = 30.0
gaps = st.lists(st.floats(0, 2, allow_nan=False), min_size=1, max_size=200)


@given(gaps)
def test_bucket_never_gives_more_than_the_rate_and_one_second(waits: list[float]) -> None:
    """Kills: tokens that pile up while a connection is silent."""
    bucket, now, given_at = TokenBucket.full(RATE, 0.0), 0.0, []
    for wait in waits:
        now += wait
        if bucket.take(now):
            given_at.append(now)
    for start, first in enumerate(given_at):
        for end in range(start, len(given_at)):
            count = end - start + 1
            assert count <= RATE * (given_at[end] - first) + RATE + 1e-6


@given(st.integers(1, 200))
def test_bucket_at_the_rate_never_runs_dry(count: int) -> None:
    """Kills: a bucket that takes more than one token."""
    bucket = TokenBucket.full(RATE, 0.0)
    assert all(bucket.take(number / RATE) for number in range(count))


def test_bucket_of_a_burst_is_empty_after_a_second_of_tokens() -> None:
    bucket = TokenBucket.full(RATE, 0.0)
    assert [bucket.take(0.0) for _ in range(31)] == [True] * 30 + [False]


def test_keys_have_buckets_of_their_own_and_the_oldest_is_forgotten() -> None:
    buckets = TokenBuckets(rate=1.0, size=2.0, most=2)
    assert [buckets.take("a", 0.0) for _ in range(3)] == [True, True, False]
    assert buckets.take("b", 0.0)
    assert buckets.take("a", 1.0)
    assert [buckets.take(key, 1.0) for key in ("c", "a")] == [True, False]
