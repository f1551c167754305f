"""The tone and the picture are told from anything else that may arrive."""

from av import AudioFrame, VideoFrame

from server.probe.patterns import SAMPLES, audio_frame, is_picture, is_tone, picture, tone


def test_tone_is_recognised_wherever_it_begins() -> None:
    assert all(is_tone(audio_frame(tone(first), first, "mono")) for first in range(0, 5000, 37))


def test_silence_and_other_sounds_are_not_the_tone() -> None:
    """Kills: any sound that passes for the tone."""
    silence = audio_frame(bytes(SAMPLES * 2), 0, "mono")
    buzz = audio_frame(b"\x00\x20\x00\xe0" * (SAMPLES // 2), 0, "mono")
    assert [is_tone(silence), is_tone(buzz)] == [False, False]


def test_tone_in_two_channels_is_recognised() -> None:
    mono = tone(0)
    both = b"".join(mono[at : at + 2] * 2 for at in range(0, len(mono), 2))
    frame: AudioFrame = audio_frame(both, 0, "stereo")
    assert is_tone(frame)


def test_picture_is_recognised_and_a_black_one_is_not() -> None:
    black = VideoFrame(160, 90, "yuv420p")
    for plane in black.planes:
        plane.update(bytes(plane.buffer_size))
    assert [is_picture(picture()), is_picture(black)] == [True, False]
