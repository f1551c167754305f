"""What the hour's figures say of samples, and which bounds they miss."""

import pytest

from bench.hour import BOUND_MB, MOST_MORE, Sample, found, missed


def samples(mb_per_ten_minutes: float, descriptors: int) -> list[Sample]:
    """An hour: a jump while it warms up, and then this slope; the last look finds so many more."""
    flat = [Sample(at * 60.0, 50.0 + 5 * at, 20, 4) for at in range(15)]
    steady = [Sample(at * 60.0, 130 + at * mb_per_ten_minutes / 10, 20, 4) for at in range(15, 60)]
    return [*flat, *steady[:-1], Sample(3540.0, steady[-1].megabytes, 20 + descriptors, 4)]


def test_slope_is_of_what_came_after_the_warm_up() -> None:
    """Kills: a slope over the whole run."""
    assert found(samples(0.6, 2)) == {
        "mb_per_ten_minutes": 0.6,
        "megabytes": [130.9, 133.5],
        "descriptors": [20, 22],
        "threads": [4, 4],
    }


@pytest.mark.parametrize(
    ("slope", "descriptors", "count"),
    [(BOUND_MB, MOST_MORE, 0), (BOUND_MB + 0.01, 0, 1), (0.0, MOST_MORE + 1, 1), (9.0, 9, 2)],
)
def test_each_bound_that_a_process_misses_is_named(
    slope: float, descriptors: int, count: int
) -> None:
    sentences = missed({"web": found(samples(slope, descriptors)), "worker": found(samples(0, 0))})
    assert [one.split()[0] for one in sentences] == ["web"] * count
