"""A slot's numbers over any sequence of publishers: one continuous stream."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from server.media.description import Line
from server.media.numbering import begin, index_of, note_missing, read_extensions, stop
from server.media.streams import Leg, Publication, Slot, Source

VIDEO = Line("video", "0", "send", 96, 97)


def source_at(sequence: int, timestamp: int, picture: int, tl0: int) -> Source:
    """A publisher whose next packet has these numbers."""
    source = Publication(Leg(), VIDEO).layers[0]
    source.index = sequence + 0x10000 - 1
    source.timestamp, source.picture, source.tl0 = timestamp, picture, tl0
    return source


numbers = st.tuples(
    st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1), st.integers(0, 0x7FFF), st.integers(0, 255)
)
turns = st.lists(st.tuples(numbers, st.integers(1, 40), st.floats(0.001, 100.0)), min_size=1)


@given(turns)
def test_numbers_go_on_by_one_across_any_hand_overs(
    played: list[tuple[tuple[int, ...], int, float]],
) -> None:
    """Each turn: a publisher with numbers of its own sends some packets, then the next.

    Kills: joining at `slot.sequence` instead of one behind it, or leaving the elapsed time out
    of the timestamp (two turns would then share one).
    """
    slot = Slot(Leg(), VIDEO, 0)
    out: list[tuple[int, int, int, int]] = []
    now = 0.0
    for start, packets, pause in played:
        source = source_at(*start)
        for number in range(packets):
            index = index_of(source, start[0] + number & 0xFFFF)
            timestamp = start[1] + 3000 * number & 0xFFFFFFFF
            picture, tl0 = start[2] + number & 0x7FFF, start[3] + number & 0xFF
            kept = (index, 0, timestamp, b"", (True, True, picture, 15, 2, tl0, 4, 6))
            if slot.waiting:
                begin(slot, kept, now)
            source.index, source.timestamp, source.arrived = index, timestamp, now
            source.picture, source.tl0 = picture, tl0
            out.append(
                (
                    index + slot.shift & 0xFFFF,
                    timestamp + slot.timestamp_shift & 0xFFFFFFFF,
                    picture + slot.picture_shift & 0x7FFF,
                    tl0 + slot.tl0_shift & 0xFF,
                )
            )
            now += 1 / 30
        stop(slot, source)
        now += pause
    for before, after in pairwise(out):
        assert after[0] == before[0] + 1 & 0xFFFF
        assert 0 < (after[1] - before[1] & 0xFFFFFFFF) < 2**31
        assert after[2] == before[2] + 1 & 0x7FFF
        assert after[3] == before[3] + 1 & 0xFF


@given(st.integers(0, 0xFFFF), st.lists(st.integers(-200, 300), max_size=200))
def test_index_is_the_number_without_its_wrap(first: int, steps: list[int]) -> None:
    """Packets in any order within half the number space get the index they would count to."""
    source = Publication(Leg(), VIDEO).layers[0]
    at = index_of(source, first)
    source.index = at
    for step in steps:
        at = max(at + step, source.index - 30_000)
        assert index_of(source, at & 0xFFFF) == at
        source.index = max(source.index, at)


def test_gap_is_noted_and_bounded() -> None:
    source = source_at(10, 0, 0, 0)
    newest = source.index
    note_missing(source, newest + 4)
    assert list(source.missing) == [newest + 1, newest + 2, newest + 3]
    source.index = newest + 4
    note_missing(source, newest + 4 + 5000)
    assert source.missing == {}
    assert source.key_frame.wanted


@given(st.binary(min_size=0, max_size=60))
def test_any_header_extension_is_read_within_the_packet_or_refused(rest: bytes) -> None:
    """Authentic packets may still be nonsense: an IndexError at worst, which the path counts."""
    leg = Leg()
    leg.level_id, leg.transport_id = 1, 3
    for profile in (b"\xbe\xde", b"\x10\x00", b"\x12\x34"):
        packet = bytes(12) + profile + rest
        try:
            end, level = read_extensions(leg, packet, 12, 0.0)
        except IndexError:
            continue
        assert end >= 16
        assert -1 <= level <= 127


def test_one_and_two_byte_extensions_are_read() -> None:
    leg = Leg()
    leg.level_id, leg.transport_id = 1, 3
    narrow = bytes.fromhex("bede000210a131abcd000000")
    wide = bytes.fromhex("100000030101a2000302abce00000000")
    assert read_extensions(leg, narrow, 0, 5.0) == (12, 0x21)
    assert read_extensions(leg, wide, 0, 6.0) == (16, 0x22)
    assert leg.arrivals == {0xABCD: 5.0, 0xABCE: 6.0}
