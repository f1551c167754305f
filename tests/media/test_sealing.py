"""The shortcut seals and opens as the library does, refuses what it refuses, and steps aside."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Error, Policy, Session

from server.media import sealing
from server.media.dtls import PROFILES, Profile, _session
from server.media.sealing import opener, sealer

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


def received(profile: Profile = PROFILES[0]) -> Session:
    """What opens packets of `session`."""
    return _session(profile, bytes(profile.key + profile.salt), Policy.SSRC_ANY_INBOUND)


@pytest.mark.parametrize("profile", PROFILES)
@given(packets)
def test_every_packet_is_sealed_and_opened_as_by_the_library(
    profile: Profile, given: list[bytes]
) -> None:
    """Kills: a length left over from the packet before."""
    ours, theirs = sealer(session(profile)), session(profile).protect
    sealed = [outcome(ours, packet) for packet in given]
    assert sealed == [outcome(theirs, packet) for packet in given]
    arrived = [packet for packet in sealed if isinstance(packet, bytes)]
    arrived = [*arrived, *arrived, *(packet[:-1] for packet in arrived)]  # replays, and cut short
    opens, expected = opener(received(profile)), received(profile).unprotect
    assert [outcome(opens, packet) for packet in arrived] == [outcome(expected, p) for p in arrived]


WRONG = [b"", b"\x80" * 11, bytes(LONGEST + 1), bytes(1501), bytes(3000)]


@pytest.mark.parametrize("packet", WRONG)
def test_packet_that_cannot_be_sealed_raises_as_with_the_library(packet: bytes) -> None:
    assert outcome(sealer(session()), packet) == outcome(session().protect, packet)
    assert outcome(sealer(session()), packet) in (Error, ValueError)


@pytest.mark.parametrize("packet", [*WRONG, b"\x80\x60" + bytes(98)])
def test_packet_that_cannot_be_opened_raises_as_with_the_library(packet: bytes) -> None:
    assert outcome(opener(received()), packet) == outcome(received().unprotect, packet)
    assert outcome(opener(received()), packet) in (Error, ValueError)


def test_longest_packet_is_sealed_and_opened() -> None:
    packet = b"\x80\x60" + bytes(6) + b"\x00\x00\x00\x01" + bytes(LONGEST - 12)
    sealed = sealer(session())(packet)
    assert sealed == session().protect(packet)
    assert opener(received())(sealed) == packet


def test_shortcut_keeps_its_session_alive() -> None:
    packet = b"\x80\x60" + bytes(6) + b"\x00\x00\x00\x01" + bytes(40)
    seal, unseal = sealer(session()), opener(received())
    gc.collect()
    assert seal(packet) == session().protect(packet)
    assert unseal(session().protect(packet)) == packet


def test_shortcut_is_taken_with_the_library_that_is_locked() -> None:
    assert sealer(session()).__name__ == opener(received()).__name__ == "crypt"


def test_library_with_another_inside_is_used_by_its_public_face(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sealing, "lib", None)
    one = session()
    assert (sealer(one), opener(one)) == (one.protect, one.unprotect)
