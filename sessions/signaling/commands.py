"""What each command does: one's own live verbs by their handlers, the room's verbs by RULES.

A handler makes one call and answers; what is refused is a value. One's own verbs need no row and
are checked here; a verb of the room is checked under the room's lock (`rooms.perform`). Verbs
that must not wait for PostgreSQL are done to the live state without it, and written later.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

from sessions.core.permissions import Verb
from sessions.core.reasons import LeaveReason
from sessions.core.refusal import Refuse
from sessions.live.presence import Place
from sessions.live.unsaved import WITHOUT_ROWS
from sessions.rooms.perform import perform
from sessions.signaling import frames, without_rows
from sessions.signaling.connection import Connection
from sessions.signaling.messages.base import arguments_of, verb_of
from sessions.signaling.messages.connection import Hello, Ok, Ping, Pong, Resync
from sessions.signaling.messages.me import Leave, SetCamera, SetMicrophone
from sessions.signaling.messages.media import (
    AskRelay,
    MediaAnswer,
    MediaOffer,
    MediaView,
    RelayAccess,
)

DOWN: Final = Refuse("store.down")
Reply = Any  # a message to the browser; None: everything was said
Handler = Callable[[Connection, Any], Awaitable[Reply]]


async def answer(connection: Connection, command: Any) -> Reply:
    """The reply to one command."""
    handler = OWN.get(type(command))
    if handler is None:
        reply = await _perform(connection, command)
    else:
        refused = await connection.may(verb_of(type(command))) if connection.viewer else None
        reply = refused or await handler(connection, command)
    return frames.refused(command.id, reply) if isinstance(reply, Refuse) else reply


async def _perform(connection: Connection, command: Any) -> Reply:
    """A verb of the room."""
    verb, arguments = verb_of(type(command)), arguments_of(command)
    outcome: Any = DOWN
    if connection.person is not None:
        process, session = connection.process, connection.session
        outcome = await perform(process, verb, connection.person, session, arguments)
    if outcome == DOWN and verb in WITHOUT_ROWS and connection.viewer is not None:
        key = arguments["key"]
        outcome = await without_rows.act(connection.process, connection.viewer, verb, key)
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
    await connection.send(
        Pong(type="pong", id=command.id, now_ms=connection.process.clock.now_ms())
    )
    connection.renew_soon()
    return None


async def _resync(connection: Connection, command: Resync) -> Reply:
    await connection.resync()
    return _ok(command)


async def _offer(connection: Connection, command: MediaOffer) -> Reply:
    assert connection.viewer is not None
    sdp = await connection.media.offer(connection.viewer, command.sdp)
    if isinstance(sdp, Refuse):
        return sdp
    return MediaAnswer(type="media.answer", id=command.id, sdp=sdp)


async def _relay(connection: Connection, command: AskRelay) -> Reply:
    assert connection.viewer is not None
    access = connection.process.relay.access_for(connection.viewer.seat.key, time.time())
    return RelayAccess(type="media.relay_access", id=command.id, **asdict(access))


async def _view(connection: Connection, command: MediaView) -> Reply:
    assert connection.viewer is not None
    connection.media.see(connection.viewer, command.tiles)
    return _ok(command)


async def _microphone(connection: Connection, command: SetMicrophone) -> Reply:
    assert connection.viewer is not None
    if command.on and not connection.viewer.seat.microphone_allowed:
        return Refuse("seat.muted")
    connection.microphone = command.on
    return await connection.change(microphone=command.on) or _ok(command)


async def _camera(connection: Connection, command: SetCamera) -> Reply:
    connection.camera = command.on
    return await connection.change(camera=command.on) or _ok(command)


async def _leave(connection: Connection, command: Leave) -> Reply:
    viewer, process, session = connection.viewer, connection.process, connection.session
    if connection.person is not None and viewer is not None and viewer.place is Place.ROOM:
        leaving = perform(process, Verb.ROOM_LEAVE, connection.person, session, {})
        process.tasks.keep(leaving)
    await connection.leave(LeaveReason.LEFT)
    await connection.send(_ok(command))
    await connection.end(Refuse("connection.left"))


OWN: Final[Mapping[type, Handler]] = {
    Hello: _hello,
    Ping: _ping,
    Resync: _resync,
    MediaOffer: _offer,
    AskRelay: _relay,
    MediaView: _view,
    SetMicrophone: _microphone,
    SetCamera: _camera,
    Leave: _leave,
}
"""What is done on the connection itself, without a rule; a verb of the room has its rule."""
