"""The VP8 descriptor: what is read is what is there, and rewriting moves numbers alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media import vp8


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("10 00", (True, True, 0, 0, 0, 0, 0, 1)),
        ("10 01", (True, False, 0, 0, 0, 0, 0, 1)),
        ("00 00", (False, False, 0, 0, 0, 0, 0, 1)),
        ("11 00", (False, False, 0, 0, 0, 0, 0, 1)),  # the second partition begins
        ("90 80 05 00", (True, True, 5, 7, 2, 0, 0, 3)),
        ("90 80 81 05 01", (True, False, 0x105, 15, 2, 0, 0, 4)),
        ("90 e0 81 05 09 20 00", (True, True, 0x105, 15, 2, 9, 4, 6)),
        ("90 40 09 00", (True, True, 0, 0, 0, 9, 2, 3)),
        ("90 30 20 01", (True, False, 0, 0, 0, 0, 0, 3)),
    ],
)
def test_descriptor_is_read(payload: str, expected: vp8.Descriptor) -> None:
    assert vp8.read(bytes.fromhex(payload)) == expected


@pytest.mark.parametrize(
    "payload",
    ["", "10", "80 d0 00 00", "80 80 05", "90 80", "90 80 81", "90 e0 81 05 09", "90 e0 81 05"],
)
def test_descriptor_that_is_cut_short_is_refused(payload: str) -> None:
    assert vp8.read(bytes.fromhex(payload)) is None


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """A payload with any combination of fields, and a body that no rewriting may touch."""
    width = draw(st.sampled_from([0, 7, 15]))
    has_tl0, has_tid = draw(st.booleans()), draw(st.booleans())
    flags = (0x80 if width else 0) | (0x40 if has_tl0 else 0) | (0x20 if has_tid else 0)
    out = bytearray([0x90 if flags else 0x10])
    out += bytes([flags]) if flags else b""
    if width == 15:
        out += (0x8000 | draw(st.integers(0, 0x7FFF))).to_bytes(2, "big")
    elif width == 7:
        out.append(draw(st.integers(0, 0x7F)))
    if has_tl0:
        out.append(draw(st.integers(0, 255)))
    if has_tid:
        out.append(draw(st.integers(0, 255)))
    return bytes(out) + draw(st.binary(min_size=1, max_size=20))


@given(payloads(), st.integers(-(2**20), 2**20), st.integers(-(2**20), 2**20))
def test_rewriting_moves_the_numbers_and_nothing_else(
    payload: bytes, picture: int, tl0: int
) -> None:
    """Kills: writing a picture id without its width bit, or over the byte behind it."""
    before = vp8.read(payload)
    assert before is not None
    out = rewritten(payload, before, picture, tl0)
    after = vp8.read(out)
    assert after is not None
    mask = (1 << before[3]) - 1
    assert after[2] == before[2] + picture & mask
    assert after[5] == (before[5] + tl0 & 0xFF if before[6] else 0)
    assert (after[:2], after[3:5], after[6:]) == (before[:2], before[3:5], before[6:])
    assert rewritten(out, after, -picture, -tl0) == payload


def rewritten(payload: bytes, descriptor: vp8.Descriptor, picture: int, tl0: int) -> bytes:
    """As the packet path puts it together again."""
    return bytes(vp8.moved(payload, descriptor, picture, tl0)) + payload[descriptor[7] :]


@given(st.binary(max_size=12))
def test_any_payload_is_read_or_refused(payload: bytes) -> None:
    descriptor = vp8.read(payload)
    if descriptor is not None:
        assert len(rewritten(payload, descriptor, 1, 1)) == len(payload)
