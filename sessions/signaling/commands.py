"""What each command does: one table, one handler for each message.

A handler makes one call and answers; what is refused is a value. Two kinds: one's own verbs,
which need no row and are checked here, and the verbs of the room, each one service, which
checks under the room's lock. Those that must not wait for PostgreSQL are done to the live state
without it, and written later.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sessions.core.permissions import Verb
from sessions.core.reasons import LeaveReason
from sessions.core.refusal import Refuse
from sessions.live import clock as room_clock
from sessions.nodes import relay
from sessions.rooms import database, services
from sessions.signaling import frames, without_rows
from sessions.signaling.connection import Connection
from sessions.signaling.messages.agenda import (
    Advance,
    Back,
    EndLater,
    Extend,
    Pause,
    Resume,
    Shorten,
)
from sessions.signaling.messages.connection import Hello, Ok, Ping, Pong, Resync
from sessions.signaling.messages.door import Admit, AdmitAll
from sessions.signaling.messages.me import Leave, SetCamera, SetHand, SetMicrophone
from sessions.signaling.messages.media import AskRelay, MediaAnswer, MediaOffer, RelayAccess
from sessions.signaling.messages.people import AllowMicrophone, LowerHand, Mute, Remove
from sessions.signaling.messages.room import End, Reopen, Start

DOWN: Final = Refuse("store.down")
Reply = Any  # a message to the browser; None: everything was said
Handler = Callable[[Connection, Any], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Own:
    """A verb about oneself; it is asked here, but for Hello: `services.enter` asks that."""

    verb: Verb
    handle: Handler


@dataclass(frozen=True, slots=True)
class OfRoom:
    """A verb of the room: the service, which asks it under the room's lock, and the fields of
    the message that it takes."""

    verb: Verb
    service: Callable[..., Any]
    fields: tuple[str, ...] = ()
    at_once: bool = False  # done to the live state when no row can be written


async def answer(connection: Connection, command: Any) -> Reply:
    """The reply to one command."""
    line = TABLE[type(command)]
    if isinstance(line, OfRoom):
        reply = await _ask(connection, command, line)
    else:
        refused = await connection.may(line.verb) if connection.viewer else None
        reply = refused or await line.handle(connection, command)
    return frames.refused(command.id, reply) if isinstance(reply, Refuse) else reply


async def _ask(connection: Connection, command: Any, line: OfRoom) -> Reply:
    arguments = [getattr(command, field) for field in line.fields]
    outcome: Any = DOWN
    if connection.person is not None:
        person, session = connection.person, connection.session
        outcome = await database.run(line.service, person, session, *arguments)
    if outcome == DOWN and line.at_once and connection.viewer is not None:
        outcome = await without_rows.do(connection.viewer, line.verb, command.key)
    return outcome if isinstance(outcome, Refuse) else _ok(command)


def _ok(command: Any) -> Ok:
    return Ok(type="ok", id=command.id)


async def _hello(connection: Connection, command: Hello) -> Reply:
    if connection.viewer is not None:
        return Refuse("message.malformed")
    refused = await connection.hello(command)
    if refused is None:
        return _ok(command)
    await connection.end(refused)
    return None


async def _ping(connection: Connection, command: Ping) -> Reply:
    await connection.tell(Pong(type="pong", id=command.id, now_ms=room_clock.now_ms()))
    connection.renew_soon()
    return None


async def _resync(connection: Connection, command: Resync) -> Reply:
    await connection.resync()
    return _ok(command)


async def _offer(connection: Connection, command: MediaOffer) -> Reply:
    sdp = await connection.offer(command.sdp)
    if isinstance(sdp, Refuse):
        return sdp
    return MediaAnswer(type="media.answer", id=command.id, sdp=sdp)


async def _relay(connection: Connection, command: AskRelay) -> Reply:
    assert connection.viewer is not None
    access = relay.access_for(connection.viewer.seat.key, time.time())
    return RelayAccess(type="media.relay_access", id=command.id, **asdict(access))


async def _microphone(connection: Connection, command: SetMicrophone) -> Reply:
    assert connection.viewer is not None
    if command.on and not connection.viewer.seat.microphone_allowed:
        return Refuse("seat.muted")
    connection.microphone = command.on
    return await connection.change(microphone=command.on) or _ok(command)


async def _camera(connection: Connection, command: SetCamera) -> Reply:
    connection.camera = command.on
    return await connection.change(camera=command.on) or _ok(command)


async def _hand(connection: Connection, command: SetHand) -> Reply:
    return await connection.change(hand=command.raised) or _ok(command)


async def _leave(connection: Connection, command: Leave) -> Reply:
    await connection.leave(LeaveReason.LEFT)
    await connection.tell(_ok(command))
    await connection.end(Refuse("connection.left"))


TABLE: Final[Mapping[type, Own | OfRoom]] = {
    Hello: Own(Verb.ROOM_ENTER, _hello),
    Ping: Own(Verb.ROOM_STAY, _ping),
    Resync: Own(Verb.ROOM_RESYNC, _resync),
    MediaOffer: Own(Verb.ROOM_OFFER_MEDIA, _offer),
    AskRelay: Own(Verb.ROOM_OFFER_MEDIA, _relay),
    SetMicrophone: Own(Verb.ROOM_SET_MICROPHONE, _microphone),
    SetCamera: Own(Verb.ROOM_SET_CAMERA, _camera),
    SetHand: Own(Verb.ROOM_RAISE_HAND, _hand),
    Leave: Own(Verb.ROOM_LEAVE, _leave),
    Admit: OfRoom(Verb.ROOM_ADMIT, services.admit, ("key",)),
    AdmitAll: OfRoom(Verb.ROOM_ADMIT_ALL, services.admit_all),
    Start: OfRoom(Verb.ROOM_START, services.start),
    Advance: OfRoom(Verb.ROOM_ADVANCE, services.advance, ("index",)),
    Back: OfRoom(Verb.ROOM_BACK, services.back, ("index",)),
    Extend: OfRoom(Verb.ROOM_EXTEND, services.extend, ("minutes",)),
    Shorten: OfRoom(Verb.ROOM_SHORTEN, services.shorten, ("minutes",)),
    Pause: OfRoom(Verb.ROOM_PAUSE, services.pause),
    Resume: OfRoom(Verb.ROOM_RESUME, services.resume),
    EndLater: OfRoom(Verb.ROOM_END_LATER, services.end_later, ("minutes",)),
    End: OfRoom(Verb.ROOM_END, services.end),
    Reopen: OfRoom(Verb.ROOM_REOPEN, services.reopen),
    Mute: OfRoom(Verb.ROOM_MUTE, services.mute, ("key",), at_once=True),
    AllowMicrophone: OfRoom(
        Verb.ROOM_ALLOW_MICROPHONE, services.allow_microphone, ("key",), at_once=True
    ),
    LowerHand: OfRoom(Verb.ROOM_LOWER_HAND, services.lower_hand, ("key",), at_once=True),
    Remove: OfRoom(Verb.ROOM_REMOVE, services.remove, ("key",), at_once=True),
}
