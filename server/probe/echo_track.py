"""The sound of an echo: what arrives goes into the delay line, and comes out as a track.

Owns how the person's timestamps become positions of the echo's clock, and whether anything was
heard. Must not know connections.
"""

from array import array
from typing import Final

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from server.probe.delay import RATE, SAMPLE, DelayLine
from server.probe.patterns import SAMPLES, Pace, audio_frame

APART: Final = RATE // 2  # samples; a jump of the timestamps beyond that is a new beginning
LOUD: Final = 600  # of 32,767: above the noise of a quiet room
EVERY: Final = 8  # of that many samples one is looked at


class EchoTrack(MediaStreamTrack):
    """Give it frames by `hear`; `recv` has them DELAY later."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.heard = False
        self.line = DelayLine()
        self._pace = Pace(SAMPLES / RATE)
        self._now = 0  # the position that plays next
        self._offset: int | None = None  # of positions from the person's timestamps

    def hear(self, frame: AudioFrame) -> None:
        """A frame of two channels at RATE, as aiortc decodes Opus."""
        sound = bytes(frame.planes[0])[: frame.samples * SAMPLE]
        timestamp = frame.pts or 0
        if self._offset is None or abs(timestamp + self._offset - self._now) > APART:
            self._offset = self._now - timestamp
        self.line.put(timestamp + self._offset, sound)
        looked_at = array("h", sound)[::EVERY]
        self.heard = self.heard or max(looked_at, default=0) > LOUD

    async def recv(self) -> AudioFrame:
        """The next 20 ms."""
        self._now = await self._pace.beat() * SAMPLES
        if self.readyState != "live":
            raise MediaStreamError
        return audio_frame(self.line.take(self._now, SAMPLES), self._now, "stereo")
