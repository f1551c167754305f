"""Who speaks: quick to notice, slow to forget, still within a breath."""

import pytest

from server.media.numbering import paused
from server.media.speaking import HOLD_SECONDS, STARTS, STOPS, Speakers, smoothed
from tests.media.test_numbering import source_at


def test_speaker_is_noticed_at_once_and_held_through_a_pause() -> None:
    speakers = Speakers()
    assert speakers.update({"a": STARTS - 1, "b": 127.0}, 0.0) == ["a"]
    assert speakers.update({"a": 127.0, "b": 127.0}, HOLD_SECONDS) == ["a"]
    assert speakers.update({"a": 127.0, "b": 127.0}, HOLD_SECONDS + 0.01) == []


def test_level_between_the_thresholds_keeps_but_does_not_start() -> None:
    """Kills: one threshold for both, which flickers with every breath."""
    between = (STARTS + STOPS) / 2
    speakers = Speakers()
    assert speakers.update({"a": between}, 0.0) == []
    speakers.update({"a": 0.0}, 1.0)
    assert speakers.update({"a": between}, 1.0 + 10 * HOLD_SECONDS) == ["a"]


def test_who_has_no_level_any_more_does_not_speak() -> None:
    speakers = Speakers()
    speakers.update({"a": 0.0}, 0.0)
    assert speakers.update({}, 0.0) == []


def test_packet_after_a_pause_of_the_encoder_does_not_go_on_with_the_voice_before_it() -> None:
    """Kills: a silent packet of 400 ms that weighs as much as one of 20 ms."""
    assert smoothed(30.0, 110, paused=True) > STOPS
    assert smoothed(30.0, 110, paused=False) < STARTS


@pytest.mark.parametrize(
    ("sequence", "ticks", "expected"),
    [
        (100, 960, False),
        (100, 5760, False),  # one packet of 120 ms
        (100, 19_200, True),
        (102, 19_200, False),  # the one between is lost: nobody knows what was in it
        (99, 2**32 - 19_200, False),  # late
    ],
)
def test_pause_is_a_jump_of_the_clock_without_a_missing_packet(
    sequence: int, ticks: int, expected: bool
) -> None:
    source = source_at(100, 2**32 - 500, 0, 0)
    assert paused(source, sequence, 2**32 - 500 + ticks & 0xFFFFFFFF) is expected
