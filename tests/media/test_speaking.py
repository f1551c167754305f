"""Who speaks: quick to notice, slow to forget, still within a breath."""

from server.media.speaking import HOLD_SECONDS, STARTS, STOPS, Speakers


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
