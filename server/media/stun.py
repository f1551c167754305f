"""STUN binding requests as an ICE-lite agent needs them, and nothing else (RFC 5389, RFC 8445).

Pure: bytes in, values out. Owns the layout of messages. Must not know peers or sockets. A
request is read in two steps so that one with an unknown user costs no cryptography: `read`,
then `authentic` once the password is known.
"""

import hmac
import ipaddress
import zlib
from dataclasses import dataclass
from struct import Struct

PRIORITY, CONTROLLING = 0x0024, 0x802A  # RFC 8445 §16.1
PEER_REFLEXIVE = (110 << 24 | 65535 << 8 | 255).to_bytes(4, "big")  # §5.1.2.1
COOKIE = 0x2112A442
REQUEST, SUCCESS = 0x0001, 0x0101
USERNAME, INTEGRITY, XOR_MAPPED_ADDRESS = 0x0006, 0x0008, 0x0020
USE_CANDIDATE, FINGERPRINT, CONTROLLED = 0x0025, 0x8028, 0x8029
FINGERPRINT_XOR = 0x5354554E
_HEADER = Struct("!HHI12s")
_ATTRIBUTE = Struct("!HH")


@dataclass(frozen=True, slots=True)
class BindingRequest:
    """A check by a full agent. `signed` is how many bytes INTEGRITY covers (RFC 5389 §15.4)."""

    transaction: bytes
    username: str
    nominating: bool
    controlled: bool
    signed: int


def read(datagram: bytes) -> BindingRequest | None:
    """The request, or None for anything that is not one with USERNAME and INTEGRITY.

    Attributes behind INTEGRITY are not covered by it and are not read (RFC 5389 §15.4).
    """
    if len(datagram) < 20 or len(datagram) % 4:
        return None
    kind, length, cookie, transaction = _HEADER.unpack_from(datagram)
    if kind != REQUEST or cookie != COOKIE or length != len(datagram) - 20:
        return None
    username, nominating, controlled, at = "", False, False, 20
    while at + 4 <= len(datagram):
        name, size = _ATTRIBUTE.unpack_from(datagram, at)
        value = datagram[at + 4 : at + 4 + size]
        if len(value) != size:
            return None
        if name == INTEGRITY:
            complete = username and size == 20
            request = BindingRequest(transaction, username, nominating, controlled, at)
            return request if complete else None
        if name == USERNAME:
            username = value.decode("ascii", "replace")
        nominating = nominating or name == USE_CANDIDATE
        controlled = controlled or name == CONTROLLED
        at += 4 + size + -size % 4
    return None


def authentic(datagram: bytes, request: BindingRequest, password: bytes) -> bool:
    """Whether INTEGRITY is the HMAC-SHA1 under this password (short-term, RFC 5389 §15.4)."""
    at = request.signed
    return hmac.compare_digest(datagram[at + 4 : at + 24], _digest(datagram[:at], password))


def success(transaction: bytes, address: tuple[str, int], password: bytes) -> bytes:
    """The response that returns the address its request came from, signed."""
    mapped = _attribute(XOR_MAPPED_ADDRESS, _xor_address(address, transaction))
    body = _HEADER.pack(SUCCESS, len(mapped), COOKIE, transaction) + mapped
    signed = body + _attribute(INTEGRITY, _digest(body, password))
    return with_fingerprint(_with_length(signed, len(signed) - 20))


def request(transaction: bytes, username: str, password: bytes, *, nominating: bool) -> bytes:
    """A check as a controlling agent sends it; the node itself never asks, its tests do."""
    attributes = _attribute(USERNAME, username.encode())
    attributes += _attribute(PRIORITY, PEER_REFLEXIVE) + _attribute(CONTROLLING, transaction[:8])
    if nominating:
        attributes += _attribute(USE_CANDIDATE, b"")
    body = _HEADER.pack(REQUEST, len(attributes), COOKIE, transaction) + attributes
    signed = body + _attribute(INTEGRITY, _digest(body, password))
    return with_fingerprint(_with_length(signed, len(signed) - 20))


def with_fingerprint(body: bytes) -> bytes:
    """Appends FINGERPRINT (RFC 5389 §15.5): a CRC-32 over the message with its final length."""
    lengthened = _with_length(body, len(body) - 20 + 8)
    crc = zlib.crc32(lengthened) ^ FINGERPRINT_XOR
    return lengthened + _attribute(FINGERPRINT, crc.to_bytes(4, "big"))


def _digest(covered: bytes, password: bytes) -> bytes:
    """HMAC-SHA1 over what comes before INTEGRITY, with the length as if that were the last."""
    lengthened = _with_length(covered, len(covered) - 20 + 24)
    return hmac.digest(password, lengthened, "sha1")


def _with_length(body: bytes, length: int) -> bytes:
    return body[:2] + length.to_bytes(2, "big") + body[4:]


def _attribute(name: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(name, len(value)) + value + bytes(-len(value) % 4)


def _xor_address(address: tuple[str, int], transaction: bytes) -> bytes:
    """RFC 5389 §15.2: port and address under the cookie (and the transaction for IPv6)."""
    host = ipaddress.ip_address(address[0].partition("%")[0])
    if isinstance(host, ipaddress.IPv6Address):  # a socket of both families shows IPv4 mapped
        host = host.ipv4_mapped or host
    mask = COOKIE.to_bytes(4, "big") + transaction
    packed = bytes(a ^ b for a, b in zip(host.packed, mask, strict=False))
    family = 1 if host.version == 4 else 2
    return bytes((0, family)) + (address[1] ^ COOKIE >> 16).to_bytes(2, "big") + packed
