"""The delay line: two seconds of sound in memory, no more, each sample played once."""

from hypothesis import given
from hypothesis import strategies as st

from server.probe.delay import CAPACITY, DELAY, SAMPLE, DelayLine

TICK = 960


def sound(first: int, count: int = TICK) -> bytes:
    """Samples that say which they are; none is silence."""
    return b"".join((first + i + 1).to_bytes(SAMPLE, "big") for i in range(count))


def silence(count: int = TICK) -> bytes:
    return bytes(count * SAMPLE)


def test_what_is_put_in_comes_out_two_seconds_later() -> None:
    line, ticks = DelayLine(), range(0, DELAY + 5 * TICK, TICK)
    played = []
    for now in ticks:
        played.append(line.take(now, TICK))
        line.put(now, sound(now))
    late = DELAY // TICK
    assert played[:late] == [silence()] * late
    assert played[late:] == [sound(now) for now in range(0, 5 * TICK, TICK)]


def test_every_sample_is_played_once() -> None:
    """Kills: a loop of the last words when the person falls silent."""
    line = DelayLine()
    line.put(0, sound(0))
    assert line.take(DELAY, TICK) == sound(0)
    assert line.take(DELAY + CAPACITY, TICK) == silence()


def test_gap_is_silence_and_moves_nothing() -> None:
    line = DelayLine()
    line.put(0, sound(0))
    line.put(2 * TICK, sound(2 * TICK))
    heard = [line.take(DELAY + n * TICK, TICK) for n in range(3)]
    assert heard == [sound(0), silence(), sound(2 * TICK)]


def test_what_comes_too_late_or_too_early_is_dropped() -> None:
    line = DelayLine()
    line.take(DELAY + 10 * TICK, TICK)
    line.put(0, sound(0))
    line.put(11 * TICK + CAPACITY, sound(0))
    heard = [line.take(DELAY + n * TICK, TICK) for n in range(11, 11 + 2 * CAPACITY // TICK)]
    assert set(heard) == {silence()}


def test_half_late_sound_plays_from_where_it_may() -> None:
    line = DelayLine()
    line.take(DELAY, TICK // 2)
    line.put(0, sound(0))
    assert line.take(DELAY + TICK // 2, TICK // 2) == sound(TICK // 2, TICK // 2)


@given(
    st.lists(
        st.tuples(st.integers(-CAPACITY, 5 * CAPACITY), st.integers(0, 4 * CAPACITY)), max_size=8
    )
)
def test_memory_is_three_seconds_whatever_comes(puts: list[tuple[int, int]]) -> None:
    """The bound that stands for "no recorder". Kills: a list that grows with the echo."""
    line = DelayLine()
    for position, count in puts:
        line.put(position, bytes(count * SAMPLE))
        line.take(position, TICK)
        assert line.size == CAPACITY * SAMPLE == 576_000
