"""The rooms' clock: what is learnt of Redis's time, and what follows it."""

import pytest

from sessions.live.clock import RoomClock
from sessions.live.presence import roster
from sessions.rooms.process import Process
from tests.valkey import connection

AHEAD_MS = 300_000
OURS_S = 1_800_000_000.0


@pytest.fixture(autouse=True)
def own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process's clock stands still, and it learns."""
    monkeypatch.setattr("time.time", lambda: OURS_S)


@pytest.fixture
def clock() -> RoomClock:
    return RoomClock()


def redis_ms(difference: float) -> int:
    return round(OURS_S * 1000 + difference)


@pytest.mark.parametrize("difference", [AHEAD_MS, -AHEAD_MS, 1000])
def test_a_clock_that_is_off_is_put_right(clock: RoomClock, difference: int) -> None:
    """P3. Kills: each process by its own clock."""
    clock.learn(redis_ms(difference), OURS_S, OURS_S)
    assert clock.now_ms() == redis_ms(difference)
    assert clock.now().timestamp() * 1000 == pytest.approx(redis_ms(difference))


@pytest.mark.parametrize("difference", [0, 249, -249])
def test_clocks_that_agree_are_left_alone(clock: RoomClock, difference: int) -> None:
    """Kills: a clock that trembles with every answer, by which marks would lie out of order."""
    clock.learn(redis_ms(difference), OURS_S, OURS_S)
    assert clock.now_ms() == redis_ms(0)


def test_a_slow_answer_says_nothing(clock: RoomClock) -> None:
    clock.learn(redis_ms(AHEAD_MS), OURS_S - 0.2, OURS_S)
    assert clock.now_ms() == redis_ms(0)


def test_the_middle_of_the_round_trip_counts(clock: RoomClock) -> None:
    clock.learn(redis_ms(AHEAD_MS), OURS_S - 0.08, OURS_S)
    assert clock.now_ms() == redis_ms(AHEAD_MS + 40)


def test_a_clock_that_was_set_right_is_believed_again(clock: RoomClock) -> None:
    clock.learn(redis_ms(AHEAD_MS), OURS_S, OURS_S)
    clock.learn(redis_ms(0), OURS_S, OURS_S)
    assert clock.now_ms() == redis_ms(0)


@pytest.mark.parametrize("gathered", [False, True])
async def test_every_answer_of_redis_is_a_reading(process: Process, gathered: bool) -> None:
    """This process's clock is elsewhere; one call of any script, and the rooms' is Redis's."""
    run = process.store.run_gathered if gathered else process.store.run
    await run(roster("nowhere"))
    seconds, _ = connection().time()  # type: ignore[misc]  # typed for both kinds of client
    assert abs(process.clock.now_ms() / 1000 - seconds) < 60
