"""Packets whose number can be read at the other end."""

from hypothesis import given
from hypothesis import strategies as st

from tests.faults.voice import opus, read_opus

NAMES = st.text(alphabet=st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=12)


@given(NAMES, st.integers(0, 2**32 - 1))
def test_opus_carries_whose_it_is_and_which(mark: str, number: int) -> None:
    assert read_opus(opus(mark, number)) == (mark, number)


@given(NAMES, st.integers(0, 2**32 - 1))
def test_opus_padding_is_as_long_as_it_says(mark: str, number: int) -> None:
    """RFC 6716, section 3.2.5: after TOC, frame count and padding length come the frame and as
    many bytes of padding. Kills: leaving the frame out of what is counted."""
    packet = opus(mark, number)
    assert packet[1] & 0x40
    assert packet[3 : -packet[2]] == 3 * b"\xff\xfe"


@given(st.binary(max_size=80))
def test_opus_of_anybody_else_has_no_number(payload: bytes) -> None:
    """A browser's packet is 20 ms in one frame without padding."""
    assert read_opus(b"\x78" + payload) is None
