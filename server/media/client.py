"""A web process's connection to one media node.

Owns the connection: it is made again when it breaks, and what the node must know again is said
again; and what the connection says of the node: up, or lost. No call waits longer than
CALL_SECONDS; a node that is away is a value, `media.down`. Re-exports the messages, their reasons and the
rules of placement. Must not reach anything that handles media, nor Django.
"""

import asyncio
import contextlib
import itertools
import logging
import random
from collections.abc import Callable, Mapping
from typing import Final, Literal

from server.media.echo import (
    ECHO_KEEP_S,
    ECHO_REQUESTS_KEY,
    ECHO_S,
    MOST_REQUESTS,
    PROBE_LEASE_KEY,
    EchoAnswer,
    EchoCode,
    EchoReport,
    EchoRequest,
    echo_answer_json,
    echo_answer_key,
    echo_report_json,
    echo_report_key,
    echo_request_json,
    newest_echo_key,
    read_echo_answer,
    read_echo_report,
    read_echo_request,
)
from server.media.messages import (
    LONGEST_LINE,
    LONGEST_OFFER,
    Answer,
    Apply,
    Attach,
    Code,
    DesiredPeer,
    DesiredRoom,
    Hello,
    NodeLoad,
    Notification,
    Offer,
    OfferRefused,
    PeerClosed,
    PeerView,
    Ping,
    Pong,
    Revoke,
    SendingChanged,
    SlotOwned,
    SlotShown,
    Speaking,
    ToNode,
    Welcome,
    desired_json,
    desired_key,
    read_desired,
    read_to_web,
    to_node_line,
)
from server.media.placement import (
    BORN_KEY,
    KEEP_S,
    NODES_KEY,
    PEERS_OF_A_ROOM,
    PLACE,
    SETTLE_MS,
    Hold,
    Lease,
    Move,
    NodeState,
    Placement,
    Seen,
    Stay,
    decide,
    lease_key,
    placement_key,
    read_lease,
    read_placement,
)
from server.media.reasons import CloseReason, may_offer_again
from server.media.relay import RelayAccess, relay_access

__all__ = [
    "BORN_KEY", "ECHO_KEEP_S", "ECHO_REQUESTS_KEY", "ECHO_S", "KEEP_S", "LONGEST_OFFER",
    "MOST_REQUESTS", "NODES_KEY", "PEERS_OF_A_ROOM", "PLACE", "PROBE_LEASE_KEY", "SETTLE_MS",
    "Answer", "CloseReason", "Code", "DesiredPeer", "DesiredRoom", "Down", "EchoAnswer",
    "EchoCode", "EchoReport", "EchoRequest", "Hold", "Lease", "MediaClient", "Move", "NodeLoad",
    "NodeState", "Notification", "OfferRefused", "PeerClosed", "Placement", "RelayAccess", "Seen",
    "SendingChanged", "SlotOwned", "SlotShown", "Speaking", "Stay", "decide", "desired_json",
    "desired_key", "echo_answer_json", "echo_answer_key", "echo_report_json", "echo_report_key",
    "echo_request_json", "lease_key", "may_offer_again", "newest_echo_key", "placement_key",
    "read_desired", "read_echo_answer", "read_echo_report", "read_echo_request", "read_lease",
    "read_placement", "relay_access",
]  # fmt: skip

LOG = logging.getLogger(__name__)
Down = Literal["media.down"]
CALL_SECONDS: Final = 1.8
PING_SECONDS: Final = 0.5
MOST_MISSED: Final = 4  # pings with no line after them, and the node is lost: two seconds
AT_ONCE_SECONDS: Final = 0.5  # for the attempt that follows a break
FIRST_DELAY: Final = 0.05
LONGEST_DELAY: Final = 0.2
MOST_KEPT: Final = 1000  # revocations that wait for the node


class MediaClient:
    """`address` is unix:/path or tcp:host:port; `notify` is called in order and must not block,
    nor must `changed`, which is called when `connected`, `lost` or `node` may have changed.
    """

    def __init__(
        self,
        address: str,
        secret: str,
        web: str,
        notify: Callable[[Notification], None],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.node = ""  # the id of the node that welcomed us last
        self.lost = False  # it could not be reached, or fell silent, and has not been back since
        self._address = address
        self._changed = changed
        self._lines_heard = 0
        self._hello = Hello(secret=secret, web=web)
        self._notify = notify
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._up = asyncio.Event()
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Answer | OfferRefused]] = {}
        self._attached: dict[tuple[str, str], int] = {}
        self._views: dict[tuple[str, str], PeerView] = {}
        self._revoked: dict[tuple[str, str], Revoke] = {}

    @property
    def connected(self) -> bool:
        """Whether the node welcomed us and the connection stands, as far as we know."""
        return self._up.is_set()

    async def connect(self) -> bool:
        """Starts, and waits up to CALL_SECONDS for the node. It goes on trying after that."""
        if self._task is None:
            self._task = asyncio.ensure_future(self._stay_connected())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CALL_SECONDS):
                await self._up.wait()
        return self.connected

    async def close(self) -> None:
        """Ends the connection and fails every call that waits."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    # ---- calls ---------------------------------------------------------------------------

    async def offer(
        self, room: str, peer: str, generation: int, sdp: str, placement: int = 0
    ) -> Answer | OfferRefused:
        """The node's answer to a browser's description, or a refusal with its code."""
        request = next(self._numbers)
        down = OfferRefused(request=request, code="media.down")
        answered = asyncio.get_running_loop().create_future()
        self._asked[request] = answered
        asked = Offer(
            request=request,
            room=room,
            peer=peer,
            generation=generation,
            sdp=sdp,
            placement=placement,
        )
        try:
            if self._send(asked):
                return down
            async with asyncio.timeout(CALL_SECONDS):
                reply: Answer | OfferRefused = await answered
        except TimeoutError:
            return down
        finally:
            del self._asked[request]
        if isinstance(reply, Answer):
            self._attached[room, peer] = generation
        return reply

    def apply(self, desired: DesiredRoom) -> Down | None:
        """Wakes the node with the value. Losing it is harmless: the node reads the store."""
        return self._send(Apply(desired=desired))

    def revoke(self, room: str, peer: str, generation: int | None) -> Down | None:
        """Ends the peer now; while the node is away the revocation waits for it."""
        revoke = Revoke(room=room, peer=peer, generation=generation)
        self._attached.pop((room, peer), None)
        self._views.pop((room, peer), None)
        down = self._send(revoke)
        if down and len(self._revoked) < MOST_KEPT:
            self._revoked[room, peer] = revoke
        return down

    def attach(self, room: str, peer: str, generation: int, *, new: bool = False) -> Down | None:
        """Notifications for this peer come here from now on, after each reconnect too. `new`:
        it has made no offer yet."""
        self._attached[room, peer] = generation
        return self._send(Attach(room=room, peer=peer, generation=generation, new=new))

    def view(self, room: str, peer: str, generation: int, widths: Mapping[int, int]) -> Down | None:
        """How wide each visible slot of the peer's page is shown, after each reconnect too."""
        view = PeerView(room=room, peer=peer, generation=generation, widths=dict(widths))
        self._views[room, peer] = view
        return self._send(view)

    def forget(self, room: str) -> None:
        """The room is another node's: nobody is attached here any more."""
        self._attached = {key: g for key, g in self._attached.items() if key[0] != room}
        self._views = {key: view for key, view in self._views.items() if key[0] != room}

    def _send(self, sent: ToNode) -> Down | None:
        if self._writer is None or not self.connected:
            return "media.down"
        self._writer.write(to_node_line(sent))
        return None

    # ---- the connection ------------------------------------------------------------------

    async def _stay_connected(self) -> None:
        """A connection that breaks is made again at once; only when that fails, or when the
        node fell silent, is it lost: a break alone is no evidence."""
        delay, within = 0.0, CALL_SECONDS
        try:
            while True:
                silent = False
                with contextlib.suppress(OSError, ValueError, TimeoutError):
                    silent = await self._converse(within)
                broke = self.connected and not silent
                self._drop()
                if broke:
                    delay, within = 0.0, AT_ONCE_SECONDS
                    continue
                self._tell_lost()
                delay, within = min(LONGEST_DELAY, max(FIRST_DELAY, delay * 2)), CALL_SECONDS
                await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311 - spread only
        finally:
            self._drop()

    def _tell_lost(self) -> None:
        if not self.lost:
            self.lost = True
            self._changed()

    async def _converse(self, within: float) -> bool:
        """One connection from its greeting to its end; True when the node fell silent."""
        async with asyncio.timeout(within):
            reader, self._writer = await self._open()
            self._writer.write(to_node_line(self._hello))
            welcome = read_to_web(await reader.readline())
        if not isinstance(welcome, Welcome):
            return False
        former, self.node, self.lost = self.node, welcome.node, False
        self._up.set()
        if former not in ("", self.node):
            self._report_gone()
        self._say_again()
        self._changed()
        listening = asyncio.ensure_future(self._listen(reader))
        try:
            return await self._ping_until(listening)
        finally:
            listening.cancel()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError, ValueError):
            while line := await reader.readline():
                self._lines_heard += 1
                self._take(line)

    async def _ping_until(self, listening: "asyncio.Future[None]") -> bool:
        """Until the connection ends (False) or MOST_MISSED pings in a row brought nothing.
        Silence is counted in pings of ours, so a process that itself stood still blames nobody.
        """
        missed = 0
        for number in itertools.count():
            heard = self._lines_heard
            self._send(Ping(number=number))
            await asyncio.wait([listening], timeout=PING_SECONDS)
            if listening.done():
                return False
            missed = missed + 1 if self._lines_heard == heard else 0
            if missed >= MOST_MISSED:
                break
        return True

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        kind, _, rest = self._address.partition(":")
        if kind == "unix":
            return await asyncio.open_unix_connection(rest, limit=LONGEST_LINE)
        host, _, port = rest.rpartition(":")
        return await asyncio.open_connection(host, int(port), limit=LONGEST_LINE)

    def _say_again(self) -> None:
        """What was decided while the node was away, and which peers we act for."""
        for revoke in self._revoked.values():
            self._send(revoke)
        self._revoked.clear()
        for (room, peer), generation in self._attached.items():
            self._send(Attach(room=room, peer=peer, generation=generation))
        for view in self._views.values():
            self._send(view)

    def _report_gone(self) -> None:
        """Another run of the node has none of the former one's peers. It is not asked: its answer
        would come at any time, also when they have offered again since."""
        for (room, peer), generation in tuple(self._attached.items()):
            closed = PeerClosed(
                room=room, peer=peer, generation=generation, reason=CloseReason.NOT_HERE
            )
            self._pass_on(closed)

    def _take(self, line: bytes) -> None:
        message = read_to_web(line)
        if isinstance(message, Answer | OfferRefused):
            waiting = self._asked.get(message.request)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        elif message is not None and not isinstance(message, Welcome | Pong):
            self._pass_on(message)

    def _pass_on(self, notification: Notification) -> None:
        if isinstance(notification, PeerClosed):
            self._detach(notification)
        try:
            self._notify(notification)
        except Exception:
            LOG.exception("a media notification was not taken")

    def _detach(self, closed: PeerClosed) -> None:
        if self._attached.get((closed.room, closed.peer)) == closed.generation:
            del self._attached[closed.room, closed.peer]
            self._views.pop((closed.room, closed.peer), None)

    def _drop(self) -> None:
        """The connection is gone: every call that waits fails now."""
        self._up.clear()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        for request, waiting in self._asked.items():
            if not waiting.done():
                waiting.set_result(OfferRefused(request=request, code="media.down"))
