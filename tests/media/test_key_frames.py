"""One key-frame request at a time for a layer, and who comes meanwhile is served by it."""

from hypothesis import given
from hypothesis import strategies as st

from server.media.key_frames import AT_ONCE, EACH_SECOND, UNANSWERED_SECONDS, KeyFrame

FRAME = 1 / 30  # seconds between two pictures


def test_who_comes_while_a_request_is_under_way_is_served_by_it() -> None:
    """Kills: asking for each who comes."""
    key_frame = KeyFrame()
    asked = [key_frame.ask(99.9, 100.0 + later) for later in (0.0, 0.02, 0.04)]
    assert asked == [True, False, False]
    key_frame.came()
    assert not key_frame.wanted


def test_who_comes_right_after_the_key_frame_does_not_wait() -> None:
    """Kills: a pause after each request, by which the second of two waited half a second."""
    key_frame = KeyFrame()
    assert key_frame.ask(99.9, 100.0)
    key_frame.came()
    assert key_frame.ask(100.01, 100.02)


def test_request_that_was_lost_is_repeated_when_pictures_come_that_are_no_key_frame() -> None:
    key_frame = KeyFrame()
    assert key_frame.ask(99.9, 100.0)
    again = 100.0 + UNANSWERED_SECONDS
    assert not key_frame.ask(again - FRAME, again - 0.001)
    assert key_frame.wanted
    assert key_frame.ask(again - FRAME, again)


def test_camera_that_is_off_is_asked_once() -> None:
    """Kills: repeating by the clock alone, twice a second for three hours."""
    key_frame = KeyFrame()
    asked = [key_frame.ask(50.0, 100.0 + second) for second in range(100)]
    assert asked == [True] + [False] * 99
    assert key_frame.ask(199.9, 200.0), "it is on again, and the request was lost"


def test_stream_that_has_not_begun_is_not_asked_since_it_begins_with_a_key_frame() -> None:
    """Kills: asking at once, which cost each publisher who came a second key frame."""
    key_frame = KeyFrame()
    assert not key_frame.ask(0.0, 100.0)
    key_frame.came()
    assert not key_frame.wanted


def test_start_of_a_stream_that_was_lost_is_asked_for() -> None:
    key_frame = KeyFrame()
    assert not key_frame.ask(0.0, 100.0)
    assert key_frame.wanted
    assert key_frame.ask(100.1, 100.1)


@given(st.lists(st.tuples(st.floats(0.001, 0.4), st.booleans()), min_size=1, max_size=200))
def test_receivers_push_a_publisher_no_further_than_the_rate(
    steps: list[tuple[float, bool]],
) -> None:
    """Whoever asks at whatever moments, answered or not. Kills: leaving out the allowance."""
    key_frame, now, asked = KeyFrame(), 100.0, 0
    for pause, answered in steps:
        now += pause
        asked += key_frame.ask(now - 0.0005, now)
        if answered:
            key_frame.came()
    assert asked <= AT_ONCE + (now - 100.0) * EACH_SECOND


@given(st.lists(st.floats(0.001, 0.4), min_size=1, max_size=100))
def test_what_is_wanted_is_asked_for_by_the_clock_in_the_end(asks: list[float]) -> None:
    """However the allowance was used up before, one tick of the next half second asks."""
    key_frame, now = KeyFrame(), 100.0
    for pause in asks:
        now += pause
        key_frame.ask(now - 0.0005, now)
        key_frame.came()
    ticks = [now + 0.05 * tick for tick in range(12)]
    assert any(key_frame.ask(at - 0.001, at) for at in ticks)
