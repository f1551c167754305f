"""Layouts that the node reads, byte for byte as the RFCs draw them."""

import pytest

from server.media import rtcp, vp8
from server.media.numbering import read_extensions
from server.media.streams import Leg


def leg(level: int = 0, transport: int = 0) -> Leg:
    """A peer whose offer gave the extensions these numbers."""
    made = Leg()
    made.level_id, made.transport_id = level, transport
    return made


@pytest.mark.parametrize(
    ("extension", "level", "transport"),
    [
        # RFC 8285 §4.2: three elements of 1, 2 and 4 bytes, padding between and behind
        ("bede 0003 10 2a 31 1234 00 00 23 aabbccdd", 0x2A, 0x1234),
        # RFC 8285 §4.3: an element of no bytes, of one, padding, of four
        ("1000 0003 01 00 02 01 2a 00 04 04 aabbccdd", -1, None),
        # RFC 6464 §3, Figure 1: one byte, the V flag and the level
        ("bede 0001 10 aa 00 00", 0x2A, None),
        # RFC 6464 §3, Figure 2: the same in two-byte form
        ("1000 0001 01 01 aa 00", 0x2A, None),
        # the transport-cc draft §2: two bytes
        ("bede 0001 31 1234 00", -1, 0x1234),
        # RFC 8285 §4.3: the application bits of 0x100x may be anything
        ("100f 0001 03 02 1234", -1, 0x1234),
        # another profile (RFC 3550 §5.3.1) is skipped whole
        ("abcd 0001 10 2a 00 00", -1, None),
    ],
)
def test_header_extension_is_read(extension: str, level: int, transport: int | None) -> None:
    packet = bytes.fromhex(extension)
    peer = leg(level=1, transport=3)
    assert read_extensions(peer, packet, 0, 5.0) == (len(packet), level)
    assert peer.arrivals == ({} if transport is None else {transport: 5.0})


@pytest.mark.parametrize(
    ("compound", "expected"),
    [
        # RFC 3550 §6.4.1: NTP, RTP, packets, bytes; no report block
        (
            "80c80006 00000007 0000000100000002 00000003 00000004 00000005",
            [rtcp.SenderReport(7, 1 << 32 | 2, 3)],
        ),
        # RFC 4585 §6.2.1: PID 10, BLP with its first and its last bit
        ("81cd0003 00000001 00000009 000a 8001", [rtcp.Nack(9, (10, 11, 26))]),
        # RFC 4585 §6.2.1: two entries, across the wrap
        ("81cd0004 00000001 00000009 ffff 0001 0005 0000", [rtcp.Nack(9, (0xFFFF, 0, 5))]),
        # RFC 4585 §6.3.1: PLI has no parameters
        ("81ce0002 00000001 00000009", [rtcp.KeyFrameWanted(9)]),
        # RFC 5104 §4.3.1.1: FIR names its stream in the entry, not in the header
        ("84ce0004 00000001 00000000 00000009 01000000", [rtcp.KeyFrameWanted(9)]),
        # RFC 3550 §6.5 and §6.6: SDES and BYE are passed over; what follows is read
        (
            "81ca0002 00000007 01016100  81cb0001 00000007  81ce0002 00000001 00000009",
            [rtcp.KeyFrameWanted(9)],
        ),
        # draft-alvestrand-rmcat-remb-03 §2.2: a PSFB of another format says nothing here
        ("8fce0005 00000001 00000000 52454d42 01031234 00000009", []),
        # RFC 3550 §6.1: version 2, and a length that fits
        ("41ce0002 00000001 00000009", []),
        ("81ce0003 00000001 00000009", []),
    ],
)
def test_control_packet_is_read(compound: str, expected: list[rtcp.Feedback]) -> None:
    assert list(rtcp.read(bytes.fromhex(compound))) == expected


def test_nack_is_written_as_it_is_read() -> None:
    """RFC 4585 §6.2.1 again, the other way."""
    assert rtcp.nack(1, 9, [10, 11, 26]) == bytes.fromhex("81cd00030000000100000009000a8001")
    assert rtcp.picture_loss(1, 9) == bytes.fromhex("81ce00020000000100000009")


def test_arrival_feedback_is_laid_out_as_the_draft_draws_it() -> None:
    """Section 3.1: base, count, reference (64 ms), feedback count, one vector chunk, deltas."""
    arrivals = {5: 0.064, 6: 0.065, 8: 0.164}
    packet = rtcp.transport_feedback(1, 9, 2, arrivals)
    head = "afcd0006 00000001 00000009 0005 0004 000001 02".replace(" ", "")
    # 5: one byte, 6: one byte, 7: none, 8: two bytes (99 ms are 396 quarters); then padding
    chunk = 0xC000 | 1 << 12 | 1 << 10 | 0 << 8 | 2 << 6
    assert packet.hex() == head + f"{chunk:04x}" + "00" + "04" + "018c" + "0002"


def test_arrivals_without_a_gap_are_one_run() -> None:
    """Section 3.1.3: a run-length chunk, symbol 1, length 3."""
    packet = rtcp.transport_feedback(1, 9, 2, {5: 0.064, 6: 0.065, 7: 0.066})
    assert packet[20:22].hex() == "2003"
    assert packet[22:25] == bytes((0, 4, 4))


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        # RFC 7741 §4.6.1: key frame in one packet, picture id of 7 bits
        ("90 80 11 10", (True, True, 0x11, 7, 2, 0, 0, 3)),
        # §4.6.2: an interframe in one packet, no picture id
        ("10 01", (True, False, 0, 0, 0, 0, 0, 1)),
        # §4.6.3: the last partition begins: S, PID 2
        ("92 80 11 10", (False, False, 0x11, 7, 2, 0, 0, 3)),
        # §4.6.4: a fragment that goes on: no S
        ("80 80 11 10", (False, False, 0x11, 7, 2, 0, 0, 3)),
        # §4.6.5: a picture id of 15 bits
        ("90 80 81 11 01", (True, False, 0x111, 15, 2, 0, 0, 4)),
        # §4.2: picture id, TL0PICIDX, and TID 2
        ("90 e0 11 07 80 01", (True, False, 0x11, 7, 2, 7, 3, 5)),
    ],
)
def test_vp8_descriptor_is_read(payload: str, expected: vp8.Descriptor) -> None:
    assert vp8.read(bytes.fromhex(payload)) == expected
