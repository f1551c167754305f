"""The bridge to the media node: what a room wants of it, the browsers' offers, its news.

Owns the desired value of a room (who may be there, what each may send) and this process's one
line to the node. The value is level-triggered: it is written to Redis, where the node looks by
itself; what goes over the line is only a wake-up, and a revocation that must not wait. Knows
seats by key and generation, never a name; must not know messages to browsers.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from server.media.client import (
    Answer,
    DesiredPeer,
    DesiredRoom,
    MediaClient,
    Notification,
    PeerClosed,
    SlotOwned,
    SlotShown,
    Speaking,
    desired_json,
    desired_key,
)
from sessions.core.refusal import Refuse
from sessions.core.room_state import OPEN
from sessions.models import Room
from sessions.rooms import presence, selectors
from sessions.rooms.lua import AWAY, DOWN, KEEP_S, LEASE_MS, connection
from sessions.rooms.presence import Place

log = logging.getLogger(__name__)

__all__ = [
    "Heard",
    "PeerClosed",
    "SlotOwned",
    "SlotShown",
    "Speaking",
    "attach",
    "demand",
    "desired_of",
    "is_unfinished",
    "listen",
    "offer",
    "revoke",
    "revoke_on_commit",
    "unlisten",
]

Heard = SlotOwned | SlotShown | Speaking | PeerClosed
Listener = Callable[[Heard], None]

# The number is taken before anything is read, so a value with a higher number has read all that
# a lower one has; the clock's floor keeps numbers rising when Redis comes back empty.
_NUMBER: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local version = math.max(tonumber(redis.call('HGET', KEYS[1], 'version') or '0') + 1, now)
redis.call('HSET', KEYS[1], 'version', string.format('%.0f', version))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return {string.format('%.0f', version), string.format('%.0f', now),
  redis.call('HGET', KEYS[1], 'epoch') or '', redis.call('HGET', KEYS[1], 'began') or '0'}
"""
_PUT: Final = """
if tonumber(redis.call('HGET', KEYS[1], 'put') or '0') >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'put', ARGV[2], 'epoch', ARGV[3], 'began', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[5], 'EX', ARGV[1])
return 1
"""


@dataclass(frozen=True, slots=True)
class _Number:
    """A fresh version, and since when (ms) the value's epoch has been told."""

    version: int
    now_ms: int
    epoch: str
    began_ms: int


_unfinished: set[str] = set()  # rooms whose value was written incomplete by this process


def demand(room: str) -> DesiredRoom | Refuse:
    """Writes what the room wants of the node now, and wakes the node. From a thread.

    Refuses `store.down` when Redis is away. Raises OperationalError without PostgreSQL.
    """
    try:
        number = _take_number(room)
        roster = presence.run(presence.roster(room))
        if isinstance(roster, Refuse):
            return roster
        row = Room.objects.select_related("session__track").get(key=room)
        began_ms = number.began_ms if number.epoch == roster.epoch else number.now_ms
        desired = _desired(row, roster, number.version, number.now_ms - began_ms)
        _put(desired, began_ms)
    except AWAY:
        return DOWN
    (_unfinished.discard if desired.complete else _unfinished.add)(room)
    _send(lambda line: line.apply(desired))
    return desired


def is_unfinished(room: str) -> bool:
    """Whether the room's value has to be written again: Redis had come back empty, and not
    everybody had registered again when it was written."""
    return room in _unfinished


def revoke_on_commit(room: str, peer: str, generation: int) -> None:
    """Ends a peer's media directly at the node once the rows say so."""
    transaction.on_commit(lambda: revoke(room, peer, generation), robust=True)


def revoke(room: str, peer: str, generation: int) -> None:
    """Ends a peer's media directly at the node; that generation never comes back."""
    _send(lambda line: line.revoke(room, peer, generation))


def desired_of(
    room: str, roster: presence.Roster, *, version: int, complete: bool, wanted: bool, on: bool
) -> DesiredRoom:
    """The value, pure: everyone in the room while it is `wanted`; nothing is sent unless media
    is `on` (a break), and no sound by someone whose microphone is not allowed."""
    peers = {
        entry.seat: DesiredPeer(
            generation=entry.generation,
            send_audio=on and entry.microphone_allowed,
            send_video=on,
            receive=on,
        )
        for entry in (roster.at(Place.ROOM) if wanted else ())
    }
    return DesiredRoom(
        room=room, epoch=roster.epoch, version=version, complete=complete, peers=peers
    )


def _desired(room: Room, roster: presence.Roster, version: int, age_ms: int) -> DesiredRoom:
    """An epoch that is not the room's first is complete when everybody has had the time to
    register again; the node closes nobody before that."""
    clock = selectors.clock_of(room, timezone.now())
    state = selectors.state_of(room, clock.read_at)
    first = room.marks_epoch in ("", roster.epoch)
    return desired_of(
        room.key,
        roster,
        version=version,
        complete=first or age_ms >= LEASE_MS,
        wanted=state in OPEN,
        on=selectors.media_is_on(state, clock),
    )


def _take_number(room: str) -> _Number:
    script = connection().register_script(_NUMBER)
    version, now_ms, epoch, began_ms = script(keys=[_numbers_key(room)], args=[KEEP_S])
    return _Number(int(version), int(now_ms), epoch, int(began_ms))


def _put(desired: DesiredRoom, began_ms: int) -> None:
    script = connection().register_script(_PUT)
    value = desired_json(desired)
    arguments: list[Any] = [KEEP_S, desired.version, desired.epoch, began_ms, value]
    script(keys=[_numbers_key(desired.room), desired_key(desired.room)], args=arguments)


def _numbers_key(room: str) -> str:
    return f"media:{{{room}}}:numbers"


# ---- the line ----------------------------------------------------------------------------------


class _Line:
    """This process's connection to the node, on the loop of its consumers."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.listeners: dict[tuple[str, str], Listener] = {}
        self.client = MediaClient(
            settings.THIRDS_MEDIA_CONTROL, settings.THIRDS_MEDIA_SECRET, self._heard
        )

    def _heard(self, notification: Notification) -> None:
        if isinstance(notification, Speaking):
            for (room, _), listener in tuple(self.listeners.items()):
                if room == notification.room:
                    listener(notification)
        elif isinstance(notification, SlotOwned | SlotShown | PeerClosed):
            found = self.listeners.get((notification.room, notification.peer))
            if found is not None:
                found(notification)


_lines: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Line]" = WeakKeyDictionary()


def _line() -> _Line:
    """The running loop's line; made at the first call."""
    loop = asyncio.get_running_loop()
    if loop not in _lines:
        _lines[loop] = _Line(loop)
    return _lines[loop]


def _send(ask: Callable[[MediaClient], Any]) -> None:
    """From any thread: asks the lines of this process, without waiting. A process that has none
    (the ticker's) leaves it to the node to look."""
    for line in tuple(_lines.values()):
        if line.loop.is_running():
            line.loop.call_soon_threadsafe(partial(_spawn, line, ask))


_tasks: set[asyncio.Task[Any]] = set()


def _spawn(line: _Line, ask: Callable[[MediaClient], Any]) -> None:
    task = line.loop.create_task(ask(line.client))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


def listen(room: str, peer: str, listener: Listener) -> None:
    """News of a peer's media (and of who speaks in its room) goes to this listener."""
    _line().listeners[room, peer] = listener


def unlisten(room: str, peer: str, listener: Listener) -> None:
    """The end of `listen`, unless a newer connection of the same seat listens by now."""
    listeners = _line().listeners
    if listeners.get((room, peer)) == listener:
        del listeners[room, peer]


async def attach(room: str, peer: str, generation: int) -> None:
    """News of a peer that another process's line made comes here from now on."""
    await _line().client.attach(room, peer, generation)


async def offer(room: str, peer: str, generation: int, sdp: str) -> str | Refuse:
    """The node's answer to a browser's offer, or why there is none; never later than 2 s."""
    answer = await _line().client.offer(room, peer, generation, sdp)
    return answer.sdp if isinstance(answer, Answer) else _refused(answer.code)


_CODES: Final[Mapping[str, str]] = {
    "media.not_wanted": "media.not_ready",
    "media.generation_old": "media.not_ready",
    "media.stopping": "media.down",
    "media.down": "media.down",
}


def _refused(code: str) -> Refuse:
    """What a person is told of the node's codes; the rest is about the browser's description."""
    return Refuse(_CODES.get(code, "media.offer"))
