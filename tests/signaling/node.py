"""A media node that only talks: it speaks the control messages and obeys the desired value."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from server.media.messages import (
    Answer,
    Apply,
    Attach,
    DesiredRoom,
    Hello,
    Notification,
    Offer,
    OfferRefused,
    PeerView,
    Ping,
    Pong,
    Revoke,
    Welcome,
    desired_key,
    read_desired,
    read_to_node,
    to_web_line,
)
from server.media.placement import (
    BORN_KEY,
    NODES_KEY,
    Lease,
    Load,
    lease_json,
    lease_key,
)
from tests.valkey import connection


@dataclass
class TalkingNode:
    """Answers an offer when the value in the store wants that peer in that generation. It is
    found by a lease that it holds, without renewing it, until it stops."""

    address: str
    secret: str
    rooms: dict[str, DesiredRoom] = field(default_factory=dict)
    revoked: list[tuple[str, str]] = field(default_factory=list)
    burned: dict[tuple[str, str], int] = field(default_factory=dict)
    attached: dict[tuple[str, str], int] = field(default_factory=dict)
    views: dict[tuple[str, str], dict[int, int]] = field(default_factory=dict)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    name: str = field(default_factory=lambda: secrets.token_hex(4))
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _server: asyncio.Server | None = None

    @classmethod
    async def start(cls, folder: Path, secret: str) -> "TalkingNode":
        node = cls(f"unix:{folder / 'node'}", secret)
        node._server = await asyncio.start_unix_server(node._serve, folder / "node")
        node.lease()
        return node

    def lease(self) -> None:
        """A live node in a store that is as old as can be."""
        lease = Lease(control=self.address, port=1, load=Load(peers=0, packets_per_second=0))
        connection().set(BORN_KEY, 1)
        connection().set(lease_key(self.name), lease_json(lease))
        connection().sadd(NODES_KEY, self.name)

    async def stop(self) -> None:
        """Every connection breaks, and the lease is given back."""
        connection().delete(lease_key(self.name))
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.close()

    def tell(self, notification: Notification) -> None:
        """News, to everyone who is connected."""
        for writer in self._writers:
            writer.write(to_web_line(notification))

    def wants(self, room: str, peer: str) -> bool:
        """Whether the last value of a room has this peer."""
        return room in self.rooms and peer in self.rooms[room].peers

    async def until(self, holds: Callable[[], bool]) -> None:
        """Waits until a predicate of this node holds."""
        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(holds), 10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = read_to_node(await reader.readline())
        if not isinstance(hello, Hello) or hello.secret != self.secret:
            writer.close()
            return
        self._writers.append(writer)
        writer.write(to_web_line(Welcome(node=self.name)))
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while line := await reader.readline():
                await self._take(line, writer)

    async def _take(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        match read_to_node(line):
            case Apply(desired=desired):
                self.rooms[desired.room] = desired
            case Revoke(room=room, peer=peer, generation=generation):
                self.revoked.append((room, peer))
                self.burned[room, peer] = generation or 0
            case Attach(room=room, peer=peer, generation=generation):
                self.attached[room, peer] = generation
            case Offer() as offer:
                writer.write(to_web_line(self._answer(offer)))
            case PeerView() as view:
                self.views[view.room, view.peer] = view.widths
            case Ping(number=number):
                writer.write(to_web_line(Pong(number=number)))
        async with self.changed:
            self.changed.notify_all()

    def _answer(self, offer: Offer) -> Answer | OfferRefused:
        """As the node does: the value in the store counts, whatever wake-up came."""
        value = connection().get(desired_key(offer.room))
        room = read_desired(str(value).encode())
        wanted = room.peers.get(offer.peer) if room else None
        if wanted is None or wanted.generation != offer.generation:
            return OfferRefused(request=offer.request, code="media.not_wanted")
        return Answer(request=offer.request, sdp=f"answer to {offer.sdp}")
