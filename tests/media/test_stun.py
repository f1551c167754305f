"""STUN against the vectors of RFC 5769 and against anything at all."""

from hypothesis import given
from hypothesis import strategies as st

from server.media import stun

PASSWORD = b"VOkJxbRl1RmTxUk/WvJxBt"
TRANSACTION = bytes.fromhex("b7e7a701bc34d686fa87dfae")
REQUEST = bytes.fromhex(  # RFC 5769 §2.1
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74"
    "002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"
)
RESPONSE_V4 = bytes.fromhex(  # RFC 5769 §2.2
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220"
    "002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
    "80280004c07d4c96"
)
RESPONSE_V6_ADDRESS = bytes.fromhex(  # RFC 5769 §2.3: XOR-MAPPED-ADDRESS alone
    "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
)


def test_rfc5769_request_is_read_and_authentic() -> None:
    request = stun.read(REQUEST)
    assert request is not None
    assert (request.transaction, request.username) == (TRANSACTION, "evtj:h6vY")
    assert (request.nominating, request.controlled) == (False, True)
    assert stun.authentic(REQUEST, request, PASSWORD)
    assert not stun.authentic(REQUEST, request, PASSWORD[:-1])


def test_rfc5769_request_changed_in_any_byte_is_not_authentic() -> None:
    """Kills: leaving the header or the attributes out of the digest."""
    for at in range(len(REQUEST) - 8):  # FINGERPRINT comes after what is signed
        changed = bytearray(REQUEST)
        changed[at] ^= 0x01
        request = stun.read(bytes(changed))
        assert request is None or not stun.authentic(bytes(changed), request, PASSWORD)


def test_rfc5769_address_is_written_as_in_the_response() -> None:
    made = stun.success(TRANSACTION, ("192.0.2.1", 32853), PASSWORD)
    assert made[20:32] == RESPONSE_V4[36:48]


def test_rfc5769_ipv6_address_is_written_as_in_the_response() -> None:
    address = ("2001:db8:1234:5678:11:2233:4455:6677", 32853)
    made = stun.success(TRANSACTION, address, PASSWORD)
    assert made[20:44] == RESPONSE_V6_ADDRESS


def test_rfc5769_digests_and_fingerprint_are_ours() -> None:
    """The response of §2.2 rebuilt from its own attributes comes out byte for byte."""
    covered = RESPONSE_V4[:48]
    signed = covered + stun._attribute(stun.INTEGRITY, stun._digest(covered, PASSWORD))
    assert stun.with_fingerprint(signed) == RESPONSE_V4


def test_rfc5769_fingerprint_of_the_request_is_ours() -> None:
    assert stun.with_fingerprint(REQUEST[:-8]) == REQUEST


def test_our_own_request_is_read_back() -> None:
    made = stun.request(TRANSACTION, "node:browser", PASSWORD, nominating=True)
    request = stun.read(made)
    assert request is not None
    assert (request.username, request.nominating) == ("node:browser", True)
    assert stun.authentic(made, request, PASSWORD)


def test_use_candidate_behind_the_integrity_does_not_count() -> None:
    """Kills: reading on after INTEGRITY; anyone could then nominate with a copied check."""
    made = stun.request(TRANSACTION, "node:browser", PASSWORD, nominating=False)[:-8]
    forged = stun._with_length(made + stun._attribute(stun.USE_CANDIDATE, b""), len(made) - 16)
    request = stun.read(forged)
    assert request is not None
    assert not request.nominating


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(datagram: bytes) -> None:
    assert stun.read(datagram) is None or len(datagram) >= 44


@given(st.binary(max_size=100), st.integers(min_value=0, max_value=120))
def test_any_attributes_are_read_or_refused(body: bytes, cut: int) -> None:
    head = stun._HEADER.pack(stun.REQUEST, len(body), stun.COOKIE, TRANSACTION)
    stun.read(head + body)
    stun.read(REQUEST[:cut])
