"""A scripted browser whose camera sends three sizes, each packet naming its own (RFC 8852)."""

import secrets
import struct
from typing import Final

from server.media.description import REPAIRED_RID, RID
from tests.media.client_peer import HEADER, RTX, VP8, ClientPeer, Kind, Stream

RIDS: Final = ("q", "h", "f")
RID_ID, REPAIRED_ID = 10, 11


class LayeredPeer(ClientPeer):
    """`show_layer` in place of `show`."""

    def __init__(self, mark: str, slots: int = 3) -> None:
        super().__init__(mark, slots)
        self.layers = {
            rid: Stream(secrets.randbits(31) | 1, secrets.randbits(31) | 1) for rid in RIDS
        }

    def _section(self, kind: Kind, mid: int, *, sends: bool) -> list[str]:
        lines = super()._section(kind, mid, sends=sends)
        if not sends or kind == "audio":
            return lines
        lines = [line for line in lines if not line.startswith("a=ssrc")]
        lines += [f"a=extmap:{RID_ID} {RID}", f"a=extmap:{REPAIRED_ID} {REPAIRED_RID}"]
        return [*lines, *(f"a=rid:{rid} send" for rid in RIDS), "a=simulcast:send q;h;f"]

    def show_layer(self, rid: str, *, key: bool = False, named: bool = True) -> int:
        """One frame of one packet; its sequence number."""
        stream = self.layers[rid]
        picture = 0x8000 | stream.timestamp // 3000 & 0x7FFF
        head = bytes((0x90, 0xE0)) + picture.to_bytes(2, "big")
        head += bytes((stream.timestamp // 3000 & 0xFF, 0, 0x10 if key else 0x11))
        extension = _naming(RID_ID, rid) if named else b""
        mark, self.mark = self.mark, f"{self.mark} {rid}"
        packet = self._packet(stream, VP8, 3000, head, marker=True, extension=extension)
        self.mark = mark
        sequence: int = struct.unpack_from("!H", packet, 2)[0]
        stream.sent[sequence] = packet
        self.send_raw(self.seal(packet))
        return sequence

    def pad(self, rid: str) -> None:
        """Padding alone (RFC 3550, section 5.1), as browsers send it to measure their uplink."""
        stream = self.layers[rid]
        stream.sequence = stream.sequence + 1 & 0xFFFF
        head = HEADER.pack(0xA0, VP8, stream.sequence, stream.timestamp, stream.ssrc)
        self.send_raw(self.seal(head + bytes((0, 0, 0, 4))))

    def repair_layer(self, rid: str, sequence: int) -> None:
        """A packet once more by RTX, which says what it repairs."""
        stream = self.layers[rid]
        packet = stream.sent[sequence]
        _, second, _, timestamp, _ = HEADER.unpack_from(packet)
        head = HEADER.pack(0x90, second & 128 | RTX, sequence, timestamp, stream.repair_ssrc)
        at = 12 + len(_naming(RID_ID, rid)) if packet[0] & 16 else 12
        body = sequence.to_bytes(2, "big") + packet[at:]
        self.send_raw(self.seal(head + _naming(REPAIRED_ID, rid) + body))


def _naming(number: int, rid: str) -> bytes:
    """The header extension (RFC 8285, section 4.2), one word: a name of one letter."""
    return bytes((0xBE, 0xDE, 0, 1, number << 4 | len(rid) - 1)) + rid.encode() + bytes(2)
