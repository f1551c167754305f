"""What a link does to datagrams: in shares and in seconds of a clock that the test moves."""

from random import Random

import pytest

from tests.impairment.link import Conditions, Link

SIZE = 1000
EVERY_S = 0.02


def arrivals(conditions: Conditions, many: int = 2000, seed: int = 1) -> list[float | None]:
    """When each of so many datagrams arrives, sent every 20 ms."""
    link = Link(Random(seed), conditions)
    return [link.due(SIZE, number * EVERY_S) for number in range(many)]


def delays(conditions: Conditions) -> list[float]:
    return [
        due - number * EVERY_S for number, due in enumerate(arrivals(conditions)) if due is not None
    ]


def test_a_perfect_link_delivers_at_once() -> None:
    assert set(delays(Conditions())) == {0.0}


def test_the_share_that_is_lost_is_the_share_asked_for() -> None:
    gone = sum(due is None for due in arrivals(Conditions(loss=0.1)))
    assert 150 <= gone <= 250


def test_the_same_seed_loses_the_same_datagrams() -> None:
    bad = Conditions(loss=0.3, jitter=0.05)
    assert arrivals(bad, seed=7) == arrivals(bad, seed=7)
    assert arrivals(bad, seed=7) != arrivals(bad, seed=8)


@pytest.mark.parametrize("reorders", [False, True])
def test_jitter_adds_up_to_so_much_to_the_delay(reorders: bool) -> None:
    taken = delays(Conditions(delay=0.1, jitter=0.05, reorders=reorders))
    assert min(taken) >= 0.1 - 1e-9
    assert max(taken) <= 0.15 + 1e-9
    assert max(taken) - min(taken) > 0.04


def test_jitter_overtakes_only_where_it_is_asked_to() -> None:
    kept = arrivals(Conditions(jitter=0.05))
    mixed = arrivals(Conditions(jitter=0.05, reorders=True))
    assert kept == sorted(kept, key=lambda due: due or 0.0)
    assert mixed != sorted(mixed, key=lambda due: due or 0.0)


def test_a_rate_is_what_passes_and_the_queue_what_waits() -> None:
    """400 kbit/s come, 200 kbit/s pass: every second datagram, each a full queue late."""
    link = Link(Random(1), Conditions(rate=200_000, queue=0.3))
    dues = [link.due(SIZE, number * EVERY_S) for number in range(1000)]
    last = [due - number * EVERY_S for number, due in enumerate(dues) if due and number > 100]
    assert link.passed == pytest.approx(500, abs=15)
    assert link.overflowed == 1000 - link.passed
    assert max(last) <= 0.3 + SIZE * 8 / 200_000 + 1e-9
    assert min(last) > 0.25


def test_a_burst_fits_the_queue_or_is_dropped() -> None:
    link = Link(Random(1), Conditions(rate=80_000, queue=0.3))
    assert [link.due(SIZE, 5.0) for _ in range(6)] == pytest.approx(
        [5.1, 5.2, 5.3, 5.4, None, None]
    )
