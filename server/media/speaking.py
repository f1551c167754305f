"""Who speaks, from smoothed audio levels, with hysteresis.

Pure. Owns the thresholds. Levels are -dBov as in RFC 6464: 0 is loudest, 127 is silence.
"""

from collections.abc import Mapping
from typing import Final

STARTS: Final = 45.0  # louder than this begins to speak
STOPS: Final = 60.0  # quieter than this for HOLD_SECONDS has stopped
HOLD_SECONDS: Final = 0.6
SILENT_LEVEL: Final = 127.0  # -dBov (RFC 6464 §3)
WEIGHT: Final = 0.15  # of a packet's level in the average: one of 20 ms, so a word is heard


class Speakers:
    """The speakers of one room."""

    def __init__(self) -> None:
        self._heard: dict[str, float] = {}  # when each was last loud enough to go on

    def update(self, levels: Mapping[str, float], now: float) -> list[str]:
        """Who speaks at `now`, sorted, given everybody's smoothed level."""
        for peer, level in levels.items():
            if level < STARTS or (peer in self._heard and level < STOPS):
                self._heard[peer] = now
        for peer in [p for p, at in self._heard.items() if now - at > HOLD_SECONDS]:
            del self._heard[peer]
        for peer in self._heard.keys() - levels.keys():
            del self._heard[peer]
        return sorted(self._heard)


def smoothed(before: float, level: int, *, paused: bool) -> float:
    """The average level with one packet more. An encoder that `paused` (DTX) before it had found
    nothing worth sending; counted as one packet, its 400 ms would keep a voice speaking."""
    if paused:
        before = SILENT_LEVEL
    return before + (level - before) * WEIGHT
