"""The header of what is sent says what the browser offered to read, and nothing else."""

import pytest

from server.media.headers import LEVELS, layout
from tests.media.extensions import elements


@pytest.mark.parametrize("transport", [0, 3, 14])
@pytest.mark.parametrize("level", [0, 1, 14])
def test_extensions_are_those_that_were_offered(level: int, transport: int) -> None:
    first, pack, extensions = layout(level, transport)
    assert len(extensions) == LEVELS
    for loudness in (0, 33, 127):
        packet = pack(first, 111, 7, 8, 9, 10, extensions[loudness], 0xABCD)
        wanted = {level: bytes((loudness,))} if level else {}
        wanted |= {transport: b"\xab\xcd"} if transport else {}
        assert packet[:16].hex() == f"{first:02x}6f000700000008000000090000000a"
        assert first == (0x91 if wanted else 0x81)
        assert elements(packet[20:]) == wanted
        words = int.from_bytes(packet[18:20], "big")
        assert len(packet) == (20 + 4 * words if wanted else 16)
