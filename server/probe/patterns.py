"""The sound and the picture of a check: made so that the other end can tell that it got them.

Owns a tone and a picture of two halves, how they are made and how they are recognised after a
codec. Pure but for the tracks, which keep time.
"""

import asyncio
import math
from array import array
from fractions import Fraction
from typing import Final

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame

from server.probe.delay import RATE

SAMPLES: Final = 960  # of one frame: 20 ms
TONE_HZ: Final = 1_000
LOUDNESS: Final = 8_000  # of 32,767
TONE_SHARE: Final = 0.5  # of a frame's energy, and it is the tone
WIDTH, HEIGHT = 160, 90
FRAMES_PER_SECOND: Final = 10
DARK, BRIGHT, GREY = 40, 210, 128  # luma of the halves; chroma of both
APART: Final = 100  # the halves' mean luma, and it is the picture


def tone(first: int) -> bytes:
    """20 ms of the tone from sample `first` on: mono, 16 bits."""
    step = 2 * math.pi * TONE_HZ / RATE
    return array(
        "h", (int(LOUDNESS * math.sin(step * (first + i))) for i in range(SAMPLES))
    ).tobytes()


def is_tone(frame: AudioFrame) -> bool:
    """Whether the tone is most of this frame (Goertzel's algorithm on its first channel)."""
    channels = len(frame.layout.channels)
    samples = array("h", bytes(frame.planes[0])[: frame.samples * channels * 2])[::channels]
    energy = math.fsum(x * x for x in samples)
    if energy < len(samples) * 100:
        return False
    factor = 2 * math.cos(2 * math.pi * TONE_HZ / frame.sample_rate)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + factor * last - before
    power = before * before + last * last - factor * before * last
    return power / (energy * len(samples) / 2) > TONE_SHARE


def picture() -> VideoFrame:
    """Left dark, right bright."""
    frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
    line = bytes([DARK] * (WIDTH // 2) + [BRIGHT] * (WIDTH // 2))
    for plane, row in zip(frame.planes, (line, bytes([GREY]), bytes([GREY])), strict=True):
        padded = (row * plane.width)[: plane.width].ljust(plane.line_size, b"\0")
        plane.update(padded * plane.height)
    return frame


def is_picture(frame: VideoFrame) -> bool:
    """Whether the left half is dark and the right one bright."""
    luma = frame.planes[0]
    data, half = bytes(luma), luma.width // 2
    rows = range(0, luma.height, 4)
    left = [data[row * luma.line_size + x] for row in rows for x in range(0, half, 4)]
    right = [data[row * luma.line_size + half + x] for row in rows for x in range(0, half, 4)]
    return bool(left) and sum(right) / len(right) - sum(left) / len(left) > APART


class Pace:
    """Beats of `seconds` from the first call on; none is left out, however late it is."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._began: float | None = None
        self._beats = 0

    async def beat(self) -> int:
        """Waits for the next beat; its number, from 0."""
        now = asyncio.get_running_loop().time()
        self._began = now if self._began is None else self._began
        number, self._beats = self._beats, self._beats + 1
        await asyncio.sleep(max(0.0, self._began + number * self._seconds - now))
        return number


class Tone(MediaStreamTrack):
    """The tone, without end."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._pace = Pace(SAMPLES / RATE)

    async def recv(self) -> AudioFrame:
        """The next 20 ms."""
        first = await self._pace.beat() * SAMPLES
        if self.readyState != "live":
            raise MediaStreamError
        return audio_frame(tone(first), first, "mono")


class Picture(MediaStreamTrack):
    """The picture, FRAMES_PER_SECOND times a second, without end."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._pace = Pace(1 / FRAMES_PER_SECOND)

    async def recv(self) -> VideoFrame:
        """The next frame."""
        number = await self._pace.beat()
        if self.readyState != "live":
            raise MediaStreamError
        frame = picture()
        frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
        return frame


def audio_frame(samples: bytes, first: int, layout: str) -> AudioFrame:
    """16-bit samples at RATE as a frame that begins at sample `first`."""
    frame = AudioFrame("s16", layout, SAMPLES)
    frame.planes[0].update(samples.ljust(frame.planes[0].buffer_size, b"\0"))
    frame.pts, frame.sample_rate, frame.time_base = first, RATE, Fraction(1, RATE)
    return frame
