"""The rooms' clock: what is learnt of Redis's time, and what follows it."""

import pytest

from sessions.live import clock as room_clock
from sessions.live.clock import learn
from sessions.live.presence import roster
from tests.valkey import connection, run

AHEAD_MS = 300_000
OURS_S = 1_800_000_000.0


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_clock, "_difference_ms", 0.0)
    monkeypatch.setattr("time.time", lambda: OURS_S)


def redis_ms(difference: float) -> int:
    return round(OURS_S * 1000 + difference)


@pytest.mark.parametrize("difference", [AHEAD_MS, -AHEAD_MS, 1000])
def test_a_clock_that_is_off_is_put_right(difference: int) -> None:
    """P3. Kills: each process by its own clock."""
    learn(redis_ms(difference), OURS_S, OURS_S)
    assert room_clock.now_ms() == redis_ms(difference)
    assert room_clock.now().timestamp() * 1000 == pytest.approx(redis_ms(difference))


@pytest.mark.parametrize("difference", [0, 249, -249])
def test_clocks_that_agree_are_left_alone(difference: int) -> None:
    """Kills: a clock that trembles with every answer, by which marks would lie out of order."""
    learn(redis_ms(difference), OURS_S, OURS_S)
    assert room_clock.now_ms() == redis_ms(0)


def test_a_slow_answer_says_nothing() -> None:
    learn(redis_ms(AHEAD_MS), OURS_S - 0.2, OURS_S)
    assert room_clock.now_ms() == redis_ms(0)


def test_the_middle_of_the_way_counts() -> None:
    learn(redis_ms(AHEAD_MS), OURS_S - 0.08, OURS_S)
    assert room_clock.now_ms() == redis_ms(AHEAD_MS + 40)


def test_a_clock_that_was_set_right_is_believed_again() -> None:
    learn(redis_ms(AHEAD_MS), OURS_S, OURS_S)
    learn(redis_ms(0), OURS_S, OURS_S)
    assert room_clock.now_ms() == redis_ms(0)


def test_every_answer_of_redis_is_a_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process's clock is elsewhere; one call of any script, and the rooms' is Redis's."""
    monkeypatch.setattr(room_clock, "learn", learn)
    run(roster("nowhere"))
    seconds, _ = connection().time()  # type: ignore[misc]  # typed for both kinds of client
    assert abs(room_clock.now_ms() / 1000 - seconds) < 60
