"""RTCP written and read back, transport feedback decoded by the draft's own rules."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from server.media import rtcp

sequences = st.integers(0, 0xFFFF)


@given(st.integers(0, 2**32 - 1), st.sets(sequences, min_size=1, max_size=34))
def test_nack_names_exactly_what_is_missing(ssrc: int, missing: set[int]) -> None:
    """Kills: a bit mask that is off by one."""
    compound = rtcp.nack(1, ssrc, sorted(missing))
    (part,) = rtcp.read(compound)
    assert isinstance(part, rtcp.Nack)
    assert (part.ssrc, set(part.sequences)) == (ssrc, missing)


def test_requests_for_a_key_frame_are_read() -> None:
    intra = struct.pack("!BBHIIII", 0x84, 206, 4, 1, 0, 77, 1 << 24)
    compound = rtcp.picture_loss(1, 76) + intra
    assert list(rtcp.read(compound)) == [rtcp.KeyFrameWanted(76), rtcp.KeyFrameWanted(77)]


def test_request_for_key_frames_of_two_streams_names_both() -> None:
    """RFC 5104 §4.3.1.1: a FIR holds an entry for each stream. Kills: reading the first alone."""
    both = struct.pack("!BBHIIIIII", 0x84, 206, 6, 1, 0, 77, 1 << 24, 78, 2 << 24)
    wanted = [rtcp.KeyFrameWanted(77), rtcp.KeyFrameWanted(78)]
    assert list(rtcp.read(both)) == wanted
    assert list(rtcp.read(both + rtcp.picture_loss(1, 76))) == [*wanted, rtcp.KeyFrameWanted(76)]


def test_goodbye_without_sources_hides_nothing_behind_it() -> None:
    """RFC 3550 §6.6: a count of zero is valid, though useless; its length is zero then."""
    goodbye = struct.pack("!BBH", 0x80, 203, 0)
    assert list(rtcp.read(goodbye)) == []
    assert list(rtcp.read(goodbye + rtcp.picture_loss(1, 76))) == [rtcp.KeyFrameWanted(76)]


def test_reports_are_laid_out_as_rfc_3550_says() -> None:
    block = rtcp.Reception(ssrc=2, fraction=64, lost=5, highest=70000, last_report=9, delay=8)
    expected = struct.pack("!BBHIIIIIII", 0x81, 201, 7, 1, 2, 64 << 24 | 5, 70000, 0, 9, 8)
    assert rtcp.receiver_report(1, [block]) == expected
    report = rtcp.sender_report(3, 1 << 40, 99, 7, 700)
    assert list(rtcp.read(report)) == [rtcp.SenderReport(3, 1 << 40, 99)]


@given(st.floats(0, 4e9))
def test_ntp_and_unix_time_are_the_same_instant(seconds: float) -> None:
    assert abs(rtcp.unix(rtcp.ntp(seconds)) - seconds) < 1e-5


@given(st.binary(max_size=80))
def test_any_compound_is_read_without_a_fault(compound: bytes) -> None:
    for part in rtcp.read(compound):
        assert not isinstance(part, rtcp.Nack) or len(part.sequences) <= 64 * 17


def decoded(packet: bytes) -> dict[int, float]:
    """Number to seconds, read as draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1 says."""
    base, count = struct.unpack_from("!HH", packet, 12)
    clock = int.from_bytes(packet[16:19], "big") * 0.064
    symbols: list[int] = []
    at = 20
    while len(symbols) < count:
        (chunk,) = struct.unpack_from("!H", packet, at)
        at += 2
        if chunk & 0x8000:
            assert chunk & 0x4000
            symbols += [chunk >> 12 - 2 * place & 3 for place in range(7)]
        else:
            symbols += [chunk >> 13] * (chunk & 0x1FFF)
    found = {}
    for place, symbol in enumerate(symbols[:count]):
        if symbol == 0:
            continue
        if symbol == 1:
            delta, at = packet[at], at + 1
        else:
            (delta,) = struct.unpack_from("!h", packet, at)
            at += 2
        clock += delta / 4000
        found[base + place & 0xFFFF] = clock
    return found


@given(
    sequences,
    st.dictionaries(st.integers(0, 300), st.floats(0, 0.1), min_size=1, max_size=60),
    st.floats(1, 1000),
)
def test_transport_feedback_tells_each_arrival(
    first: int, offsets: dict[int, float], start: float
) -> None:
    """Each number that arrived, and no other, to a quarter of a millisecond, across the wrap.

    Kills: a delta counted from the reference instead of from the arrival before.
    """
    arrivals = {first + offset & 0xFFFF: start + late for offset, late in offsets.items()}
    packet = rtcp.transport_feedback(1, 2, 3, arrivals)
    assert len(packet) % 4 == 0
    assert struct.unpack_from("!H", packet, 2)[0] == len(packet) // 4 - 1
    found = decoded(packet)
    assert found.keys() == arrivals.keys()
    assert all(abs(found[n] - at) < 0.0006 for n, at in arrivals.items())


@given(
    st.integers(0, 0xFFFF),
    st.integers(0, 255),
    st.lists(st.none() | st.integers(-2000, 2000), min_size=1, max_size=300),
)
def test_transport_feedback_is_read_as_it_was_written(
    base: int, count: int, steps: list[int | None]
) -> None:
    """Kills: a delta that is read unsigned; a run whose length is cut; a number that wraps."""
    now, arrivals = 4_000_000, {base: 4_000_000 / 4000}
    for place, step in enumerate(steps, 1):
        if step is not None:
            now += step
            arrivals[base + place & 0xFFFF] = now / 4000
    (part,) = rtcp.read(rtcp.transport_feedback(1, 2, count, arrivals))
    assert isinstance(part, rtcp.TransportFeedback)
    assert (part.base, part.count) == (base, count)
    read = {base + i & 0xFFFF: at for i, at in enumerate(part.arrivals) if at is not None}
    assert read == arrivals


def test_transport_feedback_in_one_bit_statuses_and_runs_is_read() -> None:
    """§3.1.3 and §3.1.4 as Chromium writes them: a vector of bits, then a run of lost ones."""
    chunks = struct.pack("!HH", 0x8000 | 0b10100000000001, 3)
    body = struct.pack("!IIHH", 1, 2, 9, 17) + bytes((0, 0, 1, 7)) + chunks + bytes((4, 8, 0))
    compound = struct.pack("!BBH", 0x8F, 205, (len(body) + 1) // 4) + body + bytes(1)
    (part,) = rtcp.read(compound)
    gone = [None] * 10
    expected = (0.065, None, 0.067, *gone, 0.067, None, None, None)
    assert part == rtcp.TransportFeedback(9, 7, expected)
