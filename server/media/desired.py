"""Which value of a room counts, and whom it lets in.

Pure but for the protocol of the store. Owns the rule of epochs, versions and burned
generations. Must not know connections, media or how the store is reached.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from server.media.messages import Code, DesiredPeer, DesiredRoom

REMEMBERED_EPOCHS: Final = 16


class StoreAwayError(Exception):
    """The store did not answer; what is known stays good."""


class DesiredStore(Protocol):
    """Where the rooms layer keeps what it wants, and where the node says that it lives."""

    async def read(self, rooms: Sequence[str]) -> list[DesiredRoom]:
        """The values that are there, in no order; a missing one is left out. StoreAwayError."""

    async def renew(self, node: str, lease: bytes) -> None:
        """Keeps the node's lease for three seconds more. StoreAwayError."""

    async def release(self, node: str) -> None:
        """The node stops. StoreAwayError."""


class View:
    """What one room's node goes by. A room that no value came for wants nobody new."""

    def __init__(self) -> None:
        self.current: DesiredRoom | None = None
        self._retired: dict[str, None] = {}
        self._burned: dict[str, int] = {}

    def take(self, incoming: DesiredRoom) -> bool:
        """Goes by the value from now on, if it is newer. False: nothing changed.

        Within an epoch the higher version is newer. Another epoch counts only when complete,
        so a store that comes back half filled closes nobody; one that was replaced never
        counts again, so a late message of it changes nothing.
        """
        current = self.current
        if current is not None and incoming.epoch == current.epoch:
            newer = incoming.version > current.version
        else:
            newer = incoming.complete and incoming.epoch not in self._retired
        if not newer:
            return False
        if current is not None and incoming.epoch != current.epoch:
            self._retired[current.epoch] = None
            if len(self._retired) > REMEMBERED_EPOCHS:
                del self._retired[next(iter(self._retired))]
        self.current = incoming
        return True

    def burn(self, peer: str, generation: int) -> None:
        """This generation of the peer and those before it are never wanted again."""
        self._burned[peer] = max(generation, self._burned.get(peer, -1))

    def newest(self, peer: str, here: int) -> int:
        """The newest generation known of a peer: wanted, or `here`; -1 if there is none."""
        found = self.current.peers.get(peer) if self.current else None
        return max(here, found.generation if found else -1)

    def wanted(self, peer: str) -> DesiredPeer | None:
        """What is wanted for the peer now, if anything."""
        found = self.current.peers.get(peer) if self.current else None
        if found is not None and found.generation <= self._burned.get(peer, -1):
            return None
        return found

    def refuses(self, peer: str, generation: int) -> Code | None:
        """Why this generation of the peer may not come in; None when it may."""
        if generation <= self._burned.get(peer, -1):
            return "media.generation_old"
        found = self.wanted(peer)
        if found is None or generation > found.generation:
            return "media.not_wanted"
        return "media.generation_old" if generation < found.generation else None
