"""The door of the media path: which handshakes are let through, with no socket between them."""

from collections.abc import Callable

import pytest
from OpenSSL import SSL

from server.media import dtls
from server.media.description import Refusal, read_offer
from server.media.dtls import MTU, Handshake, Identity, State
from tests.media.client_peer import ClientPeer


def played(prepare: Callable[[SSL.Context], None]) -> tuple[Handshake, Handshake]:
    """The node's side and a client's whose context was prepared, as far as they come."""
    node, browser = Identity(), Identity()
    prepare(browser.context)
    server = Handshake(node, browser.digest)
    client = Handshake(browser, node.digest, server=False)
    client.advance()
    said = True
    while said:
        forth, back = list(client.sending()), list(server.sending())
        for datagram in forth:
            server.receive(datagram)
        for datagram in back:
            client.receive(datagram)
        said = bool(forth or back)
    return server, client


def test_flights_are_one_datagram_or_two() -> None:
    """Seven was what a memory without an MTU made of the first one: each may be lost. Kills: a
    record a datagram; OpenSSL without OP_NO_QUERY_MTU."""
    node, browser = Identity(), Identity()
    server = Handshake(node, browser.digest)
    client = Handshake(browser, node.digest, server=False)
    client.advance()
    flights: list[int] = []
    while sent := list(client.sending()):
        for datagram in sent:
            server.receive(datagram)
        answered = list(server.sending())
        assert all(len(datagram) <= MTU for datagram in (*sent, *answered))
        flights.append(len(answered))
        for datagram in answered:
            client.receive(datagram)
    assert (server.state, client.state, flights) == (State.DONE, State.DONE, [1, 1])


def test_record_that_does_not_fit_beside_the_others_goes_into_the_next_datagram() -> None:
    """Whole records only, in their order. The flight is made longer by cutting it at 400 bytes."""
    node, browser = Identity(), Identity()
    server = Handshake(node, browser.digest)
    client = Handshake(browser, node.digest, server=False)
    client.advance()
    for datagram in client.sending():
        server.receive(datagram)
    with pytest.MonkeyPatch.context() as small:
        small.setattr(dtls, "MTU", 400)
        sent = list(server.sending())
    assert len(sent) > 1
    for datagram in sent:
        assert records(datagram)[-1] == len(datagram) <= 400
        client.receive(datagram)
    for datagram in client.sending():
        server.receive(datagram)
    assert server.state is State.DONE


def records(datagram: bytes) -> list[int]:
    """Where each record of it ends."""
    ends = [0]
    while ends[-1] + 13 <= len(datagram):
        length = int.from_bytes(datagram[ends[-1] + 11 : ends[-1] + 13], "big")
        ends.append(ends[-1] + 13 + length)
    return ends


def offers(*profiles: bytes) -> Callable[[SSL.Context], None]:
    """A client of these SRTP profiles."""
    return lambda context: context.set_tlsext_use_srtp(b":".join(profiles))


@pytest.mark.parametrize(
    ("profiles", "tag"),
    [
        ((b"SRTP_AEAD_AES_128_GCM",), 16),
        ((b"SRTP_AES128_CM_SHA1_80", b"SRTP_AEAD_AES_256_GCM", b"SRTP_AEAD_AES_128_GCM"), 16),
        ((b"SRTP_AES128_CM_SHA1_80",), 10),
    ],
)
def test_strongest_common_profile_is_taken(profiles: tuple[bytes, ...], tag: int) -> None:
    """The node's order decides, and both sides open what the other sealed."""
    server, client = played(offers(*profiles))
    ours, theirs = server.sessions(), client.sessions()
    assert ours is not None
    assert theirs is not None
    packet = b"\x80\x60" + bytes(30)
    sealed = theirs[1].protect(packet)
    assert ours[0].unprotect(sealed) == packet
    assert theirs[0].unprotect(ours[1].protect(packet)) == packet
    assert len(sealed) == len(packet) + tag


def no_certificate(context: SSL.Context) -> None:
    """A client that shows none."""
    context.__init__(SSL.DTLS_METHOD)  # type: ignore[misc]
    context.set_tlsext_use_srtp(b"SRTP_AEAD_AES_128_GCM")


@pytest.mark.parametrize(
    "weak",
    [
        lambda context: context.set_cipher_list(b"ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"),
        lambda context: context.set_cipher_list(b"ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0"),
        lambda context: context.set_cipher_list(b"ECDHE-ECDSA-NULL-SHA:eNULL:@SECLEVEL=0"),
        lambda context: context.set_cipher_list(b"AECDH-AES128-SHA:aNULL:@SECLEVEL=0"),
        no_certificate,
    ],
    ids=["cbc-sha", "cbc-sha384", "null", "anonymous", "no-certificate"],
)
def test_weak_suites_and_no_certificate_are_refused(weak: Callable[[SSL.Context], None]) -> None:
    server, _ = played(weak)
    assert server.state is State.FAILED
    assert server.sessions() is None


def test_version_before_dtls_1_2_is_refused() -> None:
    def old(context: SSL.Context) -> None:
        context.set_cipher_list(b"ALL:@SECLEVEL=0")
        context.set_max_proto_version(0xFEFF)  # DTLS 1.0 (RFC 4347 §4.1)

    server, _ = played(old)
    assert server.state is State.FAILED


def test_short_tags_give_no_keys() -> None:
    """The handshake itself is done; the node closes a peer without keys as handshake_failed."""
    server, _ = played(offers(b"SRTP_AES128_CM_SHA1_32"))
    assert server.sessions() is None


def test_certificate_that_was_not_described_gives_no_keys() -> None:
    node, browser, other = Identity(), Identity(), Identity()
    server = Handshake(node, other.digest)
    client = Handshake(browser, node.digest, server=False)
    client.advance()
    while server.state is State.PENDING:
        for datagram in client.sending():
            server.receive(datagram)
        for datagram in server.sending():
            client.receive(datagram)
    assert server.state is State.WRONG_CERTIFICATE
    assert server.sessions() is None


CRYPTO = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR"


@pytest.mark.parametrize(
    "change",
    [
        lambda sdp: sdp.replace("UDP/TLS/RTP/SAVPF", "RTP/SAVPF"),
        lambda sdp: without(sdp, "a=fingerprint"),
        lambda sdp: without(sdp, "a=fingerprint").replace("a=setup", CRYPTO + "\r\na=setup"),
    ],
)
def test_keys_in_the_description_are_refused(change: Callable[[str], str]) -> None:
    """SDES (RFC 4568) is never media: a fingerprint is required, whatever else is offered."""
    assert read_offer(change(ClientPeer("someone").offer())) == Refusal("media.offer_malformed")


def test_keys_in_the_description_beside_a_fingerprint_are_not_read() -> None:
    plain = ClientPeer("someone").offer()
    assert read_offer(plain.replace("a=setup", CRYPTO + "\r\na=setup")) == read_offer(plain)


def without(sdp: str, start: str) -> str:
    """The description without such lines."""
    return "\r\n".join(line for line in sdp.split("\r\n") if not line.startswith(start))
