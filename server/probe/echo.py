"""One echo: a person and the probe in a room of their own, until it is over.

Owns its life: the node, the person's answer, the probe's own connection, a report each second,
and the four ways in which it ends: ECHO_S are over, the person ended it or began another, or the
node lost them. Must not know who the person is, nor a web process.
"""

import asyncio
import contextlib
import logging
import time
from typing import Final

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame
from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.media.client import (
    ECHO_KEEP_S,
    ECHO_S,
    Code,
    EchoAnswer,
    EchoCode,
    EchoReport,
    EchoRequest,
    Lease,
    MediaClient,
    Notification,
    OfferRefused,
    PeerClosed,
    echo_answer_json,
    echo_answer_key,
    echo_report_json,
    echo_report_key,
    newest_echo_key,
)
from server.probe.echo_track import EchoTrack
from server.probe.nodes import live_nodes
from server.probe.participant import Participant
from server.probe.rooms import GENERATION, Wanted, new_room, peer

LOG = logging.getLogger(__name__)
PERSON, ECHO = "probe:person", "probe:echo"
REPORT_S: Final = 1.0
LEAVE_S: Final = 2.0
AWAY: Final[frozenset[Code]] = frozenset({"media.down", "media.stopping", "media.moved"})


class Echo:
    """One request, carried out by `run`."""

    def __init__(self, request: EchoRequest, store: Redis, media_secret: str) -> None:
        self.request = request
        self.room = new_room()
        self._store = store
        self._secret = media_secret
        self._over = asyncio.Event()
        self._track = EchoTrack()

    async def run(self) -> None:
        """From the request to the end; what goes wrong with Redis ends it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ECHO_S):
                client = await self._reach_a_node()
                if client is None:
                    await send_answer(self._store, self.request, EchoAnswer(code="echo.down"))
                else:
                    await self._take_part(client)

    def end(self) -> None:
        """Soon: the person has another one."""
        self._over.set()

    async def _reach_a_node(self) -> MediaClient | None:
        """A connection to the node with the fewest peers, or to the next one that answers."""
        nodes = [n for n in (await live_nodes(self._store)).values() if not n.draining]
        for node in sorted(nodes, key=_peers):
            client = MediaClient(node.control, self._secret, self.request.echo, self._notice)
            if await client.connect():
                return client
            await client.close()
        return None

    def _notice(self, news: Notification) -> None:
        if isinstance(news, PeerClosed) and news.room == self.room.key:
            self._over.set()

    async def _take_part(self, client: MediaClient) -> None:
        wanted = Wanted(self.room, self._store, client, time.time() + ECHO_S)
        me = Participant(ECHO)
        try:
            both = peer(sends_audio=True)
            await wanted.write({PERSON: both, ECHO: both})
            sdp = self.request.sdp
            reply = await client.offer(self.room.key, PERSON, GENERATION, sdp)
            if isinstance(reply, OfferRefused):
                await send_answer(self._store, self.request, EchoAnswer(code=_code(reply.code)))
                return
            await send_answer(self._store, self.request, EchoAnswer(sdp=reply.sdp))
            await self._echo(me, client)
        finally:
            await _part(me, wanted, client)

    async def _echo(self, me: Participant, client: MediaClient) -> None:
        me.receives("audio")
        me.sends(self._track)
        if code := await me.join(client, self.room):
            LOG.warning("the probe was refused by its node: %s", code)
            return
        listening = asyncio.ensure_future(self._listen(me.arriving("audio")))
        try:
            while not self._over.is_set() and await self._is_newest():
                await self._report(me)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(REPORT_S):
                        await self._over.wait()
        finally:
            listening.cancel()

    async def _listen(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if isinstance(frame, AudioFrame):
                    self._track.hear(frame)

    async def _is_newest(self) -> bool:
        """Whether the person still wants it; an echo goes on while Redis is away."""
        with contextlib.suppress(RedisError):
            newest = await self._store.get(newest_echo_key(self.request.person))
            return bool(newest == self.request.echo.encode())
        return True

    async def _report(self, me: Participant) -> None:
        figures = await me.figures("audio")
        report = EchoReport(
            received=figures.received,
            lost=figures.lost,
            jitter_ms=round(figures.jitter_ms, 1),
            round_trip_ms=figures.round_trip_ms,
            heard=self._track.heard,
        )
        with contextlib.suppress(RedisError):
            key = echo_report_key(self.request.echo)
            await self._store.set(key, echo_report_json(report), ex=ECHO_KEEP_S)


async def send_answer(store: Redis, request: EchoRequest, answer: EchoAnswer) -> None:
    """For the web process that waits for it."""
    key = echo_answer_key(request.echo)
    async with store.pipeline(transaction=True) as pipe:
        pipe.rpush(key, echo_answer_json(answer))
        pipe.expire(key, ECHO_KEEP_S)
        await pipe.execute()


def _peers(node: Lease) -> int:
    return node.load.peers


def _code(code: Code) -> EchoCode:
    return "echo.down" if code in AWAY else "echo.offer"


async def _part(me: Participant, wanted: Wanted, client: MediaClient) -> None:
    """The room is closed at the node; the probe leaves."""
    with contextlib.suppress(RedisError):
        await wanted.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LEAVE_S):
            await me.leave()
    await client.close()
