"""The bridge to the media nodes: what a room wants of them, the browsers' offers, their news.

Owns the desired value of a room (who may be there, what each may send). The value is
level-triggered: it is written to Redis, where the nodes look by themselves; what goes over the
lines (`lines.py`) is only a wake-up, and a revocation that must not wait. Knows seats by key and
generation, never a name; must not know messages to browsers.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, cast

from asgiref.sync import async_to_sync
from django.db import transaction

from server.media.client import (
    Answer,
    CloseReason,
    DesiredPeer,
    DesiredRoom,
    PeerClosed,
    SlotOwned,
    SlotShown,
    Speaking,
    desired_json,
    desired_key,
    may_offer_again,
)
from sessions.core.refusal import Refuse
from sessions.core.room_state import OPEN
from sessions.live import clock as room_clock
from sessions.live import presence
from sessions.live.presence import Place
from sessions.live.store import AWAY, DOWN, KEEP_S, LEASE_MS, aconnection, connection
from sessions.models import Room
from sessions.nodes.links import Heard, Listener, links, revoke_once, send
from sessions.rooms import selectors

__all__ = [
    "CloseReason",
    "Heard",
    "PeerClosed",
    "SlotOwned",
    "SlotShown",
    "Speaking",
    "attach",
    "demand",
    "demand_as_told",
    "desired_of",
    "end",
    "end_here",
    "generation_of",
    "is_unfinished",
    "listen",
    "may_offer_again",
    "offer",
    "revoke",
    "revoke_on_commit",
    "unlisten",
]

FIRST_MS: Final = 3_000  # from the first seat's row to the first value of the room's first epoch
FOREVER: Final = 2**53 - 1  # a generation above any other: revoked, a peer never comes back

# The number is taken before anything is read, so a value with a higher number has read all that
# a lower one has; the clock's floor keeps numbers rising when Redis comes back empty.
_NUMBER: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local version = math.max(tonumber(redis.call('HGET', KEYS[1], 'version') or '0') + 1, now)
redis.call('HSET', KEYS[1], 'version', string.format('%.0f', version))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return cjson.encode({version = version, now_ms = now,
  epoch = redis.call('HGET', KEYS[1], 'epoch') or '',
  began_ms = tonumber(redis.call('HGET', KEYS[1], 'began') or '0'),
  told = redis.call('HGET', KEYS[1], 'told') or ''})
"""
_PUT: Final = """
if tonumber(redis.call('HGET', KEYS[1], 'put') or '0') >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'put', ARGV[2], 'epoch', ARGV[3], 'began', ARGV[4], 'told', ARGV[6])
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[5], 'EX', ARGV[1])
return 1
"""
_GENERATION: Final = """
local held = tonumber(redis.call('HGET', KEYS[1], ARGV[2]) or '0')
local generation = math.max(held, tonumber(ARGV[3]))
if generation == 0 or ARGV[4] == 'new' then
  local time = redis.call('TIME')
  generation = math.max(held + 1, time[1] * 1000 + math.floor(time[2] / 1000))
end
redis.call('HSET', KEYS[1], ARGV[2], string.format('%.0f', generation))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return string.format('%.0f', generation)
"""


@dataclass(frozen=True, slots=True)
class _Number:
    """A fresh version, and since when (ms) the value's epoch has been told. `told`: what the
    rows said for the newest value, as JSON of `_Told`; empty: there is none."""

    version: int
    now_ms: int
    epoch: str
    began_ms: int
    told: str


@dataclass(frozen=True, slots=True)
class _Told:
    """What the rows say of a room: that media is wanted, that it is on (no break), and that
    everybody who was in has had the time to register again."""

    wanted: bool
    on: bool
    complete: bool


_unfinished: set[str] = set()  # rooms whose value was written incomplete by this process


def demand(room: str) -> DesiredRoom | Refuse:
    """Writes what the room wants of the node now, and wakes the node. From a thread.

    Refuses `store.down` when Redis is away. Raises OperationalError without PostgreSQL.
    """
    return _demand(room, _ask_rows)


def demand_as_told(room: str) -> DesiredRoom | Refuse:
    """`demand` without PostgreSQL: who is in the room and may speak is presence's; the rest is
    what the rows said last. Refuses `store.down` when they said nothing since Redis began."""
    return _demand(room, _remember)


def _demand(room: str, ask: Callable[[str, str, _Number], _Told | Refuse]) -> DesiredRoom | Refuse:
    try:
        number = _take_number(room)
        roster = presence.run(presence.roster(room))
        if isinstance(roster, Refuse):
            return roster
        generations = {
            seat: int(value)
            for seat, value in cast(
                "dict[str, str]", connection().hgetall(_peers_key(room))
            ).items()
        }
        told = ask(room, roster.epoch, number)
        if isinstance(told, Refuse):
            return told
        desired = desired_of(
            roster,
            generations,
            room=room,
            version=number.version,
            complete=told.complete,
            wanted=told.wanted,
            on=told.on,
        )
        _put(desired, number, told)
    except AWAY:
        return DOWN
    (_unfinished.discard if desired.complete else _unfinished.add)(room)
    send(lambda lines: lines.apply(desired))
    return desired


async def generation_of(room: str, seat: str, *, known: int, new: bool) -> int | Refuse:
    """The fencing number of a seat's media, which outlives a dropped websocket.

    `new`: another page has taken the seat, and what an older page sends ends. `known` is what
    this connection was told before, for a Redis that came back empty; 0: nothing.
    """
    arguments: list[Any] = [KEEP_S, seat, known, "new" if new else "keep"]
    try:
        script = aconnection().register_script(_GENERATION)
        return int(await script(keys=[_peers_key(room)], args=arguments))
    except AWAY:
        return DOWN


def is_unfinished(room: str) -> bool:
    """Whether the room's value has to be written again: Redis had come back empty, and not
    everybody had registered again when it was written."""
    return room in _unfinished


def revoke_on_commit(room: str, peer: str) -> None:
    """Ends a peer's media for good, directly at the node, once the rows say so."""
    transaction.on_commit(lambda: revoke(room, peer), robust=True)


def revoke(room: str, peer: str) -> None:
    """Ends a peer's media for good, directly at the node."""
    send(lambda lines: lines.revoke(room, peer, FOREVER))


def end(room: str, peer: str) -> None:
    """Ends the media that somebody has now, directly at the node; from any process, in a thread
    without a loop. A page that comes later gets a newer generation, so whoever is entitled
    again is seen and heard again."""
    generation = _ended_generation(room, peer)
    if not send(lambda lines: lines.revoke(room, peer, generation)):
        async_to_sync(revoke_once)(room, peer, generation)


def end_here(room: str, peer: str, generation: int) -> None:
    """`end`, of a generation that is known, on the loop of the lines."""
    links().revoke(room, peer, generation)


def _ended_generation(room: str, peer: str) -> int | None:
    """The generation that is over from now on; None, the newest that the node knows of, when
    Redis cannot tell."""
    try:
        following = int(cast(int, connection().hincrby(_peers_key(room), peer, 1)))
        connection().expire(_peers_key(room), KEEP_S)
    except AWAY:
        return None
    return following - 1


def desired_of(
    roster: presence.Roster,
    generations: Mapping[str, int],
    *,
    room: str,
    version: int,
    complete: bool,
    wanted: bool,
    on: bool,
) -> DesiredRoom:
    """The value, pure: everyone in the room while it is `wanted`; nothing is sent unless media
    is `on` (a break), and no sound by someone whose microphone is not allowed."""
    peers = {
        entry.seat: DesiredPeer(
            generation=generations.get(entry.seat, entry.generation),
            send_audio=on and entry.microphone_allowed,
            send_video=on,
            receive=on,
        )
        for entry in (roster.at(Place.ROOM) if wanted else ())
    }
    return DesiredRoom(
        room=room, epoch=roster.epoch, version=version, complete=complete, peers=peers
    )


def _ask_rows(key: str, epoch: str, number: _Number) -> _Told:
    room, clock = selectors.room_and_clock(key, room_clock.now())
    state = selectors.state_of(room, clock.read_at)
    return _Told(
        wanted=state in OPEN,
        on=selectors.media_is_on(state, clock),
        complete=_is_complete(room, epoch, number),
    )


def _remember(_key: str, epoch: str, number: _Number) -> _Told | Refuse:
    """A value that was complete stays so within its epoch."""
    if not number.told:
        return DOWN
    told = _Told(**json.loads(number.told))
    same = epoch == number.epoch
    lasted = same and number.now_ms - number.began_ms >= LEASE_MS
    return replace(told, complete=lasted or (same and told.complete))


def _is_complete(room: Room, epoch: str, number: _Number) -> bool:
    """A value of an empty Redis counts once everybody has had a lease's time to register again;
    the node closes nobody before that. A room that nobody was in before is complete at once."""
    if epoch == number.epoch and number.now_ms - number.began_ms >= LEASE_MS:
        return True
    began_ms = number.began_ms if epoch == number.epoch else number.now_ms
    before = datetime.fromtimestamp((began_ms - FIRST_MS) / 1000, UTC)
    return not room.seats.filter(first_in_at__lt=before).exists()


def _take_number(room: str) -> _Number:
    script = connection().register_script(_NUMBER)
    return _Number(**json.loads(script(keys=[_numbers_key(room)], args=[KEEP_S])))


def _put(desired: DesiredRoom, number: _Number, told: _Told) -> None:
    script = connection().register_script(_PUT)
    began_ms = number.began_ms if desired.epoch == number.epoch else number.now_ms
    value = desired_json(desired)
    arguments: list[Any] = [KEEP_S, desired.version, desired.epoch, began_ms, value]
    arguments.append(json.dumps(asdict(told)))
    script(keys=[_numbers_key(desired.room), desired_key(desired.room)], args=arguments)


def _numbers_key(room: str) -> str:
    return f"media:{{{room}}}:numbers"


def _peers_key(room: str) -> str:
    return f"media:{{{room}}}:generations"


# ---- the lines ---------------------------------------------------------------------------------


def listen(room: str, peer: str, listener: Listener) -> None:
    """News of a peer's media (and of who speaks in its room) goes to this listener."""
    links().listeners[room, peer] = listener


def unlisten(room: str, peer: str, listener: Listener) -> None:
    """The end of `listen`, unless a newer connection of the same seat listens by now."""
    links().unlisten(room, peer, listener)


def attach(room: str, peer: str, generation: int, *, new: bool = False) -> None:
    """News of a peer that another process's line made comes here from now on. `new`: the page
    has made no offer yet, so a node that does not have it has nothing to say."""
    links().attach(room, peer, generation, new=new)


async def offer(room: str, peer: str, generation: int, sdp: str) -> str | Refuse:
    """The node's answer to a browser's offer, or why there is none; within four seconds."""
    answer = await links().offer(room, peer, generation, sdp)
    return answer.sdp if isinstance(answer, Answer) else _refused(answer)


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
