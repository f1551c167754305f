"""The node's side of the control connections: who is connected, and who is notified of what.

Owns the secret's check, the reading of lines and the routing of notifications. A message is
read, one call is made, a reply is written. Must not know media.
"""

import asyncio
import contextlib
import hmac
import os
from pathlib import Path
from typing import Final

from server.media.messages import (
    LONGEST_LINE,
    Apply,
    Attach,
    Hello,
    Notification,
    Offer,
    OfferRefused,
    PeerClosed,
    PeerView,
    Ping,
    Pong,
    Revoke,
    ToNode,
    ToWeb,
    Welcome,
    read_to_node,
    to_web_line,
)
from server.media.node import MediaNode
from server.media.reasons import CloseReason

HELLO_SECONDS: Final = 5.0
MOST_UNSENT: Final = 4 << 20  # bytes; a web process that reads nothing is cut off
PARALLEL_OFFERS: Final = 8
MOST_OFFERS: Final = 128  # of one web process that wait; more are refused, the browser comes again


class Connection:
    """One web process. Writes never wait: what does not fit cuts the connection."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.offers: set[asyncio.Task[None]] = set()
        self.turn = asyncio.Semaphore(PARALLEL_OFFERS)

    def send(self, sent: ToWeb) -> None:
        """Queues one message."""
        transport = self._writer.transport
        if transport.is_closing():
            return
        if transport.get_write_buffer_size() > MOST_UNSENT:
            transport.abort()
            return
        self._writer.write(to_web_line(sent))

    def close(self) -> None:
        """Ends it, with what is queued sent first."""
        for task in self.offers:
            task.cancel()
        self._writer.close()


class ControlServer:
    """All control connections of one node. `notify` is what the node calls."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._connections: set[Connection] = set()
        self._watchers: dict[tuple[str, str], Connection] = {}
        self._server: asyncio.Server | None = None
        self.node: MediaNode | None = None  # set before `start`

    async def start(self, address: str) -> str:
        """Listens at unix:/path (owner only) or tcp:host:port; gives the address in use."""
        kind, _, rest = address.partition(":")
        if kind == "unix":
            Path(rest).unlink(missing_ok=True)
            before = os.umask(0o077)
            try:
                self._server = await asyncio.start_unix_server(
                    self._serve, rest, limit=LONGEST_LINE
                )
            finally:
                os.umask(before)
            return address
        host, _, port = rest.rpartition(":")
        self._server = await asyncio.start_server(self._serve, host, int(port), limit=LONGEST_LINE)
        return f"tcp:{host}:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Takes no more, ends all."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.close()
        await asyncio.sleep(0)  # lets the queued goodbyes out

    def notify(self, room: str, peer: str | None, notification: Notification) -> None:
        """To the connection that speaks for the peer, or to all that have one in the room."""
        if peer is None:
            listening = {c for (r, _), c in self._watchers.items() if r == room}
        else:
            listening = {c for c in [self._watchers.get((room, peer))] if c is not None}
        for connection in listening:
            connection.send(notification)
        if isinstance(notification, PeerClosed):
            self._watchers.pop((notification.room, notification.peer), None)

    def broadcast(self, notification: Notification) -> None:
        """To everyone connected."""
        for connection in self._connections:
            connection.send(notification)

    # ---- one connection ------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(writer)
        with contextlib.suppress(ConnectionError, ValueError, TimeoutError, asyncio.CancelledError):
            if await self._greet(reader, connection):
                while line := await reader.readline():
                    message = read_to_node(line)
                    if message is None:
                        break  # every holder of the secret speaks this protocol
                    self._handle(connection, message)
        self._forget(connection)

    async def _greet(self, reader: asyncio.StreamReader, connection: Connection) -> bool:
        async with asyncio.timeout(HELLO_SECONDS):
            hello = read_to_node(await reader.readline())
        right = isinstance(hello, Hello) and hmac.compare_digest(
            hello.secret.encode(), self._secret
        )
        if right and self.node is not None:
            self._connections.add(connection)
            connection.send(Welcome(node=self.node.name))
        return right

    def _forget(self, connection: Connection) -> None:
        connection.close()
        self._connections.discard(connection)
        self._watchers = {k: c for k, c in self._watchers.items() if c is not connection}

    def _handle(self, connection: Connection, message: ToNode) -> None:
        node = self.node
        if node is None:
            return
        if isinstance(message, Offer) and len(connection.offers) >= MOST_OFFERS:
            connection.send(OfferRefused(request=message.request, code="media.down"))
        elif isinstance(message, Offer):
            task = asyncio.ensure_future(self._offer(node, connection, message))
            connection.offers.add(task)
            task.add_done_callback(connection.offers.discard)
        elif isinstance(message, Apply):
            node.apply(message.desired)
        elif isinstance(message, Revoke):
            node.revoke(message)
        elif isinstance(message, Attach):
            self._attach(node, connection, message)
        elif isinstance(message, PeerView):
            node.see(message)
        elif isinstance(message, Ping):
            connection.send(Pong(number=message.number))

    async def _offer(self, node: MediaNode, connection: Connection, offer: Offer) -> None:
        async with connection.turn:
            reply = await node.offer(offer)
            connection.send(reply)
            if reply.type == "answer":
                self._watchers[offer.room, offer.peer] = connection

    def _attach(self, node: MediaNode, connection: Connection, message: Attach) -> None:
        """A generation that is not here is reported closed, so nobody waits for it."""
        key = (message.room, message.peer)
        if node.has(message):
            self._watchers[key] = connection
            node.retell(message)
        elif not message.new:
            connection.send(
                PeerClosed(
                    room=message.room,
                    peer=message.peer,
                    generation=message.generation,
                    reason=CloseReason.NOT_HERE,
                )
            )
