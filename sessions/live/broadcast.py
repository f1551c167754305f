"""Events out: the one file that owns the channel-layer group names and sends wake-ups.

A wake-up says only "the room's stream has come to seq n". It may be lost (at most once), and a
failing publish never raises: readers also look into the stream at every heartbeat. What is told
is in `stream.py`; who reads it is the signaling layer.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar, cast

from asgiref.sync import async_to_sync
from channels.layers import BaseChannelLayer, get_channel_layer
from django.db import transaction

from sessions.core.refusal import Refuse
from sessions.live.presence import Told
from sessions.live.store import SOCKET_TIMEOUT_S, Call, arun, arun_soon, cancelled, run
from sessions.live.stream import Draft, Event, append, appended

log = logging.getLogger(__name__)

ACCESS: Final = "person.access"  # a consumer handles it as `person_access({})`
WAKE: Final = "room.wake"  # {"type": WAKE, "epoch": ..., "seq": ...}
AGAIN_S: Final = 1.0  # after wake-ups could not be heard

Woken = Callable[[str, int, Event | None], None]
_hearers: dict[str, list[tuple[asyncio.AbstractEventLoop, Woken]]] = {}  # of this process
_sending: set["asyncio.Task[bool]"] = set()  # wake-ups on their way


def _layer() -> BaseChannelLayer:
    return cast(BaseChannelLayer, get_channel_layer())


def group_of_room(room: str) -> str:
    """The group of every socket of a room, at the door too."""
    return f"room.{room}"


def group_of_person(public_id: str) -> str:
    """The group of every socket of a person, on every device and in every room."""
    return f"person.{public_id}"


async def hear(room: str, ready: Callable[[], None], woken: Woken) -> None:
    """Calls `woken(epoch, seq, event)` for each wake-up of the room, until it is cancelled: at once
    for those of this process, and once more when they come back from Redis. `event` is the one of
    that number, where it was made in this process; else None, and it has to be read.

    `ready` is called when all are heard. Redis away: it tries again each second.
    """
    here = (asyncio.get_running_loop(), woken)
    _hearers.setdefault(room, []).append(here)
    try:
        while not cancelled():
            try:
                await _hear(room, ready, woken)
            except Exception as fault:
                log.warning("cannot hear wake-ups: %s", type(fault).__name__)
            await asyncio.sleep(AGAIN_S)
    finally:
        _hearers[room].remove(here)
        if not _hearers[room]:
            del _hearers[room]


def _tell_here(room: str, epoch: str, seq: int, event: Event | None = None) -> None:
    for loop, woken in tuple(_hearers.get(room, ())):
        with contextlib.suppress(RuntimeError):  # a loop that was closed
            loop.call_soon_threadsafe(woken, epoch, seq, event)


async def _hear(room: str, ready: Callable[[], None], woken: Woken) -> None:
    layer, group = _layer(), group_of_room(room)
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


async def _received(layer: BaseChannelLayer, channel: str) -> Mapping[str, Any]:
    """The channel's next message. The layer asks Redis again and again and may lose the one
    cancellation in between (see `cancelled`): it is cancelled until it ends."""
    receiving = asyncio.ensure_future(layer.receive(channel))
    try:
        return cast("Mapping[str, Any]", await asyncio.shield(receiving))
    finally:
        while not receiving.done():
            receiving.cancel()
            await asyncio.wait([receiving], timeout=AGAIN_S)


async def listen_as(public_id: str, channel: str) -> bool:
    """Adds a consumer's channel to its person's group; whether that could be done."""
    return await _added(group_of_person(public_id), channel)


async def unlisten_as(public_id: str, channel: str) -> None:
    """Takes a consumer's channel out of its person's group."""
    await _discarded(group_of_person(public_id), channel)


async def _added(group: str, channel: str) -> bool:
    try:
        async with asyncio.timeout(SOCKET_TIMEOUT_S):
            await _layer().group_add(group, channel)
    except Exception as fault:
        log.warning("cannot listen for wake-ups: %s", type(fault).__name__)
        return False
    return True


async def _discarded(group: str, channel: str) -> None:
    try:
        async with asyncio.timeout(SOCKET_TIMEOUT_S):
            await _layer().group_discard(group, channel)
    except Exception as fault:
        log.warning("cannot stop listening for wake-ups: %s", type(fault).__name__)


async def awake(room: str, epoch: str, seq: int) -> bool:
    """Tells the room's sockets to read the stream. False when it could not be sent."""
    _tell_here(room, epoch, seq)
    return await _sent(group_of_room(room), {"type": WAKE, "epoch": epoch, "seq": seq})


def wake_person(public_id: str) -> bool:
    """Tells a person's sockets, in every process, to ask anew whether they may stay. From a
    thread. False when it could not be sent."""
    return bool(async_to_sync(_sent)(group_of_person(public_id), {"type": ACCESS}))


async def _sent(group: str, message: dict[str, object]) -> bool:
    try:
        async with asyncio.timeout(SOCKET_TIMEOUT_S):
            await _layer().group_send(group, message)
    except Exception as fault:
        log.warning("wake-up lost: %s", type(fault).__name__)
        return False
    return True


def wake(room: str, epoch: str, seq: int, event: Event | None = None) -> None:
    """`awake`, from a thread. Those who hear the room in this process are told what there is to
    read, and one of their loops tells the other processes: the thread does not wait for that."""
    _tell_here(room, epoch, seq, event)
    message: dict[str, object] = {"type": WAKE, "epoch": epoch, "seq": seq}
    for loop, _ in tuple(_hearers.get(room, ()))[:1]:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_send_soon, group_of_room(room), message)
            return
    async_to_sync(_sent)(group_of_room(room), message)


def _send_soon(group: str, message: dict[str, object]) -> None:
    sending = asyncio.get_running_loop().create_task(_sent(group, message))
    _sending.add(sending)
    sending.add_done_callback(_sending.discard)


class Written(Protocol):
    """What a call that may have appended events answers with."""

    @property
    def epoch(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def wrote(self) -> bool: ...


W = TypeVar("W", bound=Written | Refuse)


async def asend(room: str, call: Call[W], *, soon: bool = False) -> W | Refuse:
    """Runs a call of presence (or `append`) on a loop; wakes the readers if it wrote. `soon`: with
    others, as `arun_soon` does."""
    answer = await (arun_soon(call) if soon else arun(call))
    if not isinstance(answer, Refuse) and answer.wrote:
        await awake(room, answer.epoch, answer.seq)
    return answer


def send(room: str, call: Call[W]) -> W | Refuse:
    """Runs a call of presence (or `append`) from a thread; wakes the readers if it wrote."""
    answer = run(call)
    if not isinstance(answer, Refuse) and answer.wrote:
        wake(room, answer.epoch, answer.seq)
    return answer


def publish(room: str, draft: Draft) -> Told | Refuse:
    """Appends an event to the room's stream and wakes its readers, from a thread."""
    told = run(append(room, draft))
    if not isinstance(told, Refuse):
        wake(room, told.epoch, told.seq, appended(draft, told))
    return told


def publish_on_commit(room: str, draft: Draft) -> None:
    """Publishes when the transaction that changed the rows is committed; never before.

    Lost in between (a crash, Redis away), the ticker publishes the room again.
    """
    transaction.on_commit(lambda: publish(room, draft), robust=True)
