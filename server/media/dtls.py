"""DTLS 1.2 as the server, and the SRTP keys that come of it (RFC 5764).

Owns the node's certificate, one context for all peers, and the check of the peer's certificate
against its description. No key leaves before that check. Must not know addresses or rooms.
"""

import datetime
import hmac
from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL
from pylibsrtp import Policy, Session

RECORD_HEADER: Final = 13  # bytes (RFC 6347 §4.1)
MTU: Final = 1200  # bytes of one handshake datagram
WINDOW: Final = 1024  # packets of libsrtp's replay window
CIPHERS: Final = b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305"


class Profile(NamedTuple):
    """An SRTP protection profile: its name in OpenSSL, its number in libsrtp, sizes in bytes."""

    name: bytes
    number: int
    key: int
    salt: int


# The server's order decides. Both AEAD profiles are RFC 7714's; the last is for older phones.
PROFILES: Final = (
    Profile(b"SRTP_AEAD_AES_128_GCM", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    Profile(b"SRTP_AEAD_AES_256_GCM", Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12),
    Profile(b"SRTP_AES128_CM_SHA1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
)


class State(Enum):
    """How far a handshake came."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    WRONG_CERTIFICATE = "wrong_certificate"
    CLOSED = "closed"  # the peer said goodbye, authentically


class Identity:
    """A certificate of this run of the process and the context that shows it."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(key)
        self.digest = certificate.fingerprint(hashes.SHA256())
        self.fingerprint = self.digest.hex(":").upper()
        self.context = SSL.Context(SSL.DTLS_METHOD)
        # Without the last OpenSSL asks the memory for its MTU, gets none, and cuts the
        # certificate into pieces of 200 bytes.
        self.context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_QUERY_MTU)
        # A connection is silent between its handshake and its goodbye: it keeps no buffers.
        self.context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        demand = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
        self.context.set_verify(demand, _any_certificate)
        self.context.use_certificate(certificate)
        self.context.use_privatekey(key)
        self.context.set_cipher_list(CIPHERS)
        self.context.set_tlsext_use_srtp(b":".join(profile.name for profile in PROFILES))


def _any_certificate(*_: object) -> bool:
    """Peers sign their own; the fingerprint decides, after the handshake."""
    return True


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Self-signed, with no name that says anything (RFC 8827 §6.5)."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "media")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + 30 * day)
        .sign(key, hashes.SHA256())
    )


class Handshake:
    """One peer's DTLS connection, fed with datagrams. `fingerprint` is what it must show."""

    def __init__(self, identity: Identity, fingerprint: bytes, *, server: bool = True) -> None:
        self.state = State.PENDING
        self._fingerprint = fingerprint
        self._server = server
        self._ssl = SSL.Connection(identity.context)
        self._ssl.set_ciphertext_mtu(MTU)
        if server:
            self._ssl.set_accept_state()
        else:
            self._ssl.set_connect_state()

    def receive(self, datagram: bytes) -> None:
        """Takes one datagram; `state` and `sending` hold the result."""
        if len(datagram) < RECORD_HEADER:
            return
        self._ssl.bio_write(datagram)
        if self.state is State.PENDING:
            self.advance()
        else:
            self._listen()

    def advance(self) -> None:
        """Goes as far as what has arrived allows."""
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            return
        except SSL.Error:
            self.state = State.FAILED
            return
        self.state = State.DONE if self._certified() else State.WRONG_CERTIFICATE

    def _certified(self) -> bool:
        shown = self._ssl.get_peer_certificate(as_cryptography=True)
        if shown is None:
            return False
        return hmac.compare_digest(shown.fingerprint(hashes.SHA256()), self._fingerprint)

    def _listen(self) -> None:
        """After the handshake only a goodbye means something; the rest is read and forgotten.

        All records of the datagram, so that none stays in memory: each takes at least 13 bytes.
        """
        try:
            while True:
                self._ssl.recv(MTU)
        except SSL.ZeroReturnError:
            self.state = State.CLOSED
        except SSL.Error:
            return

    def on_timer(self) -> None:
        """Repeats a lost flight when it is due (RFC 6347 §4.2.4)."""
        if self.state is State.PENDING:
            self._ssl.DTLSv1_handle_timeout()

    def close(self) -> None:
        """Says goodbye, so that the browser knows at once."""
        try:
            self._ssl.shutdown()
        except SSL.Error:
            return

    def sending(self) -> Iterator[bytes]:
        """What is to be sent now: whole records, as many to a datagram as the MTU takes (RFC 6347
        §4.1.1). So a flight is one datagram or two, and is lost or comes as one."""
        try:
            waiting = self._ssl.bio_read(1 << 16)
        except SSL.Error:
            return
        begin = at = 0
        while at + RECORD_HEADER <= len(waiting):
            end = at + RECORD_HEADER + int.from_bytes(waiting[at + 11 : at + 13], "big")
            if begin < at and end - begin > MTU:
                yield waiting[begin:at]
                begin = at
            at = end
        if begin < at:
            yield waiting[begin:at]

    def sessions(self) -> tuple[Session, Session] | None:
        """SRTP for what comes in and what goes out; None unless DONE with a known profile."""
        selected = self._ssl.get_selected_srtp_profile()
        profile = next((p for p in PROFILES if p.name == selected), None)
        if profile is None or self.state is not State.DONE:
            return None
        size = 2 * (profile.key + profile.salt)
        material = self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", size)
        client, server = (_master(material, profile, side) for side in (0, 1))
        received, sent = (client, server) if self._server else (server, client)
        return (
            _session(profile, received, Policy.SSRC_ANY_INBOUND),
            _session(profile, sent, Policy.SSRC_ANY_OUTBOUND),
        )


def _master(material: bytes, profile: Profile, side: int) -> bytes:
    """Key and salt of one side: keys first, then salts, the client's before (RFC 5764 §4.2)."""
    salts = 2 * profile.key
    key = material[side * profile.key :][: profile.key]
    return key + material[salts + side * profile.salt :][: profile.salt]


def _session(profile: Profile, master: bytes, direction: int) -> Session:
    policy = Policy(key=master, ssrc_type=direction, srtp_profile=profile.number)
    policy.window_size = WINDOW
    policy.allow_repeat_tx = True  # without RTX a repair bears its first number again
    return Session(policy)
