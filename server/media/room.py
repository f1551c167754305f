"""One room on the node: its peers, who owns which slot, and the routes that follow from it.

Owns the agreement between the room's desired value and the packet path: `arrange` makes every
route that is wanted and no other, and notifies of what changed. Must not know descriptions, keys,
sockets or control connections.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from server.media.answer import Credentials
from server.media.description import Kind, Offered
from server.media.desired import View
from server.media.dtls import Handshake
from server.media.messages import (
    Notification,
    SendingChanged,
    SlotOwned,
    SlotShown,
    Speaking,
)
from server.media.path import PacketPath
from server.media.reasons import CloseReason
from server.media.sharing import Owner, share
from server.media.slots import SlotTable
from server.media.speaking import Speakers
from server.media.streams import Leg, Publication, Slot

SILENT_SECONDS: Final = 15.0
UNFINISHED_SECONDS: Final = 10.0
# A stream that sent nothing for so long does not arrive. A silent microphone sends a packet each
# 200 to 400 ms (DTX): at a loss of one in five, seven in a row are lost once in ten hours.
ARRIVING_SECONDS: Final[dict[Kind, float]] = {"audio": 3.0, "video": 2.0}
Notify = Callable[[str, Notification], None]  # the peer it is about, and the message


@dataclass(slots=True)
class Peer:
    """One connection of a peer, of one generation. `since` is monotonic. Of its offer only what
    a later one is compared with is kept."""

    id: str
    generation: int
    offered: Offered
    leg: Leg
    handshake: Handshake
    credentials: Credentials
    since: float
    view: dict[int, int] | None = None  # slot to device pixels, of what is visible; None: not said

    def width(self, slot: int) -> int | None:
        """How wide a slot is shown; 0: it is not."""
        return None if self.view is None else self.view.get(slot, 0)

    def overdue(self, now: float) -> CloseReason | None:
        """Why it is to be closed by the clock, if it is."""
        if not self.leg.connected:
            return CloseReason.UNFINISHED if now - self.since > UNFINISHED_SECONDS else None
        return CloseReason.SILENT if now - self.leg.heard > SILENT_SECONDS else None

    def size(self) -> int:
        """How many slots it has, counting an audio and a video line as one."""
        return max(len(self.leg.slots["audio"]), len(self.leg.slots["video"]))


@dataclass(slots=True)
class MediaRoom:
    """Everything of one room. `idle_since` is when its last peer went, monotonic."""

    id: str
    path: PacketPath
    notify: Notify
    idle_since: float
    view: View = field(default_factory=View)
    peers: dict[str, Peer] = field(default_factory=dict)
    tables: dict[str, SlotTable] = field(default_factory=dict)
    csrcs: dict[str, int] = field(default_factory=dict)
    sending: dict[str, tuple[bool, bool]] = field(default_factory=dict)
    speakers: Speakers = field(default_factory=Speakers)
    speaking: list[str] = field(default_factory=list)

    # ---- who is in -----------------------------------------------------------------------

    def add(self, peer: Peer) -> None:
        """A peer whose offer is answered; it takes part once it is connected."""
        self.peers[peer.id] = peer
        table = self.tables.get(peer.id)
        size = peer.size()
        self.tables[peer.id] = table.resized(size) if table else SlotTable(size)
        csrc = self.csrcs.setdefault(peer.id, self._unused_number())
        for publication in peer.leg.publications.values():
            publication.csrc = csrc
        self.path.add_peer(peer.leg)

    def _unused_number(self) -> int:
        taken = set(self.csrcs.values())
        return next(n for n in iter(lambda: secrets.randbits(32), None) if n and n not in taken)

    def connect(self, peer: Peer, now: float) -> None:
        """The peer's keys are here: it gets its slots, and others get its media. Nothing of it has
        arrived yet, which is said too."""
        self.sending[peer.id] = (False, False)
        self.retell(peer.id)
        self.arrange(now)

    def remove(self, peer: Peer, now: float) -> None:
        """Nothing of the peer flows any more when this returns."""
        del self.peers[peer.id]
        self.path.remove_peer(peer.leg)
        self.idle_since = now
        self.arrange(now)

    def unwanted(self) -> list[tuple[Peer, CloseReason]]:
        """Peers that the desired value does not list, or lists with another generation."""
        found: list[tuple[Peer, CloseReason]] = []
        for peer in self.peers.values():
            wanted = self.view.wanted(peer.id)
            if wanted is None:
                found.append((peer, CloseReason.NOT_WANTED))
            elif wanted.generation != peer.generation:
                found.append((peer, CloseReason.REPLACED))
        return found

    # ---- routes --------------------------------------------------------------------------

    def arrange(self, now: float) -> None:
        """Brings rights, slots and routes in line with the peers and the desired value."""
        for peer in self.peers.values():
            wanted = self.view.wanted(peer.id)
            for kind, publication in peer.leg.publications.items():
                may = wanted and (wanted.send_audio if kind == "audio" else wanted.send_video)
                publication.allowed = bool(may)
        self._forget_who_left()
        for subscriber in self.peers.values():
            if subscriber.leg.connected:
                self._place_publishers(subscriber)
                self._route(subscriber, now)

    def _belongs(self, peer: str) -> bool:
        """Present, or wanted: the place of someone who reconnects is kept."""
        return peer in self.peers or self.view.wanted(peer) is not None

    def _forget_who_left(self) -> None:
        for subscriber, table in list(self.tables.items()):
            for owner in [o for o in table.owners if o and not self._belongs(o)]:
                self._unroute(subscriber, table.index(owner))
                self._own(subscriber, table.release(owner), None)
            if not self._belongs(subscriber):
                del self.tables[subscriber]
        for gone in [p for p in self.sending if p not in self.peers]:
            del self.sending[gone]

    def _place_publishers(self, subscriber: Peer) -> None:
        table = self.tables[subscriber.id]
        for publisher in self.peers.values():
            published = publisher.leg.publications.values()
            publishes = publisher.leg.connected and any(one.allowed for one in published)
            if publisher is subscriber or not publishes or table.index(publisher.id) is not None:
                continue
            index = table.place(publisher.id, self.peers)
            self._unroute(subscriber.id, index)
            self._own(subscriber.id, index, publisher.id)

    def _route(self, subscriber: Peer, now: float) -> None:
        """Each slot carries its owner's source, or nothing."""
        wanted = self.view.wanted(subscriber.id)
        receives = wanted is not None and wanted.receive
        for index, owner in enumerate(self.tables[subscriber.id].owners):
            publisher = self.peers.get(owner) if owner else None
            for slot in slots_at(subscriber.leg, index):
                source = publisher.leg.publications.get(slot.kind) if publisher else None
                if receives and source and source.allowed and source.leg.connected:
                    self.path.add_route(source, slot, now)
                else:
                    self.path.remove_route(slot)

    def share(self, subscriber: Peer, now: float, *, crowded: bool = False) -> None:
        """Shares out a connected subscriber's link among what it shows. `crowded`: the node is
        late."""
        owners = self._owners(subscriber)
        share(self.path, subscriber.leg, owners, subscriber.width, now, crowded=crowded)

    def _owners(self, subscriber: Peer) -> dict[int, Owner]:
        owners: dict[int, Owner] = {}
        for index, owner in enumerate(self.tables[subscriber.id].owners):
            if owner:
                wanted = self.view.wanted(owner)
                priority = wanted is not None and wanted.priority
                owners[index] = Owner(priority=priority, speaks=owner in self.speaking)
        return owners

    def _unroute(self, subscriber: str, index: int | None) -> None:
        """At once, before anyone is notified of a new owner."""
        peer = self.peers.get(subscriber)
        for slot in slots_at(peer.leg, index) if peer and index is not None else ():
            self.path.remove_route(slot)

    # ---- notifications -------------------------------------------------------------------

    def _own(self, subscriber: str, index: int | None, owner: str | None) -> None:
        if index is None:
            return
        csrc = self.csrcs.get(owner, 0) if owner else 0
        notification = SlotOwned(room=self.id, peer=subscriber, slot=index, owner=owner, csrc=csrc)
        self.notify(subscriber, notification)

    def retell(self, subscriber: str) -> None:
        """All slots of a subscriber that someone owns, and all that is known of the others."""
        for index, owner in enumerate(self.tables[subscriber].owners):
            if owner:
                self._own(subscriber, index, owner)
        for peer, (audio, video) in self.sending.items():
            notification = SendingChanged(room=self.id, peer=peer, audio=audio, video=video)
            self.notify(subscriber, notification)

    def show(self, slot: Slot, rtp_timestamp: int) -> None:
        """The owner's first key frame went into the slot."""
        subscriber = next(p for p in self.peers.values() if p.leg is slot.leg)
        owner = self.tables[subscriber.id].owners[slot.index]
        if owner is not None:
            notification = SlotShown(
                room=self.id,
                peer=subscriber.id,
                slot=slot.index,
                owner=owner,
                rtp_timestamp=rtp_timestamp,
            )
            self.notify(subscriber.id, notification)

    def observe(self, now: float) -> list[Notification]:
        """What changed in who speaks and whose media arrive, for everybody in the room."""
        changed: list[Notification] = []
        for peer in self.peers.values():
            arrives = (
                _arrives(peer.leg.publications.get("audio"), now),
                _arrives(peer.leg.publications.get("video"), now),
            )
            if peer.leg.connected and self.sending.get(peer.id) != arrives:
                self.sending[peer.id] = arrives
                audio, video = arrives
                changed.append(SendingChanged(room=self.id, peer=peer.id, audio=audio, video=video))
        speaking = self.speakers.update(dict(self._levels(now)), now)
        if speaking != self.speaking:
            self.speaking = speaking
            changed.append(Speaking(room=self.id, peers=list(speaking)))
        return changed

    def _levels(self, now: float) -> Iterable[tuple[str, float]]:
        for peer in self.peers.values():
            sound = peer.leg.publications.get("audio")
            if sound is not None and _arrives(sound, now):
                yield peer.id, sound.layers[0].level


def slots_at(leg: Leg, index: int) -> tuple[Slot, ...]:
    """The audio and the video slot of this index, as far as the offer had them."""
    kinds = (leg.slots["audio"], leg.slots["video"])
    return tuple(slots[index] for slots in kinds if index < len(slots))


def _arrives(publication: Publication | None, now: float) -> bool:
    """Allowed, and something came lately."""
    if publication is None or not publication.allowed:
        return False
    return now - publication.arrived < ARRIVING_SECONDS[publication.kind]
