"""What became of each packet that was sent, by what the receiver says has arrived."""

from hypothesis import given
from hypothesis import strategies as st

from server.media.estimate import Acked
from server.media.rtcp import TransportFeedback
from server.media.sent_log import NUMBER, PLACES, SentLog


def sent(count: int, log: SentLog | None = None) -> SentLog:
    """Packets of 100 bytes and more, one each millisecond."""
    log = log or SentLog()
    for at in range(count):
        log.record(100 + at, at / 1000)
    return log


def test_packets_are_given_back_with_what_was_recorded() -> None:
    log = sent(3)
    report = TransportFeedback(0, 0, (5.0, None, 5.25))
    assert log.acknowledged(report) == [
        Acked(0.0, 100, 5.0),
        Acked(0.001, 101, None),
        Acked(0.002, 102, 5.25),
    ]


def test_packet_is_given_back_once_whatever_is_reported_again() -> None:
    """Kills: leaving it in the log; a report that comes twice would count it twice."""
    log = sent(3)
    log.acknowledged(TransportFeedback(0, 0, (5.0, None, 5.25)))
    assert log.acknowledged(TransportFeedback(0, 1, (5.0, 5.3, 5.25))) == []


def test_packet_behind_the_last_that_arrived_is_not_lost_yet() -> None:
    """Kills: taking each that has not arrived for lost."""
    log = sent(3)
    assert log.acknowledged(TransportFeedback(0, 0, (5.0, None, None))) == [Acked(0.0, 100, 5.0)]
    assert log.acknowledged(TransportFeedback(1, 1, (5.1, 5.2))) == [
        Acked(0.001, 101, 5.1),
        Acked(0.002, 102, 5.2),
    ]


def test_number_that_was_never_sent_is_nothing() -> None:
    log = sent(3)
    assert log.acknowledged(TransportFeedback(3, 0, (1.0,))) == []
    assert log.acknowledged(TransportFeedback(0xFFFF, 0, (1.0,))) == []


def test_log_is_bounded_and_the_oldest_makes_room() -> None:
    """Kills: looking at the place alone; an old number would be answered with a newer packet."""
    log = sent(PLACES + 1)
    assert log.acknowledged(TransportFeedback(0, 0, (1.0,))) == []
    assert log.acknowledged(TransportFeedback(1, 0, (1.0,))) == [Acked(0.001, 101, 1.0)]
    assert len(log.sizes) == len(log.sent_at) == PLACES


@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 40), st.lists(st.booleans()))),
    st.integers(0, 0xFFFF),
)
def test_every_packet_is_given_back_at_most_once_with_its_own_time_and_size(
    turns: list[tuple[int, int, list[bool]]], first: int
) -> None:
    """Some are sent, then a report on some of them, over the wrap of the numbers too. The size of
    each packet says which one it is."""
    log = SentLog()
    log.counts[NUMBER] = first
    count, returned = 0, set()
    for more, back, arrived in turns:
        for _ in range(more):
            assert log.record(1 + count, float(count)) == first + count & 0xFFFF
            count += 1
        base = max(0, count - back)
        report = tuple(float(base + at) if yes else None for at, yes in enumerate(arrived))
        for one in log.acknowledged(TransportFeedback(first + base & 0xFFFF, 0, report)):
            number = one.size - 1
            assert number not in returned
            assert one.sent_at == float(number)
            assert one.arrived_at in (None, float(number))
            assert report[number - base] == one.arrived_at
            returned.add(number)
