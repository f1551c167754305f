"""What a node does with rooms that are placed here or elsewhere, and after a sleep."""

import asyncio
import time

from server.media.fan_out.interpreted import InterpretedFanOut
from server.media.messages import Answer, NodeLoad, OfferRefused, PeerClosed
from server.media.placement import SLEPT_SECONDS, Lease, Load, Placement
from server.media.reasons import CloseReason
from tests.media.client_peer import Address, ClientPeer
from tests.media.running import ROOM, People, allowed

HELD = 5


async def offered(people: People, name: str, placement: int) -> tuple[ClientPeer, str]:
    """An offer under this placement; the peer, and the code if it was refused."""
    peer = ClientPeer(name)
    reply = await people.client.offer(ROOM, name, 1, peer.offer(), placement)
    if isinstance(reply, Answer):
        peer.accept(reply.sdp)
    return peer, reply.code if isinstance(reply, OfferRefused) else ""


async def join(people: People, name: str, placement: int = HELD) -> ClientPeer:
    people.client.apply(people.want(**{name: allowed()}))
    peer, code = await offered(people, name, placement)
    assert code == ""
    people.peers[name] = peer
    await peer.connect()
    await people.until(lambda: people.leg_connected(name))
    return peer


def moved(name: str) -> PeerClosed:
    return PeerClosed(room=ROOM, peer=name, generation=1, reason=CloseReason.MOVED)


async def test_room_that_is_placed_elsewhere_is_let_go_of(people: People) -> None:
    """Kills: keeping who is in; taking offers that were made under the older placement."""
    await join(people, "first")
    people.store.placed[ROOM] = Placement(node="other", generation=HELD + 1)
    await people.until_told(moved("first"))
    assert (await offered(people, "first", HELD))[1] == "media.moved"
    assert (await offered(people, "first", HELD + 1))[1] == "media.moved"


async def test_room_that_comes_back_under_a_newer_placement_is_taken(people: People) -> None:
    await join(people, "first")
    people.store.placed[ROOM] = Placement(node="other", generation=HELD + 1)
    await people.until_told(moved("first"))
    people.store.placed[ROOM] = Placement(node="node", generation=HELD + 2)
    await join(people, "first", HELD + 2)
    reads = people.store.reads
    await people.until(lambda: people.store.reads >= reads + 2)
    assert people.leg_connected("first")


async def test_empty_store_is_told_who_has_the_room(people: People) -> None:
    """Kills: a room that is placed again though it runs."""
    await join(people, "first")
    await people.until(lambda: people.store.placed)
    assert people.store.placed == {ROOM: Placement(node="node", generation=HELD)}


async def test_older_placement_in_the_store_gives_way(people: People) -> None:
    """A store that was restored, or a late writer. Kills: dropping for whatever is written."""
    await join(people, "first")
    people.store.placed[ROOM] = Placement(node="other", generation=HELD - 1)
    await people.until(lambda: people.store.placed[ROOM].node == "node")
    assert people.leg_connected("first")


async def test_room_that_nobody_placed_is_not_announced(people: People) -> None:
    """A control connection that knows no placements places nothing."""
    await people.join("first")
    reads = people.store.reads
    await people.until(lambda: people.store.reads >= reads + 2)
    assert people.store.placed == {}


async def test_node_that_slept_sends_nothing_until_it_has_read_the_placements(
    people: People,
) -> None:
    """The loop stands still, as in a stopped process; what lay in the socket is dropped.

    Kills: a fence that opens by itself; media forwarded from the batch that waited.
    """
    first, second = await join(people, "first"), await join(people, "second")
    counters = people.node.counters
    people.store.away = True
    first.show(key=True)
    time.sleep(SLEPT_SECONDS + 0.2)  # noqa: ASYNC251 - nothing may run meanwhile
    await people.until(lambda: counters.slept)
    first.speak()
    await people.until(lambda: counters.fenced >= 2)
    assert second.arrived == []
    people.store.away = False
    await people.until(lambda: not people.node.fence.closed)

    def heard() -> bool:
        first.speak()
        return bool(second.arrived)

    await first.until(heard)


async def test_node_that_sleeps_between_two_sends_stops_there(people: People) -> None:
    """A process that is stopped does not finish its batch first. Kills: asking the clock once
    for all that came together."""
    first = await join(people, "first")
    others = [await join(people, "second"), await join(people, "third")]
    people.store.away = True
    sent: list[bytes] = []

    def send_and_sleep(datagram: bytes, address: Address) -> None:
        people.process._transmit(datagram, address)
        if not sent and 127 < datagram[0] < 192 and not 191 < datagram[1] < 224:  # no RTCP
            sent.append(datagram)
            time.sleep(SLEPT_SECONDS + 0.2)

    people.node.path.fan_out = InterpretedFanOut(send_and_sleep, people.node.counters)
    first.speak()
    await people.until(lambda: people.node.counters.fenced)
    await people.until(lambda: people.node.counters.slept)
    await people.until(lambda: any(other.arrived for other in others))
    people.store.away = False
    await people.until(lambda: not people.node.fence.closed)
    assert sum(len(other.arrived) for other in others) == 1


async def test_node_that_slept_and_lost_its_room_sends_nothing_at_all(people: People) -> None:
    await join(people, "first")
    people.store.placed[ROOM] = Placement(node="other", generation=HELD + 1)
    time.sleep(SLEPT_SECONDS + 0.2)  # noqa: ASYNC251 - nothing may run meanwhile
    sent = [word for word in people.process.words if isinstance(word, tuple)]
    forwarded = people.node.counters.forwarded
    await people.until_told(moved("first"))
    assert people.node.counters.forwarded == forwarded
    assert sent  # it was connected before


# ---- an end that was asked for -----------------------------------------------------------------


async def test_node_that_ends_waits_for_its_peers_to_go(people: People) -> None:
    """Another node is there. Kills: closing everybody on the signal; waiting for those who have
    left; new peers while it drains."""
    first = await join(people, "first")
    people.store.leases["other"] = other_lease()
    stopping = asyncio.ensure_future(people.process.stop())
    await people.until(
        lambda: any(isinstance(t, NodeLoad) and t.draining for t in people.notifications)
    )
    assert people.store.leases["node"].draining
    assert (await offered(people, "second", HELD))[1] == "media.stopping"
    people.store.placed[ROOM] = Placement(node="other", generation=HELD + 1)
    reads = people.store.reads
    await people.until(lambda: people.store.reads >= reads + 2)
    assert people.leg_connected("first")
    first.leave()
    await stopping
    left = PeerClosed(room=ROOM, peer="first", generation=1, reason=CloseReason.LEFT)
    assert [t for t in people.notifications if isinstance(t, PeerClosed)] == [left]


async def test_node_that_ends_alone_does_not_wait(people: People) -> None:
    """There is nowhere to go. Kills: an installation of one node that ends late."""
    await join(people, "first")
    people.store.leases["ending too"] = other_lease(draining=True)
    await people.process.stop()
    stopped = PeerClosed(room=ROOM, peer="first", generation=1, reason=CloseReason.NODE_STOPPED)
    await people.until_told(stopped)


def other_lease(*, draining: bool = False) -> Lease:
    load = Load(peers=0, packets_per_second=0)
    return Lease(control="unix:/none", port=1, load=load, draining=draining)
