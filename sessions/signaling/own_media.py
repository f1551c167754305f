"""One connection's media: its offers, the node's news of it, and a new generation when the node
revoked the old one.

Owns whose news this connection hears, and that others are shown what the node says of it. Knows
the node only through the process's links, and no stream.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from sessions.core.refusal import Refuse
from sessions.live.presence import NOTHING_ARRIVES, Arriving, Place
from sessions.live.tasks import Tasks
from sessions.nodes.links import CloseReason, Heard, PeerClosed, SendingChanged
from sessions.rooms.process import Process
from sessions.signaling import node_news
from sessions.signaling.messages.media import MediaClosed, Tile
from sessions.signaling.reading import Viewer

PICTURE_RATIO: Final = 4 / 3  # of width to height, at the least: cameras send 4:3 or 16:9


class OwnMedia:
    """`send` takes a message for the browser; `write` makes presence say what arrives."""

    def __init__(
        self,
        process: Process,
        send: Callable[[Any], Awaitable[None]],
        write: Callable[[Arriving], Awaitable[Refuse | None]],
    ) -> None:
        self._process = process
        self._send = send
        self._write = write
        self._viewer: Viewer | None = None
        self._tasks = Tasks()
        self._widths: Mapping[int, int] | None = None  # None: the page has not said
        self.first_offer: str | None = None  # the one of `hello`, until the node has it
        self.arriving: Arriving | None = None  # the node's last word of this page's media
        self._written: Arriving | None = None
        self._writing: asyncio.Task[None] | None = None
        self.on_revoked: Callable[[], None] = lambda: None

    async def want(self, viewer: Viewer, *, new: bool = False) -> None:
        """Writes who is in the room now, and that the node's news of this seat comes here; a new
        page has no media there before its first offer. One that comes back has its media
        already, and does not wait for this."""
        room, seat = viewer.facts.key, viewer.seat.key
        if viewer.place is not Place.ROOM:
            return
        self._listen(viewer)
        self._process.links.attach(room, seat, viewer.media_generation, new=new)
        writing = self._tasks.keep(self._process.media.write(room))
        if new:
            await writing

    async def offer(self, viewer: Viewer, sdp: str) -> str | Refuse:
        """The node's answer to this page's offer."""
        self._listen(viewer)
        room, seat = viewer.facts.key, viewer.seat.key
        answer = await self._process.links.offer(room, seat, viewer.media_generation, sdp)
        if not isinstance(answer, Refuse) and self._widths is not None:
            self._view(viewer, self._widths)
        return answer

    def see(self, viewer: Viewer, tiles: Sequence[Tile]) -> None:
        """What this page shows, for the node that has its media, and for each that has them after
        it. A picture fills its tile, so a tall one needs a wide picture."""
        self._widths = {t.slot: max(t.width, round(t.height * PICTURE_RATIO)) for t in tiles}
        self._view(viewer, self._widths)

    def _view(self, viewer: Viewer, widths: Mapping[int, int]) -> None:
        room, seat = viewer.facts.key, viewer.seat.key
        self._process.links.view(room, seat, viewer.media_generation, widths)

    async def first_answer(self, viewer: Viewer) -> str | None:
        """The node's answer to the offer of `hello`, once, when its page is in the room. Nothing
        where the node refused it: the page makes another offer then."""
        sdp = self.first_offer
        if sdp is None or viewer.place is not Place.ROOM:
            return None
        self.first_offer = None
        answer = await self.offer(viewer, sdp)
        return None if isinstance(answer, Refuse) else answer

    async def renew(self, viewer: Viewer) -> Refuse | None:
        """Another generation for media that was revoked; the browser offers again."""
        room, seat = viewer.facts.key, viewer.seat.key
        known = viewer.media_generation
        media = await self._process.desired.generation_of(room, seat, known=known, new=True)
        if isinstance(media, Refuse):
            return media
        viewer.media_generation = media
        await self.want(viewer, new=True)
        await self._send(
            MediaClosed(type="media.closed", reason=CloseReason.REVOKED.value, again=True)
        )
        return None

    def end(self) -> None:
        """No more news: the connection has ended."""
        if self._viewer is not None:
            room, seat = self._viewer.facts.key, self._viewer.seat.key
            self._process.links.unlisten(room, seat, self.heard)

    def heard(self, news: Heard) -> None:
        """News of the node, in the order in which it came."""
        generation = self._viewer.media_generation if self._viewer else 0
        if isinstance(news, SendingChanged):
            self._arrives(Arriving(news.audio, news.video))
            return
        if isinstance(news, PeerClosed) and not 0 < news.generation < generation:
            self._arrives(NOTHING_ARRIVES)
        if isinstance(news, PeerClosed) and news.reason is CloseReason.REVOKED:
            self.on_revoked()
        self._tasks.keep(self._pass_on(node_news.message(news, generation)))

    def _arrives(self, arriving: Arriving) -> None:
        self.arriving = arriving
        self.settle()

    def settle(self) -> None:
        """Makes presence say what the node said last: one write at a time, so that the newest
        counts. What could not be written is tried again at the next heartbeat."""
        if self._writing is None or self._writing.done():
            self._writing = self._tasks.keep(self._settle())

    async def _settle(self) -> None:
        while (arriving := self.arriving) not in (None, self._written):
            assert arriving is not None
            if await self._write(arriving) is not None:
                return
            self._written = arriving

    async def _pass_on(self, message: Any) -> None:
        await self._send(message)

    def _listen(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._process.links.listen(viewer.facts.key, viewer.seat.key, self.heard)
