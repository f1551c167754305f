"""Events out: the one file that owns the channel-layer group names and sends wake-ups.

A wake-up says only "the room's stream has come to seq n". It may be lost (at most once), and a
failing publish never raises: readers also look into the stream at every heartbeat. What an event
says is in `stream.py`; the signaling layer reads it.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar, cast

from channels.layers import BaseChannelLayer, get_channel_layer

from sessions.core.refusal import Refuse
from sessions.live.presence import Applied
from sessions.live.store import SOCKET_TIMEOUT_S, Call, Store, cancelled
from sessions.live.stream import Draft, Event, append, appended

log = logging.getLogger(__name__)

ACCESS: Final = "person.access"  # a consumer handles it as `person_access({})`
WAKE: Final = "room.wake"  # {"type": WAKE, "epoch": ..., "seq": ...}
RETRY_S: Final = 1.0  # after wake-ups could not be heard

Woken = Callable[[str, int, Event | None], None]


def group_of_room(room: str) -> str:
    """The group of every socket of a room, at the door too."""
    return f"room.{room}"


def group_of_person(public_id: str) -> str:
    """The group of every socket of a person, on every device and in every room."""
    return f"person.{public_id}"


class Written(Protocol):
    """What a call that may have appended events answers with."""

    @property
    def epoch(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def wrote(self) -> bool: ...


W = TypeVar("W", bound=Written | Refuse)


class Broadcast:
    """Sends and hears the wake-ups of one process."""

    def __init__(self, store: Store, layer: Callable[[], BaseChannelLayer | None]) -> None:
        self._store = store
        self._layer_of_process = layer
        self._hearers: dict[str, list[Woken]] = {}  # of this process, by room

    def _layer(self) -> BaseChannelLayer:
        return cast(BaseChannelLayer, self._layer_of_process())

    # ---- hearing -------------------------------------------------------------------------------

    async def hear(self, room: str, ready: Callable[[], None], woken: Woken) -> None:
        """Calls `woken(epoch, seq, event)` for each wake-up of the room, until it is cancelled: at
        once for those of this process, and once more when they come back from Valkey. `event` is
        the one of that number, where it was made in this process; else None, and it has to be
        read.

        `ready` is called when all are heard. Valkey away: it tries again each second.
        """
        self._hearers.setdefault(room, []).append(woken)
        try:
            while not cancelled():
                try:
                    await self._hear(room, ready, woken)
                except Exception as fault:
                    log.warning("cannot hear wake-ups: %s", type(fault).__name__)
                await asyncio.sleep(RETRY_S)
        finally:
            self._hearers[room].remove(woken)
            if not self._hearers[room]:
                del self._hearers[room]

    async def _hear(self, room: str, ready: Callable[[], None], woken: Woken) -> None:
        layer, group = self._layer(), group_of_room(room)
        channel = await layer.new_channel()
        try:
            async with asyncio.timeout(SOCKET_TIMEOUT_S):
                await layer.group_add(group, channel)
            ready()
            while not cancelled():
                message = await _received(layer, channel)
                woken(message["epoch"], message["seq"], None)
        finally:
            await layer.group_discard(group, channel)

    async def listen_as(self, public_id: str, channel: str) -> bool:
        """Adds a consumer's channel to its person's group; whether that could be done."""
        try:
            async with asyncio.timeout(SOCKET_TIMEOUT_S):
                await self._layer().group_add(group_of_person(public_id), channel)
        except Exception as fault:
            log.warning("cannot listen for wake-ups: %s", type(fault).__name__)
            return False
        return True

    async def unlisten_as(self, public_id: str, channel: str) -> None:
        """Takes a consumer's channel out of its person's group."""
        try:
            async with asyncio.timeout(SOCKET_TIMEOUT_S):
                await self._layer().group_discard(group_of_person(public_id), channel)
        except Exception as fault:
            log.warning("cannot stop listening for wake-ups: %s", type(fault).__name__)

    # ---- sending -------------------------------------------------------------------------------

    async def wake(self, room: str, epoch: str, seq: int, event: Event | None = None) -> bool:
        """Tells the room's sockets to read the stream: those of this process at once, with what
        there is to read. False when the others could not be told."""
        for woken in tuple(self._hearers.get(room, ())):
            woken(epoch, seq, event)
        return await self._send(group_of_room(room), {"type": WAKE, "epoch": epoch, "seq": seq})

    async def wake_person(self, public_id: str) -> bool:
        """Tells a person's sockets, in every process, to ask again whether they may stay. False
        when they could not be told."""
        return await self._send(group_of_person(public_id), {"type": ACCESS})

    async def _send(self, group: str, message: dict[str, object]) -> bool:
        try:
            async with asyncio.timeout(SOCKET_TIMEOUT_S):
                await self._layer().group_send(group, message)
        except Exception as fault:
            log.warning("wake-up lost: %s", type(fault).__name__)
            return False
        return True

    async def send(self, room: str, call: Call[W], *, gathered: bool = False) -> W | Refuse:
        """Runs a call of presence; wakes the readers if it wrote. `gathered`: with others, as
        `Store.run_gathered` does."""
        answer = await (self._store.run_gathered(call) if gathered else self._store.run(call))
        if not isinstance(answer, Refuse) and answer.wrote:
            await self.wake(room, answer.epoch, answer.seq)
        return answer

    async def publish(self, room: str, draft: Draft) -> Applied | Refuse:
        """Appends an event to the room's stream and wakes its readers."""
        applied = await self._store.run(append(room, draft))
        if not isinstance(applied, Refuse):
            await self.wake(room, applied.epoch, applied.seq, appended(draft, applied))
        return applied


async def _received(layer: BaseChannelLayer, channel: str) -> Mapping[str, Any]:
    """The channel's next message. The layer asks Valkey again and again and may lose the one
    cancellation in between (see `cancelled`): it is cancelled until it ends."""
    receiving = asyncio.ensure_future(layer.receive(channel))
    try:
        return cast("Mapping[str, Any]", await asyncio.shield(receiving))
    finally:
        while not receiving.done():
            receiving.cancel()
            await asyncio.wait([receiving], timeout=RETRY_S)


def layer_of_settings() -> BaseChannelLayer | None:
    """The channel layer that the settings name."""
    return get_channel_layer()
