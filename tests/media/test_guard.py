"""What strangers and liars send: no media, no memory, and nobody's session ends."""

import os
import random

from server.media import early, stun
from server.media.dtls import Handshake, Identity
from server.media.messages import PeerClosed
from server.media.reasons import CloseReason
from tests.media.client_peer import ClientPeer
from tests.media.running import ROOM, People, allowed

GARBAGE = 10_000


async def stranger_to(people: People, peer: ClientPeer) -> ClientPeer:
    """A socket that belongs to nobody, aimed at the node."""
    stranger = ClientPeer("stranger")
    stranger.candidates = peer.candidates
    await stranger.open()
    return stranger


def taken(people: People) -> int:
    """Datagrams that reached the process, or that the kernel dropped before."""
    return people.node.counters.received + early.dropped(people.process.socket)


async def still_flows(people: People, first: ClientPeer, second: ClientPeer) -> bool:
    """Whether a new key frame of the first reaches the second."""
    before = len(second.arrived)
    first.show(key=True)
    await second.until(lambda: len(second.arrived) > before)
    return second.arrived[-1].mark == "first"


async def test_wrong_certificate_gets_no_media_and_is_closed(people: People) -> None:
    first = await people.join("first")
    people.client.apply(people.want(liar=allowed()))
    liar = ClientPeer("liar")
    liar.fingerprint = Identity().fingerprint  # not the one it will show
    await people.offered("liar", liar)
    await liar.open()
    await liar.check()
    assert liar.handshake is not None
    liar.handshake.advance()
    liar._flush()
    closed = PeerClosed(room=ROOM, peer="liar", generation=1, reason=CloseReason.WRONG_CERTIFICATE)
    await people.until_told(closed)
    first.show(key=True)
    source = people.node.rooms[ROOM].peers["first"].leg.publications["video"].layers[0]
    await people.until(lambda: source.packets == 1)
    assert (liar.arrived, people.node.counters.forwarded) == ([], 0)
    liar.close()


async def test_forged_ufrag_costs_a_lookup_and_moves_nobody(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    stranger = await stranger_to(people, first)
    transaction = os.urandom(12)
    unknown = stun.request(transaction, "nobody:x", b"password", nominating=True)
    ufrag = first.remote[0]
    forged = stun.request(transaction, f"{ufrag}:x", b"not the password", nominating=True)
    stranger.send_raw(unknown)
    stranger.send_raw(forged)
    counters = people.node.counters
    await people.until(lambda: (counters.stun_unknown, counters.stun_forged) == (1, 1))
    assert stranger.replies == {}
    assert counters.moved == 0
    assert await still_flows(people, first, second)
    stranger.close()


async def test_replayed_check_from_elsewhere_moves_nobody(people: People) -> None:
    """Kills: leaving out the comparison of the transaction's address in `IceAgent._is_new`."""
    first, second = await people.join("first"), await people.join("second")
    check = await second.check()
    stranger = await stranger_to(people, first)
    stranger.send_raw(check)
    await people.until(lambda: people.node.counters.stun_replayed == 1)
    assert await still_flows(people, first, second)
    assert (stranger.replies, people.node.counters.moved) == ({}, 0)
    stranger.close()


async def test_empty_and_garbage_datagrams_are_counted_and_dropped(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    stranger = await stranger_to(people, first)
    before = taken(people)
    chance = random.Random(5)
    for number in range(GARBAGE):
        size = 0 if number % 4 == 0 else chance.randrange(1, 200)
        stranger.send_raw(chance.randbytes(size))
        if number % 100 == 99:  # a full socket buffer would drop what the test counts
            await people.until(lambda n=number: taken(people) - before > n)
    counters = people.node.counters
    assert (counters.faults, counters.dtls_failed, counters.moved) == (0, 0, 0)
    assert await still_flows(people, first, second)
    stranger.close()


async def test_garbage_from_a_peer_ends_nobodys_session(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    chance = random.Random(6)
    before = taken(people)
    for first_byte in range(256):
        for size in (1, 11, 12, 13, 40):
            first.send_raw(bytes((first_byte,)) + chance.randbytes(size - 1))
    first.send_raw(b"")
    await people.until(lambda: taken(people) - before >= 256 * 5 + 1)
    assert people.node.counters.faults == 0
    assert await still_flows(people, first, second)


async def test_client_hello_from_a_third_address_is_dropped(people: People) -> None:
    first = await people.join("first")
    people.client.apply(people.want(second=allowed()))
    second = ClientPeer("second")
    people.peers["second"] = second
    await people.offered("second", second)
    stranger = await stranger_to(people, first)
    hello = Handshake(Identity(), b"", server=False)
    hello.advance()
    for datagram in hello.sending():
        stranger.send_raw(datagram)
    await people.until(lambda: people.node.counters.dtls_unknown == 1)
    await second.connect()
    await people.until(lambda: people.leg_connected("second"))
    assert await still_flows(people, first, second)
    stranger.close()


async def test_replayed_media_is_refused(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    first.show(key=True)
    await second.until(lambda: second.arrived)
    packet = first.video.sent[first.video.sequence]
    stranger = await stranger_to(people, first)
    replay = first.seal(packet)
    first.send_raw(replay)
    stranger.send_raw(replay)
    await people.until(lambda: people.node.counters.srtp_refused == 2)
    assert (len(second.arrived), people.node.counters.moved) == (1, 0)
    stranger.close()


async def test_address_of_a_live_peer_cannot_be_taken(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    second.remote = first.remote  # a member of the room that uses another's credentials
    request = second.check_request()
    second.send_raw(request)
    await people.until(lambda: people.node.counters.address_taken == 1)
    assert request[8:20] not in second.replies
    assert await still_flows(people, first, second)
