"""SRTP as the node sets it up, against RFC 3711 and RFC 7714.

The library derives its session keys from a master key and cannot be handed the vectors' own. So
the RFCs' transforms are written down here, proved by the RFCs' vectors, and what the node seals
and opens must be what they say.
"""

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Error, Policy

from server.media.dtls import PROFILES, Profile, _master, _session

h = bytes.fromhex
# RFC 3711 B.3
MASTER_KEY = h("e1f97a0d3e018be0d64fa32c06de4139")
MASTER_SALT = h("0ec675ad498afeebb6960b3aabe6")
CIPHER_KEY = h("c61e7a93744f39ee10734afe3ff7a087")
CIPHER_SALT = h("30cbbc08863d8c85d49db34a9ae1")
# RFC 7714 §16 and §17: the keys count up from 0
SALT = b"Quid pro quo"
RTP = h("8040f17b8041f8d35501a0b2") + b"Gallia est omnis divisa in partes tres"
SEALED_128 = h(  # §16.1.1
    "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b"
    "36de3adf8833899d7f27beb16a9152cf765ee4390cce"
)
SEALED_256 = h(  # §16.2.1
    "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f"
    "1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13"
)
RTCP = h(
    "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeef"
    "deadbeefdeadbeef"
)
RTCP_INDEX = 0x5D4
SEALED_RTCP_128 = h(  # §17.1
    "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b46"
    "86303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4"
)


def derived(master: bytes, salt: bytes, label: int, size: int) -> bytes:
    """A session key (RFC 3711 §4.3.1; a salt of 96 bits is padded on the right, RFC 7714 §11)."""
    start = int.from_bytes(salt.ljust(14, b"\0"), "big") ^ label << 48
    counter = modes.CTR((start << 16).to_bytes(16, "big"))
    return Cipher(algorithms.AES(master), counter).encryptor().update(bytes(size))


def mixed(salt: bytes, ssrc: bytes, number: int) -> bytes:
    """The IV: two zero bytes, SSRC and packet number (RFC 7714 §8.1 and §9.1), under the salt."""
    plain = bytes(2) + ssrc + number.to_bytes(6, "big")
    return bytes(a ^ b for a, b in zip(plain, salt, strict=True))


def sealed_rtp(key: bytes, salt: bytes, packet: bytes, roll_over: int = 0) -> bytes:
    """RFC 7714 §8.2, for a packet whose header has 12 bytes."""
    number = roll_over << 16 | int.from_bytes(packet[2:4], "big")
    iv = mixed(salt, packet[8:12], number)
    return packet[:12] + AESGCM(key).encrypt(iv, packet[12:], packet[:12])


def sealed_rtcp(key: bytes, salt: bytes, packet: bytes, index: int) -> bytes:
    """RFC 7714 §9.2, encrypted."""
    word = (1 << 31 | index).to_bytes(4, "big")
    iv = mixed(salt, packet[4:8], index)
    return packet[:8] + AESGCM(key).encrypt(iv, packet[8:], packet[:8] + word) + word


def test_rfc3711_keys_are_derived() -> None:
    assert derived(MASTER_KEY, MASTER_SALT, 0, 16) == CIPHER_KEY
    assert derived(MASTER_KEY, MASTER_SALT, 2, 14) == CIPHER_SALT


@pytest.mark.parametrize(("size", "expected"), [(16, SEALED_128), (32, SEALED_256)])
def test_rfc7714_packet_is_sealed(size: int, expected: bytes) -> None:
    assert sealed_rtp(bytes(range(size)), SALT, RTP) == expected


def test_rfc7714_control_packet_is_sealed() -> None:
    assert sealed_rtcp(bytes(range(16)), SALT, RTCP, RTCP_INDEX) == SEALED_RTCP_128


AEAD = PROFILES[:2]
packets = st.builds(
    lambda number, rest: b"\x80\x60" + number.to_bytes(2, "big") + rest,
    st.integers(0, 0x7FFF),  # above, a first packet's roll-over count is a guess (RFC 3711 §3.3.1)
    st.binary(min_size=8, max_size=1200),
)


def masters(profile: Profile) -> st.SearchStrategy[bytes]:
    """Key and salt."""
    size = profile.key + profile.salt
    return st.binary(min_size=size, max_size=size)


@pytest.mark.parametrize("profile", AEAD)
@given(st.data())
def test_node_seals_and_opens_as_rfc7714_says(profile: Profile, data: st.DataObject) -> None:
    """Kills: another profile for a number, or key and salt cut at another place."""
    master, packet = data.draw(masters(profile)), data.draw(packets)
    key, salt = master[: profile.key], master[profile.key :]
    expected = sealed_rtp(
        derived(key, salt, 0, profile.key), derived(key, salt, 2, profile.salt), packet
    )
    assert _session(profile, master, Policy.SSRC_ANY_OUTBOUND).protect(packet) == expected
    assert _session(profile, master, Policy.SSRC_ANY_INBOUND).unprotect(expected) == packet


@pytest.mark.parametrize("profile", AEAD)
def test_node_seals_control_as_rfc7714_says(profile: Profile) -> None:
    master = bytes(range(profile.key + profile.salt))
    key, salt = master[: profile.key], master[profile.key :]
    keys = derived(key, salt, 3, profile.key), derived(key, salt, 5, profile.salt)
    session = _session(profile, master, Policy.SSRC_ANY_OUTBOUND)
    assert [session.protect_rtcp(RTCP) for _ in range(2)] == [
        sealed_rtcp(*keys, RTCP, index) for index in (1, 2)
    ]


@pytest.mark.parametrize("profile", PROFILES)
@given(st.data())
def test_packet_that_was_changed_anywhere_is_refused(profile: Profile, data: st.DataObject) -> None:
    master = bytes(profile.key + profile.salt)
    sealed = _session(profile, master, Policy.SSRC_ANY_OUTBOUND).protect(RTP)
    at = data.draw(st.integers(0, len(sealed) - 1))
    changed = bytearray(sealed)
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Error):
        _session(profile, master, Policy.SSRC_ANY_INBOUND).unprotect(bytes(changed))


@pytest.mark.parametrize("profile", PROFILES)
def test_packet_that_came_before_is_refused(profile: Profile) -> None:
    master = bytes(profile.key + profile.salt)
    sealed = _session(profile, master, Policy.SSRC_ANY_OUTBOUND).protect(RTP)
    receiving = _session(profile, master, Policy.SSRC_ANY_INBOUND)
    assert receiving.unprotect(sealed) == RTP
    with pytest.raises(Error, match="replay"):
        receiving.unprotect(sealed)


def test_sides_take_their_own_part_of_the_exported_keys() -> None:
    """RFC 5764 §4.2: client key, server key, client salt, server salt."""
    profile = PROFILES[0]
    material = b"C" * 16 + b"S" * 16 + b"c" * 12 + b"s" * 12
    assert _master(material, profile, 0) == b"C" * 16 + b"c" * 12
    assert _master(material, profile, 1) == b"S" * 16 + b"s" * 12
