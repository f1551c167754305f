"""Which value of a room counts, and which peers it lets in.

Pure but for the protocol of the store. Owns the rule of epochs, versions and burned
generations. Must not know connections, media or how the store is reached.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from server.media.messages import Code, DesiredPeer, DesiredRoom
from server.media.placement import Lease, Placement

REMEMBERED_EPOCHS: Final = 16


class StoreAwayError(Exception):
    """The store did not answer; what is known stays good."""


class DesiredStore(Protocol):
    """Where the rooms layer keeps what it wants, and where the node says that it lives."""

    async def read(self, rooms: Sequence[str]) -> list[DesiredRoom]:
        """The values that are there, in no order; a missing one is left out. StoreAwayError."""

    async def placements(self, rooms: Sequence[str]) -> dict[str, Placement]:
        """Where these rooms are placed; one that is not is left out. StoreAwayError."""

    async def announce(self, room: str, held: Placement) -> Placement:
        """Says that a node has the room, unless a newer placement is there; gives what holds.
        StoreAwayError."""

    async def renew(self, node: str, lease: Lease) -> None:
        """Keeps the node's lease for three seconds more. StoreAwayError."""

    async def others(self, node: str) -> int:
        """How many other nodes hold a lease and take rooms. StoreAwayError."""

    async def release(self, node: str) -> None:
        """The node stops. StoreAwayError."""


class View:
    """What one room's node goes by. A room that no value came for wants nobody new."""

    def __init__(self) -> None:
        self.current: DesiredRoom | None = None
        self._coming: DesiredRoom | None = None  # of another epoch, not complete yet
        self._retired: dict[str, None] = {}
        self._burned: dict[str, int] = {}

    def take(self, incoming: DesiredRoom) -> bool:
        """Goes by the value from now on, if it is newer. False: nothing changed.

        Within an epoch the higher version is newer. Another epoch replaces the current one only
        when complete, so a store that comes back half filled closes nobody; until then it counts
        for the peers it lists, so that a peer that comes meanwhile is let in. One that was replaced
        never counts again, so a late message of it changes nothing.
        """
        current = self.current
        if current is not None and incoming.epoch == current.epoch:
            return self._replace(incoming) if incoming.version > current.version else False
        if incoming.epoch in self._retired:
            return False
        if incoming.complete:
            return self._replace(incoming)
        if self._coming is not None and incoming.version <= self._coming.version:
            return False
        self._coming = incoming
        return True

    def _replace(self, incoming: DesiredRoom) -> bool:
        current = self.current
        if current is not None and incoming.epoch != current.epoch:
            self._retired[current.epoch] = None
            if len(self._retired) > REMEMBERED_EPOCHS:
                del self._retired[next(iter(self._retired))]
        coming = self._coming
        if coming and (coming.epoch == incoming.epoch or coming.version < incoming.version):
            self._coming = None
        self.current = incoming
        return True

    def burn(self, peer: str, generation: int) -> None:
        """This generation of the peer and those before it are never wanted again."""
        self._burned[peer] = max(generation, self._burned.get(peer, -1))

    def newest(self, peer: str, here: int) -> int:
        """The newest generation known of a peer: wanted, or `here`; -1 if there is none."""
        found = self._listed(peer)
        return max(here, found.generation if found else -1)

    def wanted(self, peer: str) -> DesiredPeer | None:
        """What is wanted for the peer now, if anything."""
        found = self._listed(peer)
        if found is not None and found.generation <= self._burned.get(peer, -1):
            return None
        return found

    def _listed(self, peer: str) -> DesiredPeer | None:
        for value in (self._coming, self.current):
            if value is not None and peer in value.peers:
                return value.peers[peer]
        return None

    def refuses(self, peer: str, generation: int) -> Code | None:
        """Why this generation of the peer may not come in; None when it may."""
        if generation <= self._burned.get(peer, -1):
            return "media.generation_old"
        found = self.wanted(peer)
        if found is None or generation > found.generation:
            return "media.not_wanted"
        return "media.generation_old" if generation < found.generation else None
