"""The arithmetic between logs and figures."""

from hypothesis import given
from hypothesis import strategies as st

from tests.faults.log import ClientLog, Link, Linked, Sound, Told
from tests.faults.measures import (
    away_told,
    heard_again,
    left_told,
    longest_missing,
    opened,
    stall_s,
)
from tests.faults.page import Sample
from tests.faults.valkey_killed import rosters


@given(st.integers(0, 50), st.integers(1, 50), st.data())
def test_longest_missing_is_the_run_that_was_taken_out(
    first: int, count: int, data: st.DataObject
) -> None:
    """Kills: counting all that is missing, and ending a run at a number outside the range."""
    start = data.draw(st.integers(0, count - 1))
    length = data.draw(st.integers(1, count - start))
    gone = range(first + start, first + start + length)
    received = [n for n in range(first, first + count) if n not in gone]
    assert longest_missing(received, first, first + count - 1) == length


def test_longest_missing_of_a_whole_range_is_none() -> None:
    assert longest_missing(range(5, 10), 5, 9) == 0


def test_sound_between_is_by_the_time_of_arrival() -> None:
    sound = Sound()
    for tick, at in ((7, 1.0), (8, 2.0), (9, 3.0)):
        sound.add(tick, at)
    assert list(sound.between(1.5, 3.0)) == [8, 9]
    assert (sound.first_after(1.0), sound.first_after(3.0)) == (2.0, None)
    assert (sound.first_from(8), sound.first_from(10)) == (2.0, None)


def samples(*received: int) -> list[Sample]:
    return [Sample(float(at), 11, count, 0, 0) for at, count in enumerate(received)]


def test_stall_is_from_the_last_growth_to_the_next() -> None:
    """Kills: counting from the first sample that did not grow."""
    assert stall_s(samples(1, 2, 2, 2, 3)) == 3.0
    assert stall_s(samples(1, 2, 3, 4)) == 0.0


def test_stall_that_has_not_ended_counts() -> None:
    """Kills: waiting for growth before counting."""
    assert stall_s(samples(1, 2, 2, 2)) == 2.0


def heard(*told: tuple[float, int, int]) -> list[Sample]:
    """Samples as (instant, people whose sound grew, packets in all)."""
    return [Sample(at, growing, received, 0, 0) for at, growing, received in told]


def test_page_that_is_back_by_the_first_sample_after_the_kill_is_back_then() -> None:
    """Kills: the sample just before the kill is not counted, and the whole wait is reported."""
    quick = heard((9.9, 11, 5000), (10.2, 11, 30), (10.3, 11, 60))
    assert heard_again(quick, 10.0, 11) == 10.2


def test_page_that_fell_silent_is_back_when_everybody_is_heard() -> None:
    slow = heard((9.9, 11, 5000), (10.1, 11, 5010), (10.3, 0, 5010), (12.0, 4, 20), (12.1, 11, 40))
    assert heard_again(slow, 10.0, 11) == 12.1
    assert heard_again(slow[:4], 10.0, 11) is None
    assert heard_again(slow[:2], 10.0, 11) is None


def test_news_before_the_fault_is_not_taken_for_news_after_it() -> None:
    """Kills: reading the log from its beginning."""
    log = ClientLog("Joe")
    log.told += [
        Told(1.0, "participant.changed", "e1", 1, "sam", away=True),
        Told(1.5, "participant.left", "e1", 2, "sam"),
        Told(3.0, "participant.changed", "e1", 3, "sam", away=False),
        Told(4.0, "participant.changed", "e1", 4, "sam", away=True),
        Told(6.0, "participant.left", "e1", 5, "sam"),
    ]
    log.links += [Linked(1.0, Link.OPEN), Linked(4.0, Link.LOST), Linked(5.0, Link.OPEN)]
    assert away_told(log, "sam", 2.0)() == 4.0
    assert left_told(log, "sam", 2.0)() == 6.0
    assert left_told(log, "ana", 2.0)() is None
    assert opened(log, 2.0)() == 5.0


def test_rosters_of_a_new_epoch_begin_with_its_snapshot() -> None:
    """Kills: carrying people over from the epoch that was lost."""
    log = ClientLog("Joe")
    log.told += [
        Told(1.0, "snapshot", "e1", 9, people=frozenset({"sam", "joe"})),
        Told(5.0, "participant.changed", "e1", 10, "ana"),
        Told(6.0, "snapshot", "e2", 1, people=frozenset({"joe"})),
        Told(7.0, "participant.changed", "e2", 2, "sam"),
        Told(8.0, "participant.left", "e2", 3, "sam"),
    ]
    assert rosters(log, 4.0) == [(6.0, 1), (7.0, 2), (8.0, 1)]
