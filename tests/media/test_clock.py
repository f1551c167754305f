"""What the node does by the clock, with a clock of the test's own and no socket."""

from server.media.messages import Answer, DesiredRoom, Notification, Offer, PeerClosed
from server.media.node import FORGET_SECONDS, MediaNode
from server.media.reasons import CloseReason
from server.media.reports import Reports, reception
from server.media.room import SILENT_SECONDS, UNFINISHED_SECONDS
from server.media.sent_log import OCTETS
from server.media.streams import BURST_BYTES, Leg
from tests.media.client_peer import ClientPeer
from tests.media.running import ROOM, MemoryStore, allowed
from tests.media.test_numbering import source_at


class Quiet:
    """A node whose time stands until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.notifications: list[Notification] = []
        self.sent: list[bytes] = []
        self.store = MemoryStore()
        self.node = MediaNode(
            "quiet",
            self.store,
            lambda datagram, _: self.sent.append(datagram),
            lambda _room, _peer, notification: self.notifications.append(notification),
            lambda: self.now,
        )

    async def offered(self, name: str) -> Leg:
        """A wanted peer whose offer is answered, not connected."""
        peers = {name: allowed()}
        desired = DesiredRoom(room=ROOM, epoch="e", version=1, complete=True, peers=peers)
        self.node.apply(desired)
        sdp = ClientPeer(name).offer()
        offer = Offer(request=1, room=ROOM, peer=name, generation=1, sdp=sdp)
        assert isinstance(await self.node.offer(offer), Answer)
        return self.node.rooms[ROOM].peers[name].leg

    def after(self, seconds: float) -> list[Notification]:
        """The notifications when so much more time has passed."""
        self.notifications.clear()
        self.now += seconds
        self.node.tick()
        return list(self.notifications)


async def test_handshake_that_is_not_done_in_ten_seconds_is_given_up() -> None:
    quiet = Quiet()
    await quiet.offered("first")
    assert quiet.after(UNFINISHED_SECONDS) == []
    closed = PeerClosed(room=ROOM, peer="first", generation=1, reason=CloseReason.UNFINISHED)
    assert quiet.after(0.1) == [closed]
    assert quiet.node.rooms[ROOM].peers == {}


async def test_peer_that_sends_nothing_valid_for_fifteen_seconds_is_closed() -> None:
    quiet = Quiet()
    leg = await quiet.offered("first")
    leg.connected, leg.heard = True, quiet.now
    assert quiet.after(SILENT_SECONDS) == []
    leg.heard = quiet.now
    assert quiet.after(SILENT_SECONDS) == []
    closed = PeerClosed(room=ROOM, peer="first", generation=1, reason=CloseReason.SILENT)
    assert quiet.after(0.1) == [closed]


async def test_stopped_node_closes_everyone_and_takes_nobody() -> None:
    quiet = Quiet()
    await quiet.offered("first")
    quiet.node.stop()
    assert quiet.notifications == [
        PeerClosed(room=ROOM, peer="first", generation=1, reason=CloseReason.NODE_STOPPED)
    ]
    offer = Offer(request=2, room=ROOM, peer="first", generation=1, sdp="")
    reply = await quiet.node.offer(offer)
    assert (reply.type, getattr(reply, "code", "")) == ("offer_refused", "media.stopping")


async def test_room_without_peers_is_forgotten_after_a_while() -> None:
    quiet = Quiet()
    await quiet.offered("first")
    quiet.node.stop()
    for _ in range(4):
        quiet.after(0.05)
    assert list(quiet.node.rooms) == [ROOM]
    for _ in range(4):
        quiet.after(FORGET_SECONDS)
    assert list(quiet.node.rooms) == []


def report(reports: Reports, legs: list[Leg]) -> None:
    """One tick, in one go."""
    for _ in reports.steps(legs, lambda: 0.0, lambda: 0.0):
        pass


async def test_budget_for_repairs_follows_what_was_sent() -> None:
    """Kills: a budget that only falls, or one without a ceiling."""
    quiet = Quiet()
    leg = Leg()
    leg.connected = True
    reports = Reports(quiet.node.path.repairs)
    leg.budget = 0.0
    report(reports, [leg])
    floor = leg.budget
    assert floor > 0
    leg.budget, leg.sent.counts[OCTETS] = 0.0, 10_000
    report(reports, [leg])
    assert (leg.budget, leg.sent.counts[OCTETS]) == (2500 + floor, 0)
    leg.sent.counts[OCTETS] = 10_000_000
    report(reports, [leg])
    assert leg.budget == BURST_BYTES


def test_report_block_counts_what_was_lost_since_the_last() -> None:
    source = source_at(100, 0, 0, 0)
    source.base = source.index + 1
    source.ssrc = 5
    source.index += 10
    source.packets = 5
    first = reception(source, 0.0)
    assert (first.fraction, first.lost, first.highest) == (128, 5, source.index)
    source.index += 10
    source.packets += 10
    second = reception(source, 0.0)
    assert (second.fraction, second.lost) == (0, 5)
