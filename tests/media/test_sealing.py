"""The shortcut seals as the library does, refuses what it refuses, and steps aside."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Error, Policy, Session

from server.media import sealing
from server.media.dtls import PROFILES, Profile, _session
from server.media.sealing import sealer

LONGEST = 1500 - sealing.TRAILER


def session(profile: Profile = PROFILES[0]) -> Session:
    """The same keys each time."""
    return _session(profile, bytes(profile.key + profile.salt), Policy.SSRC_ANY_OUTBOUND)


packets = st.lists(
    st.builds(
        lambda number, ssrc, rest: (
            b"\x80\x60" + number.to_bytes(2, "big") + bytes(4) + ssrc.to_bytes(4, "big") + rest
        ),
        st.integers(0, 0x7FFF),
        st.integers(1, 3),
        st.binary(max_size=1200),
    ),
    max_size=8,
)


def outcome(seal: object, packet: bytes) -> bytes | type[Exception]:
    """What comes of it: the sealed packet, or the kind of the exception."""
    assert callable(seal)
    try:
        sealed: bytes = seal(packet)
    except Exception as error:
        return type(error)
    return sealed


@pytest.mark.parametrize("profile", PROFILES)
@given(packets)
def test_every_packet_is_sealed_as_the_library_seals_it(
    profile: Profile, given: list[bytes]
) -> None:
    """Kills: a length left over from the packet before."""
    ours, theirs = sealer(session(profile)), session(profile).protect
    assert [outcome(ours, packet) for packet in given] == [outcome(theirs, p) for p in given]


@pytest.mark.parametrize("packet", [b"", b"\x80" * 11, bytes(LONGEST + 1), bytes(3000)])
def test_packet_that_cannot_be_sealed_raises_as_with_the_library(packet: bytes) -> None:
    assert outcome(sealer(session()), packet) == outcome(session().protect, packet)
    assert outcome(sealer(session()), packet) in (Error, ValueError)


def test_longest_packet_is_sealed() -> None:
    packet = b"\x80\x60" + bytes(LONGEST - 2)
    assert sealer(session())(packet) == session().protect(packet)


def test_sealer_keeps_its_session_alive() -> None:
    seal = sealer(session())
    gc.collect()
    assert seal(b"\x80\x60" + bytes(40)) == session().protect(b"\x80\x60" + bytes(40))


def test_shortcut_is_taken_with_the_library_that_is_locked() -> None:
    assert sealer(session()).__name__ == "seal"


def test_library_with_another_inside_is_used_by_its_public_face(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sealing, "lib", None)
    one = session()
    assert sealer(one) == one.protect
