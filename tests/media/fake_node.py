"""A media node without media, for tests of its clients.

It speaks the real messages over a real unix socket, so a real MediaClient is used against it,
and it keeps the rules that a caller can see: what is wanted comes in, generations, revocations,
slots, and notifications to the client that offered or attached last. It opens no UDP port and answers
every offer with the same few lines. Tests make things happen: `connect`, `speak`, `lose`.
"""

import asyncio
import contextlib
from pathlib import Path

from server.media.desired import View
from server.media.messages import (
    LONGEST_LINE,
    Answer,
    Apply,
    Attach,
    DesiredRoom,
    Hello,
    NodeLoad,
    Notification,
    Offer,
    OfferRefused,
    PeerClosed,
    Ping,
    Pong,
    Revoke,
    SendingChanged,
    SlotOwned,
    SlotShown,
    Speaking,
    ToNode,
    ToWeb,
    Welcome,
    read_to_node,
    to_web_line,
)
from server.media.reasons import CloseReason
from server.media.slots import SlotTable

ANSWER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n"
Key = tuple[str, str]


class FakeNode:
    """Serves at `path` once started. `deaf` makes it ignore every Apply and Revoke.

    `received` holds all messages in order; `generations` the peers that are in; `slots` how
    many each has, by room and peer.
    """

    def __init__(self, path: Path, secret: str, slots: int = 19) -> None:
        self.address = f"unix:{path}"
        self.received: list[ToNode] = []
        self.generations: dict[Key, int] = {}
        self.connected: set[Key] = set()
        self.deaf = False
        self._path = path
        self._secret = secret
        self._size = slots
        self._views: dict[str, View] = {}
        self._tables: dict[Key, SlotTable] = {}
        self._watchers: dict[Key, asyncio.StreamWriter] = {}
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listens. May be called again after `stop`: a restarted node, which knows nobody."""
        self._server = await asyncio.start_unix_server(
            self._serve, str(self._path), limit=LONGEST_LINE
        )

    async def stop(self) -> None:
        """As a crash: connections break, and all is forgotten."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.close()
        self._path.unlink(missing_ok=True)
        for forgotten in (self.generations, self.connected, self._views, self._tables):
            forgotten.clear()
        self._watchers.clear()

    # ---- what a test makes happen --------------------------------------------------------

    def connect(self, room: str, peer: str) -> None:
        """The peer's browser got through: it is notified, and both sides get slots."""
        self.connected.add((room, peer))
        others = [p for r, p in self.connected if r == room and p != peer]
        for other in sorted(others):
            self._place(room, peer, other)
            self._place(room, other, peer)

    def lose(self, room: str, peer: str, reason: CloseReason = CloseReason.SILENT) -> None:
        """The peer's connection is gone."""
        self._close((room, peer), reason)

    def speak(self, room: str, *peers: str) -> None:
        """Who speaks now."""
        self._notify_room(room, Speaking(room=room, peers=sorted(peers)))

    def send(self, room: str, peer: str, *, audio: bool, video: bool) -> None:
        """What really arrives of the peer; its first picture is shown where it has a slot."""
        notification = SendingChanged(room=room, peer=peer, audio=audio, video=video)
        self._notify_room(room, notification)
        for (r, watcher), table in self._tables.items():
            slot = table.index(peer)
            if video and r == room and slot is not None:
                shown = SlotShown(
                    room=room, peer=watcher, slot=slot, owner=peer, rtp_timestamp=slot
                )
                self._notify(shown, (room, watcher))

    def load(self) -> None:
        """The node's load, to everyone."""
        notification = NodeLoad(node="fake", peers=len(self.connected), packets_per_second=0)
        for writer in self._writers:
            writer.write(to_web_line(notification))

    def drop_connections(self) -> None:
        """Every control connection breaks; the node goes on."""
        for writer in list(self._writers):
            writer.close()

    @staticmethod
    def csrc(peer: str) -> int:
        """The number that stands for this peer in SlotOwned."""
        return int.from_bytes(peer.encode()[-4:], "big")

    # ---- messages ------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            hello = read_to_node(await reader.readline())
            if isinstance(hello, Hello) and hello.secret == self._secret:
                self._writers.add(writer)
                writer.write(to_web_line(Welcome(node="fake")))
                while line := await reader.readline():
                    message = read_to_node(line)
                    assert message is not None, line
                    self.received.append(message)
                    self._handle(message, writer)
        self._writers.discard(writer)
        self._watchers = {k: w for k, w in self._watchers.items() if w is not writer}
        writer.close()

    def _handle(self, message: ToNode, writer: asyncio.StreamWriter) -> None:
        match message:
            case Offer():
                self._reply(writer, self._offered(message, writer))
            case Apply() if not self.deaf:
                self._apply(message.desired)
            case Revoke() if not self.deaf:
                self._revoke(message)
            case Attach():
                self._attach(message, writer)
            case Ping():
                self._reply(writer, Pong(number=message.number))

    def _revoke(self, revoke: Revoke) -> None:
        view, key = self._view(revoke.room), (revoke.room, revoke.peer)
        here = self.generations.get(key, -1)
        generation = revoke.generation
        if generation is None:
            generation = view.newest(revoke.peer, here)
        view.burn(revoke.peer, generation)
        if -1 < here <= generation:
            self._close(key, CloseReason.REVOKED)

    def _offered(self, offer: Offer, writer: asyncio.StreamWriter) -> Answer | OfferRefused:
        code = self._view(offer.room).refuses(offer.peer, offer.generation)
        if code is None and not offer.sdp.startswith("v=0"):
            code = "media.offer_malformed"
        if code is not None:
            return OfferRefused(request=offer.request, code=code)
        key = (offer.room, offer.peer)
        if self.generations.get(key, offer.generation) != offer.generation:
            self._close(key, CloseReason.REPLACED)
        self.generations[key] = offer.generation
        self._tables.setdefault(key, SlotTable(self._size))
        self._watchers[key] = writer
        return Answer(request=offer.request, sdp=ANSWER)

    def _apply(self, desired: DesiredRoom) -> None:
        view = self._view(desired.room)
        if not view.take(desired):
            return
        for room, peer in [key for key in self.generations if key[0] == desired.room]:
            wanted = view.wanted(peer)
            if wanted is None:
                self._close((room, peer), CloseReason.NOT_WANTED)
            elif wanted.generation != self.generations[room, peer]:
                self._close((room, peer), CloseReason.REPLACED)

    def _attach(self, attach: Attach, writer: asyncio.StreamWriter) -> None:
        key = (attach.room, attach.peer)
        if self.generations.get(key) != attach.generation:
            closed = PeerClosed(
                room=attach.room,
                peer=attach.peer,
                generation=attach.generation,
                reason=CloseReason.NOT_HERE,
            )
            if not attach.new:
                self._reply(writer, closed)
            return
        self._watchers[key] = writer
        for slot, owner in enumerate(self._tables[key].owners):
            if owner:
                self._own(key, slot, owner)

    def _close(self, key: Key, reason: CloseReason) -> None:
        room, peer = key
        generation = self.generations.pop(key)
        self.connected.discard(key)
        closed = PeerClosed(room=room, peer=peer, generation=generation, reason=reason)
        self._notify(closed, key)
        self._watchers.pop(key, None)
        if self._view(room).wanted(peer) is None:
            self._tables.pop(key, None)
            for watcher, table in self._tables.items():
                slot = table.release(peer) if watcher[0] == room else None
                if slot is not None:
                    self._own(watcher, slot, None)

    def _place(self, room: str, subscriber: str, publisher: str) -> None:
        table = self._tables[room, subscriber]
        known = table.index(publisher)
        present = {p for r, p in self.connected if r == room}
        slot = table.place(publisher, present)
        if known is None and slot is not None:
            self._own((room, subscriber), slot, publisher)

    def _own(self, key: Key, slot: int, owner: str | None) -> None:
        csrc = self.csrc(owner) if owner else 0
        self._notify(SlotOwned(room=key[0], peer=key[1], slot=slot, owner=owner, csrc=csrc), key)

    def _view(self, room: str) -> View:
        return self._views.setdefault(room, View())

    def _notify(self, notification: Notification, key: Key) -> None:
        if key in self._watchers:
            self._reply(self._watchers[key], notification)

    def _notify_room(self, room: str, notification: Notification) -> None:
        for writer in {w for (r, _), w in self._watchers.items() if r == room}:
            self._reply(writer, notification)

    def _reply(self, writer: asyncio.StreamWriter, sent: ToWeb) -> None:
        if not writer.is_closing():
            writer.write(to_web_line(sent))
