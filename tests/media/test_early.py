"""The kernel's filter: what it keeps, by the RFCs, run by a small machine and by the kernel."""

import socket

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.media import early

COOKIE = bytes.fromhex("2112a442")
CHECK = b"\0\1\0\0" + COOKIE + bytes(12)


def verdict(payload: bytes) -> bool:
    """Runs the program as the kernel does (its documentation: networking/filter)."""
    packet, accumulator, at = bytes(early.UDP_HEADER) + payload, 0, 0
    widths = {early._BYTE: 1, early._HALF: 2, early._WORD: 4}
    while True:
        code, when, otherwise, value = early.program()[at]
        at += 1
        if code == early._RETURN:
            return value > 0
        if code == early._LENGTH:
            accumulator = len(packet)
        elif code in widths:
            if value + widths[code] > len(packet):
                return False
            accumulator = int.from_bytes(packet[value : value + widths[code]], "big")
        else:
            met = accumulator == value if code == early._EQUAL else accumulator >= value
            at += when if met else otherwise


def wanted(payload: bytes) -> bool:
    """RFC 7983 §7, with a request's type and cookie, and DTLS's major version."""
    if len(payload) < early.SHORTEST:
        return False
    first = payload[0]
    if first < 4:
        return payload[:2] == b"\0\1" and payload[4:8] == COOKIE
    return 127 < first < 192 or (19 < first < 64 and payload[1] == 0xFE)


starts = st.sampled_from([b"", CHECK, b"\x16\xfe\xfd", b"\x80\x6f", b"\x13\xfe", b"\x40\xfe"])
payloads = st.builds(lambda start, rest: start + rest, starts, st.binary(max_size=40))


@given(payloads)
@example(CHECK)
@example(b"\x16\xfe\xfd" + bytes(9))
@example(b"\x16\xfe\xfd" + bytes(8))
def test_program_keeps_exactly_what_could_be_a_peers(payload: bytes) -> None:
    """Kills: any jump that is one off."""
    assert verdict(payload) == wanted(payload)


@pytest.mark.skipif(not early.LINUX, reason="classic BPF is Linux's")
def test_kernel_runs_the_program_and_counts_what_it_dropped() -> None:
    taking, giving = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    assert early.attach(taking)
    taking.bind(("127.0.0.1", 0))
    taking.settimeout(10)
    giving.connect(taking.getsockname())
    sent = [bytes((first, 0xFE)) + bytes(20) for first in range(256)] + [b"", bytes(11), CHECK]
    for payload in sent:
        giving.send(payload)
    expected = [payload for payload in sent if wanted(payload)]
    assert [taking.recv(100) for _ in expected] == expected
    assert early.dropped(taking) == len(sent) - len(expected)
    taking.close()
    giving.close()


def test_system_without_such_filters_goes_on_without() -> None:
    class Without(socket.socket):
        def setsockopt(self, *_: object) -> None:
            raise OSError

    with Without(socket.AF_INET, socket.SOCK_DGRAM) as made:
        assert not early.attach(made)
