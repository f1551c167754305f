"""RTP headers of what the node sends: one CSRC, the audio level, the number for transport-cc.

Pure. Owns their layout (RFC 3550 §5.1, RFC 8285 §4.2). Must not know streams or peers.
"""

from collections.abc import Callable
from functools import lru_cache
from struct import Struct
from typing import Any, Final, NamedTuple

# first and second byte, sequence number, timestamp, SSRC, CSRC, extension, number of the packet
# among all that go to the peer
Pack = Callable[[int, int, int, int, int, int, bytes, int], bytes]
LEVELS: Final = 128  # -dBov (RFC 6464 §3)

_PLAIN: Final = Struct("!BBHIII")
_NUMBERED: Final[Pack] = Struct("!BBHIII5sHx").pack
_NUMBERED_LEVEL: Final[Pack] = Struct("!BBHIII7sH3x").pack


class Layout(NamedTuple):
    """How a slot's headers are made: the first byte, the function, and the extension's beginning
    for each audio level."""

    first: int
    pack: Pack
    extensions: list[bytes]


@lru_cache(maxsize=256)  # ids are 1 to 14 each
def layout(level: int, transport: int) -> Layout:
    """Shared by all slots with these ids of extensions; 0: the browser did not offer that one."""
    if level and transport:
        levels = [bytes((level << 4, at, transport << 4 | 1)) for at in range(LEVELS)]
        return Layout(0x91, _NUMBERED_LEVEL, [_words(2) + one for one in levels])
    if transport:
        return Layout(0x91, _NUMBERED, [_words(1) + bytes((transport << 4 | 1,))] * LEVELS)
    if level:
        levels = [bytes((level << 4, at, 0, 0)) for at in range(LEVELS)]
        return Layout(0x91, _unnumbered, [_words(1) + one for one in levels])
    return Layout(0x81, _unnumbered, [b""] * LEVELS)


def _words(count: int) -> bytes:
    return bytes((0xBE, 0xDE, 0, count))


def _unnumbered(*fields: Any) -> bytes:
    """As the others take them; without a number."""
    return _PLAIN.pack(*fields[:6]) + bytes(fields[6])
