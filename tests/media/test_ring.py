"""What is kept for repairs: a second of a layer. Its bounds are in test_bounds.py."""

from server.media import vp8
from server.media.ring import KEPT_TICKS, MOST_KEPT, MOST_OCTETS, Kept, Ring

PICTURE = 3000  # ticks at 30 pictures a second


def packet(index: int, timestamp: int, size: int = 100) -> Kept:
    """One of a picture."""
    return (index, 0, timestamp & 0xFFFFFFFF, bytes(size), vp8.NONE)


def test_second_of_a_layer_is_kept_and_no_more() -> None:
    """Kills: leaving the age out; the timestamps wrap on the way."""
    ring = Ring()
    begin = 2**32 - 10 * PICTURE
    for number in range(100):
        ring.keep(packet(number, begin + PICTURE * number))
    oldest = 99 - KEPT_TICKS // PICTURE
    assert len(ring._kept) == KEPT_TICKS // PICTURE + 1
    assert ring.find(oldest - 1) is None
    assert ring.find(oldest) == packet(oldest, begin + PICTURE * oldest)


def test_clock_that_stands_still_is_bounded_by_bytes_and_by_number() -> None:
    """Kills: either bound."""
    large, small = Ring(), Ring()
    for index in range(1000):
        large.keep(packet(index, 0, 1300))
        small.keep(packet(index, 0, 1))
    assert (len(large._kept), len(small._kept)) == (MOST_OCTETS // 1300, MOST_KEPT)


def test_repair_that_came_in_time_is_kept_and_one_that_comes_twice_is_late() -> None:
    ring = Ring()
    for index in (1, 3):
        ring.keep(packet(index, PICTURE * index))
    assert not ring.late(2)
    ring.keep(packet(2, 2 * PICTURE))
    assert ring.late(2)
    assert ring.find(2) == packet(2, 2 * PICTURE)


def test_repair_of_what_was_dropped_is_late() -> None:
    """Kills: asking only what is there; it would be forwarded a second time."""
    ring = Ring()
    for number in range(100):
        ring.keep(packet(number, PICTURE * number))
    assert ring.late(10)
    ring.clear()
    assert ring.late(99)
    assert (len(ring._kept), ring.octets) == (0, 0)
