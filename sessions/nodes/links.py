"""This process's links to the media nodes: one control connection to each, found by its lease.

Owns the control connections, who listens to which peer's news, and where each room is as far as
this process knows. A node whose connection breaks and cannot be made again, or that falls
silent, is lost: its rooms are placed on another one, and their browsers are asked to offer
again. A connection goes on while Valkey is away. Knows no value that a room wants, no browser.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from server.media.client import (
    PEERS_OF_A_ROOM,
    Answer,
    CloseReason,
    Code,
    DesiredRoom,
    Hold,
    Lease,
    MediaClient,
    Move,
    NodeLoad,
    NodeState,
    Notification,
    PeerClosed,
    Placement,
    Seen,
    SendingChanged,
    SlotOwned,
    SlotShown,
    Speaking,
    Stay,
    decide,
    may_offer_again,
)
from sessions.core.refusal import Refuse
from sessions.live.store import cancelled
from sessions.live.tasks import Tasks
from sessions.nodes.placement import Placements

__all__ = [
    "CloseReason",
    "Heard",
    "Listener",
    "NodeLinks",
    "PeerClosed",
    "SendingChanged",
    "SlotOwned",
    "SlotShown",
    "Speaking",
    "may_offer_again",
]

Heard = SlotOwned | SlotShown | Speaking | SendingChanged | PeerClosed
Listener = Callable[[Heard], None]

FOLLOW_S: Final = 1.0  # how often the leases are read
LOOK_S: Final = 0.1  # how often while somebody waits for a node
PLACE_S: Final = 1.2  # how long an offer waits for a node
OFFER_ANSWER_S: Final = 3.8
RECENT_S: Final = 3.0  # a room placed so lately is not in its node's load yet
GONE_S: Final = 60.0  # a node without a connection and a lease is forgotten
ELSEWHERE: Final[frozenset[Code]] = frozenset({"media.moved", "media.stopping", "media.down"})


class NodeLinks:
    """All links of one process. They begin with the first peer that somebody listens to or makes
    an offer for. What is not `async` never waits."""

    def __init__(self, placements: Placements, secret: str) -> None:
        self._placements = placements
        self._secret = secret
        self.listeners: dict[tuple[str, str], Listener] = {}
        self._name = secrets.token_urlsafe(12)
        self._clients: dict[str, MediaClient] = {}  # by control address
        self._leases: dict[str, Lease] = {}
        self._loads: dict[str, NodeLoad] = {}
        self._placed: dict[str, Placement] = {}
        self._recent: list[tuple[float, str]] = []
        self._missing: dict[str, float] = {}
        self._looked_at = float("-inf")
        self._news = asyncio.Event()
        self._moving: dict[str, asyncio.Task[None]] = {}
        self._tasks = Tasks()
        self._following: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Starts looking for nodes, on the running loop; again, it does nothing."""
        if self._following is None:
            self._following = self._tasks.keep(self._follow())

    async def close(self) -> None:
        """Ends all of it."""
        await self._tasks.cancel()
        for client in self._clients.values():
            await client.close()

    # ---- the nodes -----------------------------------------------------------------------------

    async def _follow(self) -> None:
        while not cancelled():
            await self.look()
            await asyncio.sleep(FOLLOW_S)

    async def look(self) -> None:
        """Reads who is alive, and connects to each that has no connection; not more often than
        LOOK_S. A node that Valkey has forgotten stays as long as its connection."""
        now = _now()
        if now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        found = await self._placements.leases()
        if found is None:
            return
        before, self._leases = self._leases, found
        for lease in found.values():
            if lease.control not in self._clients:
                self._begin(lease.control)
        await self._forget_the_gone(now)
        if found.keys() != before.keys():
            self._changed()

    def _begin(self, control: str) -> None:
        client = MediaClient(
            control,
            self._secret,
            self._name,
            lambda notification: self._heard(client, notification),
            self._changed,
        )
        self._clients[control] = client
        self._tasks.keep(client.connect())

    async def _forget_the_gone(self, now: float) -> None:
        leased = {lease.control for lease in self._leases.values()}
        gone = {a for a, c in self._clients.items() if a not in leased and not c.connected}
        self._missing = {address: self._missing.get(address, now) for address in gone}
        for address, since in self._missing.items():
            if now - since > GONE_S:
                await self._clients.pop(address).close()

    def _seen(self) -> dict[str, Seen]:
        """Every node that has a lease or a connection. A node whose address another run answers
        has ended."""
        seen: dict[str, Seen] = {}
        for node, lease in self._leases.items():
            client = self._clients.get(lease.control)
            lost = client is not None and (client.lost or client.connected)
            seen[node] = Seen(NodeState.LOST if lost else NodeState.TRYING)
        for client in self._clients.values():
            if client.connected:
                seen[client.node] = Seen(self._state_of(client.node), self._weight(client.node))
        return seen

    def _state_of(self, node: str) -> NodeState:
        load, lease = self._loads.get(node), self._leases.get(node)
        draining = load.draining if load else lease is not None and lease.draining
        return NodeState.DRAINING if draining else NodeState.UP

    def _weight(self, node: str) -> int:
        load, lease = self._loads.get(node), self._leases.get(node)
        peers = load.peers if load else lease.load.peers if lease else 0
        after = _now() - RECENT_S
        self._recent = [(at, name) for at, name in self._recent if at > after]
        return peers + PEERS_OF_A_ROOM * sum(name == node for _, name in self._recent)

    def _client_of(self, node: str) -> MediaClient | None:
        return next((c for c in self._clients.values() if c.connected and c.node == node), None)

    # ---- where a room is -----------------------------------------------------------------------

    async def place(self, room: str, within: float) -> Placement | None:
        """Where the room is, on a node that answers: placed now, if it is nowhere."""
        until = _now() + within
        while (placed := await self._settle(room)) is None and _now() < until:
            if cancelled():
                break
            await self._wait_for_news()
        return placed

    async def _wait_for_news(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await self._news.wait()

    async def _settle(self, room: str) -> Placement | None:
        """One look. None: not yet."""
        known = self._placed.get(room)
        found = await self._placements.find(room)
        if found is None:
            return known if known and self._client_of(known.node) else None
        decision = decide(room, found.record, known, self._seen(), settled=found.settled)
        placed: Placement | None
        match decision:
            case Stay(record):
                placed = record
            case Hold(held):
                placed = await self._placements.hold(room, held)
            case Move(node, after):
                placed = await self._placements.move(room, node, after)
                self._recent.append((_now(), node))
            case _:
                await self.look()
                return None
        if placed is None or self._client_of(placed.node) is None:
            return None
        self._learn(room, placed)
        return placed

    def _learn(self, room: str, placed: Placement) -> None:
        """From now on the room is there. Browsers whose media was on another node offer again."""
        before, self._placed[room] = self._placed.get(room), placed
        if before is None or before.node == placed.node:
            return
        former = self._client_of(before.node)
        if former is not None:
            former.forget(room)
        reason = self._why_left(before.node)
        for (where, peer), listener in tuple(self.listeners.items()):
            if where == room:
                listener(PeerClosed(room=room, peer=peer, generation=0, reason=reason))

    def _why_left(self, node: str) -> CloseReason:
        if self._client_of(node) is None:
            return CloseReason.NODE_LOST
        draining = self._state_of(node) is NodeState.DRAINING
        return CloseReason.NODE_DRAINING if draining else CloseReason.MOVED

    def _changed(self) -> None:
        """Something about a node: those who wait look again, and rooms on a node that does not
        stay are moved."""
        news, self._news = self._news, asyncio.Event()
        news.set()
        seen = self._seen()
        for room in {room for room, _ in self.listeners}:
            placed = self._placed.get(room)
            if placed is None or room in self._moving:
                continue
            state = seen[placed.node].state if placed.node in seen else NodeState.LOST
            if state in (NodeState.LOST, NodeState.DRAINING):
                self._moving[room] = self._tasks.keep(self._move(room))

    async def _move(self, room: str) -> None:
        """Until it is placed, or nobody here is in it any more."""
        try:
            while any(where == room for where, _ in self.listeners) and not cancelled():
                if await self.place(room, FOLLOW_S) is not None:
                    return
        finally:
            del self._moving[room]

    # ---- news of the nodes ---------------------------------------------------------------------

    def _heard(self, client: MediaClient, notification: Notification) -> None:
        """What a node says of a room that is another node's by now is out of date."""
        if isinstance(notification, NodeLoad):
            before = self._loads.get(notification.node)
            self._loads[notification.node] = notification
            if notification.draining and not (before and before.draining):
                self._changed()
            return
        placed = self._placed.get(notification.room)
        if placed is not None and placed.node != client.node:
            return
        if isinstance(notification, Speaking):
            for (room, _), listener in tuple(self.listeners.items()):
                if room == notification.room:
                    listener(notification)
        else:
            found = self.listeners.get((notification.room, notification.peer))
            if found is not None:
                found(notification)

    def listen(self, room: str, peer: str, listener: Listener) -> None:
        """News of a peer's media (and of who speaks in its room) goes to this listener."""
        self.begin()
        self.listeners[room, peer] = listener

    def unlisten(self, room: str, peer: str, listener: Listener) -> None:
        """The end of `listen`, unless a newer connection of the same seat listens by now."""
        if self.listeners.get((room, peer)) == listener:
            del self.listeners[room, peer]
        if not any(where == room for where, _ in self.listeners):
            self._placed.pop(room, None)

    # ---- calls ---------------------------------------------------------------------------------

    def attach(self, room: str, peer: str, generation: int, *, new: bool = False) -> None:
        """News of the peer, which another process may have made, comes here as soon as the room
        is on a node that answers. `new`: the page has made no offer yet, so a node that does not
        have it has nothing to say."""
        self._tasks.keep(self._attach(room, peer, generation, new))

    async def _attach(self, room: str, peer: str, generation: int, new: bool) -> None:
        listener = self.listeners.get((room, peer))
        placed: Placement | None = None
        while placed is None and self.listeners.get((room, peer)) == listener and not cancelled():
            placed = await self.place(room, FOLLOW_S)
        client = self._client_of(placed.node) if placed else None
        if client is not None:
            client.attach(room, peer, generation, new=new)

    async def offer(self, room: str, peer: str, generation: int, sdp: str) -> str | Refuse:
        """The node's answer to a browser's offer, or why there is none; within four seconds."""
        self.begin()
        answer: Answer | Code = "media.down"
        with suppress(TimeoutError):
            async with asyncio.timeout(OFFER_ANSWER_S):
                answer = await self._offer(room, peer, generation, sdp)
        return answer.sdp if isinstance(answer, Answer) else _refused(answer)

    async def _offer(self, room: str, peer: str, generation: int, sdp: str) -> Answer | Code:
        """One that says that the room is elsewhere, or that does not answer, is asked once more,
        or the one that took its place."""
        code: Code = "media.down"
        for _ in range(2):
            placed = await self.place(room, PLACE_S)
            client = self._client_of(placed.node) if placed else None
            if placed is None or client is None:
                return code
            reply = await client.offer(room, peer, generation, sdp, placed.generation)
            if isinstance(reply, Answer):
                return reply
            code = reply.code
            if code not in ELSEWHERE:
                return code
        return code

    def view(self, room: str, peer: str, generation: int, widths: Mapping[int, int]) -> None:
        """How wide each visible slot of the peer's page is shown. A node that the peer makes its
        offer to later has to be told again."""
        placed = self._placed.get(room)
        client = self._client_of(placed.node) if placed else None
        if client is not None:
            client.view(room, peer, generation, widths)

    def apply(self, desired: DesiredRoom) -> None:
        """Wakes the room's node; one that is not known here looks by itself."""
        placed = self._placed.get(desired.room)
        client = self._client_of(placed.node) if placed else None
        if client is not None:
            client.apply(desired)

    def revoke(self, room: str, peer: str, generation: int | None) -> None:
        """Ends a peer's media up to a generation (None: the newest that the node knows), at every
        node that is connected: a room may just be moving."""
        for client in self._clients.values():
            client.revoke(room, peer, generation)

    async def revoke_everywhere(self, room: str, peer: str, generation: int | None) -> None:
        """`revoke`, from a process that may have no connections: each node is found and asked."""
        if self._clients:
            self.revoke(room, peer, generation)
            return
        found = await self._placements.leases() or {}
        clients = [
            MediaClient(lease.control, self._secret, "once", lambda _: None)
            for lease in found.values()
        ]
        await asyncio.gather(*(client.connect() for client in clients))
        for client in clients:
            client.revoke(room, peer, generation)
        await asyncio.sleep(0)
        await asyncio.gather(*(client.close() for client in clients))


def _now() -> float:
    return asyncio.get_running_loop().time()


_CODES: Final[Mapping[str, str]] = {
    "media.not_wanted": "media.not_ready",
    "media.generation_old": "media.not_ready",
    "media.stopping": "media.down",
    "media.moved": "media.down",
    "media.down": "media.down",
}


def _refused(code: str) -> Refuse:
    """What a person is told of the node's codes; the rest is about the browser's description."""
    return Refuse(_CODES.get(code, "media.offer"))
