"""The media node without its sockets: rooms, offers, and everything the clock brings about.

Owns the rooms and the order of things: a description is read, a peer is made, its handshake is
fed, and it is closed for one of the named reasons. Must not know how control messages or
datagrams travel: `notify` takes the former, `transmit` the latter.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Final

from server.media import clock as node_clock
from server.media.answer import Node as NodeLines
from server.media.answer import answer
from server.media.counters import Counters
from server.media.description import Offered, OfferedMedia, Refusal, read_offer
from server.media.desired import DesiredStore, StoreAwayError
from server.media.dtls import Handshake, Identity, State
from server.media.ice import IceAgent
from server.media.messages import (
    Answer,
    Attach,
    Code,
    DesiredRoom,
    NodeLoad,
    Notification,
    Offer,
    OfferRefused,
    PeerClosed,
    PeerView,
    Revoke,
)
from server.media.path import PacketPath
from server.media.placement import Fate, Fence, Placement, fate
from server.media.reasons import CloseReason
from server.media.reports import LEGS_A_STEP, TICK_SECONDS, Reports
from server.media.room import MediaRoom, Peer
from server.media.sealing import handle, opener, sealer
from server.media.streams import Address, Leg, Slot, leg_of

OBSERVE_TICKS: Final = 4  # who speaks, each 200 ms
CROWDED_SECONDS: Final = 0.1  # by which its clock is late when the core is full
LATE_WEIGHT: Final = 0.05  # of one tick: a second and more make a crowd, and one slow moment none
FORGET_SECONDS: Final = 600.0  # a room without peers keeps its numbers so long
ENDINGS: Final[dict[State, CloseReason]] = {
    State.FAILED: CloseReason.HANDSHAKE_FAILED,
    State.WRONG_CERTIFICATE: CloseReason.WRONG_CERTIFICATE,
    State.CLOSED: CloseReason.LEFT,
}


class MediaNode:
    """All rooms of one process. `notify(room, peer, message)` must not block; a peer of None
    means everyone who has a peer in the room.
    """

    def __init__(
        self,
        name: str,
        store: DesiredStore,
        transmit: Callable[[bytes, Address], None],
        notify: Callable[[str, str | None, Notification], None],
        clock: Callable[[], float] = node_clock.now,
    ) -> None:
        self.name = name
        self.counters = Counters()
        self.identity = Identity()
        self.lines = NodeLines((), 0, self.identity.fingerprint)
        self.rooms: dict[str, MediaRoom] = {}
        self.draining = False
        self.stopping = False
        self.fence = Fence(clock())
        self._store = store
        self._transmit = transmit
        self._notify = notify
        self._clock = clock
        self._by_leg: dict[Leg, tuple[MediaRoom, Peer]] = {}
        self._held: dict[str, int] = {}  # room to the placement that gave it to this node
        self._elsewhere: dict[str, int] = {}  # room to the placement that took it
        self.path = PacketPath(self, transmit, self.counters)
        self._ice = IceAgent(self.path, transmit, self.counters)
        self._reports = Reports(self.path.repairs)
        self._ticks = 0
        self._ticked_at, self._late = clock(), 0.0  # how much later than due, smoothed

    # ---- control -------------------------------------------------------------------------

    async def offer(self, offer: Offer) -> Answer | OfferRefused:
        """Answers a browser's description, if the room wants this peer and generation.

        The wish is checked before the description is read, and again after, since reading
        happens in another thread while the room may change.
        """
        code = await self._refuses(offer)
        offered: OfferedMedia | Refusal | None = None
        if code is None:
            offered = await asyncio.to_thread(read_offer, offer.sdp)
            code = self._room(offer.room).view.refuses(offer.peer, offer.generation)
        if code is not None or offered is None:
            return OfferRefused(request=offer.request, code=code or "media.offer_malformed")
        result = offered if isinstance(offered, Refusal) else self._accept(offer, offered)
        if isinstance(result, Refusal):
            return OfferRefused(request=offer.request, code=result.code)
        return Answer(request=offer.request, sdp=result)

    async def _refuses(self, offer: Offer) -> Code | None:
        """What the view says; a no for want of knowledge is checked once with the store."""
        if self.draining or self.stopping:
            return "media.stopping"
        if offer.placement and offer.placement <= self._elsewhere.get(offer.room, -1):
            return "media.moved"
        view = self._room(offer.room).view
        code = view.refuses(offer.peer, offer.generation)
        if code == "media.not_wanted":
            await self.refresh([offer.room])
            code = view.refuses(offer.peer, offer.generation)
        return code

    def _accept(self, offer: Offer, offered: OfferedMedia) -> str | Refusal:
        """The answer, for a new peer, a new connection of it, or a restart of ICE."""
        room = self._room(offer.room)
        peer, new = room.peers.get(offer.peer), offered.identity()
        if peer and peer.generation == offer.generation and _same_connection(peer, new):
            if peer.offered.lines != new.lines:
                return Refusal("media.lines_changed")
            if peer.offered.ufrag != new.ufrag:
                peer.offered, peer.credentials = new, self._ice.open(peer.leg)
        else:
            if peer is not None:
                self._close(room, peer, CloseReason.REPLACED)
            peer = self._admit(room, offer, offered)
        slots = (*peer.leg.slots["audio"], *peer.leg.slots["video"])
        streams = {s.mid: (s.ssrc, s.repair_ssrc) for s in slots}
        return answer(offered, self.lines, peer.credentials, streams)

    def _admit(self, room: MediaRoom, offer: Offer, offered: OfferedMedia) -> Peer:
        now = self._clock()
        self._held[room.id] = max(offer.placement, self._held.get(room.id, 0))
        leg = leg_of(offered)
        peer = Peer(
            id=offer.peer,
            generation=offer.generation,
            offered=offered.identity(),
            leg=leg,
            handshake=Handshake(self.identity, offered.fingerprint),
            credentials=self._ice.open(leg),
            since=now,
        )
        self._by_leg[leg] = (room, peer)
        room.add(peer)
        room.arrange(now)
        return peer

    def apply(self, desired: DesiredRoom) -> None:
        """Goes by the value if it is newer: closes who is not in it, routes the rest."""
        room = self._room(desired.room)
        if room.view.take(desired):
            for peer, reason in room.unwanted():
                self._close(room, peer, reason)
            room.arrange(self._clock())

    def revoke(self, revoke: Revoke) -> None:
        """Ends the peer at once and for good, up to this generation."""
        room = self._room(revoke.room)
        peer = room.peers.get(revoke.peer)
        generation = revoke.generation
        if generation is None:
            generation = room.view.newest(revoke.peer, peer.generation if peer else -1)
        room.view.burn(revoke.peer, generation)
        if peer is not None and peer.generation <= generation:
            self._close(room, peer, CloseReason.REVOKED)

    def has(self, named: Attach | PeerView) -> bool:
        """Whether this generation of the peer is here."""
        room = self.rooms.get(named.room)
        peer = room.peers.get(named.peer) if room else None
        return peer is not None and peer.generation == named.generation

    def see(self, view: PeerView) -> None:
        """What the peer's browser shows from now on; it counts when the room is shared out next."""
        if self.has(view):
            self.rooms[view.room].peers[view.peer].view = view.widths

    def retell(self, attach: Attach) -> None:
        """Sends the slots of a peer that is here again."""
        self.rooms[attach.room].retell(attach.peer)

    async def refresh(self, rooms: list[str]) -> None:
        """Reads these rooms' values; without the store everything stays as it is."""
        try:
            found = await self._store.read(rooms)
        except StoreAwayError:
            return
        for desired in found:
            self.apply(desired)

    def _room(self, name: str) -> MediaRoom:
        room = self.rooms.get(name)
        if room is None:

            def notify(peer: str, notification: Notification) -> None:
                self._notify(name, peer, notification)

            room = self.rooms[name] = MediaRoom(name, self.path, notify, self._clock())
        return room

    # ---- the edge of the packet path -----------------------------------------------------

    def on_check(self, datagram: bytes, address: Address, now: float) -> None:
        """STUN."""
        self._ice.on_check(datagram, address, now)

    def on_handshake(self, leg: Leg, datagram: bytes, now: float) -> None:
        """DTLS: feeds the handshake, and acts on what it became."""
        room, peer = self._by_leg[leg]
        handshake = peer.handshake
        before = handshake.state
        handshake.receive(datagram)
        self._flush(peer)
        if handshake.state is State.DONE:
            leg.heard = now
            if before is State.PENDING:
                self._connect(room, peer, now)
        elif handshake.state in ENDINGS:
            self.counters.dtls_failed += handshake.state is not State.CLOSED
            self._close(room, peer, ENDINGS[handshake.state])

    def on_shown(self, slot: Slot, rtp_timestamp: int) -> None:
        """A slot's owner can be seen from this timestamp on."""
        room, _ = self._by_leg[slot.leg]
        room.show(slot, rtp_timestamp)

    def _connect(self, room: MediaRoom, peer: Peer, now: float) -> None:
        sessions = peer.handshake.sessions()
        if sessions is None:
            self._close(room, peer, CloseReason.HANDSHAKE_FAILED)
            return
        received, sent = sessions
        leg = peer.leg
        leg.unprotect, leg.unprotect_rtcp = opener(received), received.unprotect_rtcp
        leg.protect, leg.protect_rtcp = sealer(sent), sent.protect_rtcp
        leg.srtp = handle(sent)
        leg.connected = True
        self._reports.admit(leg)
        room.connect(peer, now)

    def _flush(self, peer: Peer) -> None:
        if peer.leg.address is not None:
            for datagram in peer.handshake.sending():
                self._transmit(datagram, peer.leg.address)

    def _close(self, room: MediaRoom, peer: Peer, reason: CloseReason) -> None:
        """Stops the peer's media first, then says goodbye, then notifies."""
        address = peer.leg.address
        room.remove(peer, self._clock())
        self._ice.close(peer.leg)
        del self._by_leg[peer.leg]
        peer.handshake.close()
        if address is not None:
            for datagram in peer.handshake.sending():
                self._transmit(datagram, address)
        notification = PeerClosed(
            room=room.id, peer=peer.id, generation=peer.generation, reason=reason
        )
        self._notify(room.id, peer.id, notification)

    # ---- the clock -----------------------------------------------------------------------

    def report(self, unix: Callable[[], float]) -> Iterator[None]:
        """Each TICK_SECONDS of reports.py, in steps: datagrams are to be read between two."""
        connected = [leg for leg in self._by_leg if leg.connected]
        yield from self._reports.steps(connected, self._clock, unix)
        yield from self._shares()

    def _shares(self) -> Iterator[None]:
        """Who is sent what, decided again for each subscriber every OBSERVE_TICKS, a few at once."""
        turn, crowded = self._ticks % OBSERVE_TICKS, self._late > CROWDED_SECONDS
        due = [leg for leg in self._by_leg if leg.connected and leg.phase % OBSERVE_TICKS == turn]
        for at in range(0, len(due), LEGS_A_STEP):
            now = self._clock()
            for leg in due[at : at + LEGS_A_STEP]:
                if leg.connected:  # it may have been closed between two steps
                    room, peer = self._by_leg[leg]
                    room.share(peer, now, crowded=crowded)
            yield

    def tick(self) -> None:
        """Before each report: who is overdue, who speaks."""
        now = self._clock()
        if not self.fence.beat(now):
            self.counters.slept += 1
        self._ticks += 1
        self._late += (max(0.0, now - self._ticked_at - TICK_SECONDS) - self._late) * LATE_WEIGHT
        self._ticked_at = now
        for room, peer in list(self._by_leg.values()):
            if not peer.leg.connected:
                peer.handshake.on_timer()
                self._flush(peer)
            reason = peer.overdue(now)
            if reason:
                self._close(room, peer, reason)
        if self._ticks % OBSERVE_TICKS == 0:
            self._observe(now)

    def _observe(self, now: float) -> None:
        for room in list(self.rooms.values()):
            for notification in room.observe(now):
                self._notify(room.id, None, notification)
            if not room.peers and now - room.idle_since > FORGET_SECONDS:
                self._forget(room.id)

    def _forget(self, room: str) -> None:
        del self.rooms[room]
        self._held.pop(room, None)
        self._elsewhere.pop(room, None)

    async def poll(self) -> None:
        """Compares every room with the store; called twice a second."""
        await self.look()
        if self.rooms:
            await self.refresh(list(self.rooms))

    async def look(self) -> None:
        """Reads which rooms are still this node's, and lets go of the others; after a sleep
        nothing is sent before that. Without the store everything stays as it is."""
        asked_at = self._clock()
        occupied = [room.id for room in self.rooms.values() if room.peers]
        try:
            found = await self._store.placements(occupied) if occupied else {}
            for room in occupied:
                await self._compare(room, found.get(room))
        except StoreAwayError:
            return
        self.fence.looked(asked_at, self._clock())

    async def _compare(self, room: str, record: Placement | None) -> None:
        held = self._held.get(room, 0)
        becomes = fate(self.name, held, record)
        if becomes is Fate.ANNOUNCE:
            mine = Placement(node=self.name, generation=held)
            record = await self._store.announce(room, mine)
            becomes = fate(self.name, held, record)
        if record is not None and record.node == self.name:
            self._held[room] = max(held, record.generation)
        elif record is not None and becomes is Fate.DROP:
            self._let_go(room, record)

    def _let_go(self, name: str, record: Placement) -> None:
        """The room is another node's. While draining its peers may stay until they have left
        by themselves: each first has a new connection there."""
        self._elsewhere[name] = record.generation
        room = self.rooms.get(name)
        if room is None or self.draining:
            return
        self._held.pop(name, None)
        for peer in list(room.peers.values()):
            self._close(room, peer, CloseReason.MOVED)

    def load(self, packets_per_second: int) -> NodeLoad:
        """What the lease and NodeLoad say."""
        return NodeLoad(
            node=self.name,
            peers=sum(leg.connected for leg in self._by_leg),
            packets_per_second=packets_per_second,
            counters=self.counters.as_dict(),
            draining=self.draining,
        )

    def stop(self) -> None:
        """Closes every peer and takes no new one."""
        self.stopping = True
        for room, peer in list(self._by_leg.values()):
            self._close(room, peer, CloseReason.NODE_STOPPED)


def _same_connection(peer: Peer, new: Offered) -> bool:
    """A browser makes a certificate for each connection: the same one means the same."""
    return peer.offered.certificate == new.certificate
