"""One browser's connection to a room, from hello to its end.

Owns the connection's life: registering with presence and renewing its lease, reading the
stream, telling the browser, and ending with words and a code. What an event means is in
`reading`, what a command does in `commands`. Knows no websocket: it is given `send` and `close`.
Valkey or PostgreSQL away never ends a connection that has begun; it catches up later.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from typing import Any

from sessions.core.permissions import Verb, allowed
from sessions.core.reasons import LeaveReason
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomState, is_closed
from sessions.live import presence
from sessions.live.feed import FeedReader, Position
from sessions.live.presence import Applied, Arriving, Outcome, Place
from sessions.live.store import Call
from sessions.live.stream import Event, Gap
from sessions.live.tasks import Tasks
from sessions.models import Person
from sessions.rooms import selectors
from sessions.rooms.perform import Asked, leaves_row, record_refusal, under_lock
from sessions.rooms.process import Process
from sessions.rooms.selectors import SeatFacts
from sessions.rooms.verbs.door import Entered, enter
from sessions.signaling import frames, reading
from sessions.signaling.farewell import FAULT, farewell
from sessions.signaling.messages.connection import Hello
from sessions.signaling.own_media import OwnMedia
from sessions.signaling.reading import Close, Register, Send, SendSnapshot, Viewer, Want
from sessions.signaling.room_rows import rows_now
from sessions.signaling.seat_hold import Says, SeatHold, keys_of
from sessions.signaling.socket import Socket

log = logging.getLogger(__name__)


class Connection:
    """One browser's. `person` is None while PostgreSQL cannot say whose login session it is."""

    def __init__(
        self, process: Process, session: str, person: Person | None, socket: Socket
    ) -> None:
        self.process = process
        self.session = session
        self.person = person
        self.channel = socket.channel
        self.viewer: Viewer | None = None
        self.ended = False
        self.microphone = False
        self.camera = False
        self._send, self._close = socket.send, socket.close
        self._reading = asyncio.Lock()
        self._hold = SeatHold(process, socket.login)  # its lock is taken after `_reading`
        self._login = socket.login
        self._feed: FeedReader | None = None
        self.media = OwnMedia(process, self.send, lambda heard: self.change(arriving=heard))
        self._owes_snapshot = False
        self._unregistered = False
        self._renewing: asyncio.Task[None] | None = None
        self._tasks = Tasks()

    # ---- telling and ending --------------------------------------------------------------------

    async def send(self, message: Any) -> None:
        """Sends a message; after the end, nothing."""
        if not self.ended:
            await self._send(frames.write(message))

    async def end(self, refused: Refuse) -> None:
        """Says why in words, then closes with the code that tells the browser what to do."""
        if self.ended:
            return
        closing, code = farewell(refused)
        await self.send(closing)
        self.ended = True
        await self._close(code)

    async def _fail(self) -> None:
        """A fault is the end of this socket alone; its browser comes back and gets a snapshot."""
        self.ended = True
        await self._close(FAULT)

    async def gone(self) -> None:
        """The socket is closed. Not a leave: the lease runs out unless the browser is back."""
        self.ended = True
        self.process.watch.leave(self)
        if self._feed is not None:
            self._feed.end()
        self.media.end()

    # ---- coming in -----------------------------------------------------------------------------

    async def hello(self, command: Hello) -> Refuse | None:
        """Comes to the room, registers, and tells either what was missed or everything."""
        who = self.person.public_id if self.person else self._login
        if not self.process.joins.take(who, time.monotonic()):
            return Refuse("message.too_many")
        entered = await self._enter()
        if isinstance(entered, Refuse) and entered.code == "store.down":
            entered = await self.process.cache.entered(self.session, self._login)
        if isinstance(entered, Refuse):
            return entered
        self.microphone, self.camera = command.microphone, command.camera
        self.media.first_offer = command.sdp
        viewer = self._viewer(entered)
        async with self._reading:
            self.viewer = viewer
            self._feed = await self.process.feeds.follow(
                viewer.facts.key, self.catch_up, self._fail
            )
            refused = await self._join(viewer, new=command.epoch is None)
            if refused is None and not await self._replay(viewer, command):
                await self._snapshot(viewer)
            if refused is None and reading.let_in_meanwhile(viewer):
                await self._register(viewer)
        return refused

    async def _enter(self) -> Entered | Refuse:
        """What the door says, by the rows."""
        if self.person is None:
            return Refuse("store.down")
        entered = await under_lock(
            self.process, Asked(Verb.ROOM_ENTER, self.person, self.session), enter
        )
        if isinstance(entered, Entered):
            self.process.cache.take(self.session, entered.room, {entered.seat.key: entered.seat})
        return entered

    async def proven(self, person: Person) -> None:
        """Rows are back, and say who it is: the door is asked what it could not be asked."""
        self.person = person
        async with self._reading:
            if self.viewer is not None and not self.ended:
                await self._register(self.viewer)

    def _viewer(self, entered: Entered) -> Viewer:
        return Viewer(
            facts=entered.room,
            seat=entered.seat,
            principal=entered.principal,
            connection=secrets.token_urlsafe(12),
            place=entered.place,
            waiting=entered.waiting,
        )

    async def _join(self, viewer: Viewer, *, new: bool = False) -> Refuse | None:
        """Takes the seat in presence; media is wanted for those in the room. `new`: by a
        page that was not in this room before, which ends the media of another one."""
        if viewer.place is None:
            return None
        says = Says(self.microphone, self.camera, self.media.arriving)
        refused = await self._hold.take(viewer, viewer.place, says, new=new)
        if refused is None:
            await self.media.want(viewer, new=new)
        return refused

    async def _replay(self, viewer: Viewer, command: Hello) -> bool:
        """Tells what came after the browser's last (epoch, seq), if that can be told."""
        if command.epoch is None or command.seq is None:
            return False
        assert self._feed is not None
        missed = await self._feed.after((command.epoch, command.seq))
        if isinstance(missed, Refuse | Gap) or not reading.replayable(missed.events, viewer):
            return False
        viewer.seats = await self._seats(viewer, missed.events)
        if reading.unknown_keys(missed.events, viewer):
            return False
        viewer.epoch, viewer.seq = missed.epoch, command.seq
        await self._take_all(viewer, missed.events)
        return True

    async def _seats(self, viewer: Viewer, missed: tuple[Event, ...]) -> dict[str, SeatFacts]:
        """The people of the room as this process knows them; rows are read for
        names that it does not know, and for people at the door who may have been let in."""
        known = self.process.cache.of(self.session)
        viewer.seats = {**known.seats, viewer.seat.key: viewer.seat} if known else {}
        if viewer.place is Place.ROOM and not reading.unknown_keys(missed, viewer):
            return viewer.seats
        rows = await self.process.database.run(selectors.seats_of, viewer.facts.room_id)
        return viewer.seats if isinstance(rows, Refuse) else rows

    async def _register(self, viewer: Viewer) -> None:
        """Comes in again: after the lease ran out, Valkey came back empty, or a reopening. While
        PostgreSQL is away, at the place where it was: the door's last word still holds."""
        entered = await self._enter()
        if isinstance(entered, Entered):
            viewer.seat, viewer.principal = entered.seat, entered.principal
            viewer.place, viewer.waiting = entered.place, entered.waiting
        elif entered.code != "store.down":
            await self.end(entered)
            return
        refused = await self._join(viewer)
        self._unregistered = refused is not None
        if refused is not None and refused.code != "store.down":
            await self.end(refused)
        elif refused is None:
            await self._hold.filled(viewer)
            await self._snapshot(viewer)

    async def _snapshot(self, viewer: Viewer) -> None:
        """Everything; where it cannot be had, it is owed and tried again."""
        rows = await rows_now(self.process, self.session, viewer)
        self._owes_snapshot = rows is None
        if rows is None:
            return
        if self._hold.was_taken(viewer, rows.roster):
            await self.end(Refuse("connection.replaced"))
            return
        mine = rows.roster.of(viewer.seat.key)
        if mine is not None and mine.connection == viewer.connection:
            viewer.place, viewer.waiting = mine.place, mine.waiting
        viewer.seats = dict(rows.seats)
        viewer.sits(rows.seats[viewer.seat.key])
        viewer.epoch, viewer.seq = rows.roster.epoch, rows.roster.seq
        viewer.reopen_until_ms = rows.now.reopen_until_ms
        await self.send(reading.snapshot(rows, viewer, await self._answer(viewer)))
        if is_closed(RoomState(rows.now.state), rows.now.reopen_until_ms, rows.now.read_ms):
            await self.end(Refuse(f"room.{rows.now.state}"))

    async def _answer(self, viewer: Viewer) -> str | None:
        """The node's answer to the offer that came with `hello`, in the room and once."""
        if self.media.first_offer is None or await self.may(Verb.ROOM_OFFER_MEDIA):
            return None
        return await self.media.first_answer(viewer)

    # ---- reading the stream --------------------------------------------------------------------

    async def resync(self) -> None:
        """A snapshot, because the browser asks for one."""
        async with self._reading:
            if self.viewer is not None:
                await self._snapshot(self.viewer)

    async def catch_up(self, least: Position | None = None) -> None:
        """Reads the stream after the last number, until nothing is new (`least`: `feed.after`)."""
        async with self._reading:
            while self.viewer and not self.ended and await self._read(self.viewer, least):
                least = None

    async def _read(self, viewer: Viewer, least: Position | None) -> bool:
        """One look into the stream; whether another one is due."""
        if self._owes_snapshot:
            await self._snapshot(viewer)
            return False
        assert self._feed is not None
        found = await self._feed.after((viewer.epoch, viewer.seq), least)
        if isinstance(found, Refuse):
            return False
        if isinstance(found, Gap):
            lost = found.epoch != viewer.epoch and viewer.place is not None
            await (self._register(viewer) if lost else self._snapshot(viewer))
            return False
        if not await self._learn_names(viewer, found.events):
            return False
        return not await self._take_all(viewer, found.events)

    async def _learn_names(self, viewer: Viewer, events: tuple[Event, ...]) -> bool:
        unknown = reading.unknown_keys(events, viewer)
        if not unknown:
            return True
        seats = await self.process.database.run(selectors.seats_of, viewer.facts.room_id, unknown)
        if isinstance(seats, Refuse):
            return False
        viewer.seats = {**(viewer.seats or {}), **seats}
        self.process.cache.take(self.session, viewer.facts, seats)
        return True

    async def _take_all(self, viewer: Viewer, events: tuple[Event, ...]) -> bool:
        """Whether all were taken; a snapshot on the way tells the rest, which is read again."""
        for event in events:
            for step in reading.steps(event, viewer):
                await self._take(step, viewer)
                if self.ended or isinstance(step, SendSnapshot | Register):
                    return self.ended
        return True

    async def _take(self, step: reading.Step, viewer: Viewer) -> None:
        match step:
            case Send() if not self.ended:
                await self._send(step.text)
            case SendSnapshot():
                await self._snapshot(viewer)
            case Register():
                await self._register(viewer)
            case Want():
                await self.process.media.write(viewer.facts.key)
            case Close(code):
                await self.end(Refuse(code))

    # ---- one's own verbs -----------------------------------------------------------------------

    async def may(self, verb: Verb) -> Refuse | None:
        """The permission table for one's own live verbs; a refusal leaves its audit row."""
        assert self.viewer is not None
        refused = allowed(verb, self.viewer.principal)
        if refused and self.person and leaves_row(self.process, self.person):
            await self.process.database.run(
                record_refusal, verb, self.person, self.session, refused
            )
        return refused

    async def change(
        self,
        microphone: bool | None = None,
        camera: bool | None = None,
        arriving: Arriving | None = None,
    ) -> Refuse | None:
        """Changes one's own live fields, if this connection still holds the seat."""
        held = await self._held(
            lambda viewer: presence.change(
                viewer.facts.key,
                viewer.seat.key,
                held_by=(viewer.connection, viewer.generation),
                microphone=microphone,
                camera=camera,
                arriving=arriving,
            )
        )
        return held if isinstance(held, Refuse) else None

    def renew_soon(self) -> None:
        """One heartbeat, beside whatever the browser asks next; one at a time."""
        if self._renewing is None or self._renewing.done():
            self._renewing = self._tasks.keep(self._renew_or_fail())

    async def _renew_or_fail(self) -> None:
        try:
            await self.renew()
        except Exception:
            log.exception("a heartbeat could not be kept for a socket")
            await self._fail()

    async def renew(self) -> None:
        """One heartbeat, then whatever is new."""
        viewer = self.viewer
        if viewer is None:
            return
        least: Position | None = None
        if self._unregistered:
            async with self._reading:
                await self._register(viewer)
        elif viewer.place is not None:
            held = await self._held(lambda mine: presence.renew(*keys_of(mine)), gathered=True)
            if isinstance(held, Refuse):
                self.process.watch.wait(self, self.renew)
                return
            least = (held.epoch, held.seq)
            self.media.settle()
        if self._owes_snapshot or least != (viewer.epoch, viewer.seq):
            await self.catch_up(least)
        await self._end_if_over(viewer)
        if self.process.desired.is_incomplete(viewer.facts.key):
            await self.process.media.write(viewer.facts.key)

    async def leave(self, reason: LeaveReason) -> None:
        """Gives the seat up for good, at once; while Valkey is away, the node is told directly."""
        viewer = self.viewer
        assert viewer is not None
        held = await self._hold.send(viewer, lambda mine: presence.leave(*keys_of(mine), reason))
        if isinstance(held, Refuse):
            room, seat = viewer.facts.key, viewer.seat.key
            self.process.links.revoke(room, seat, viewer.media_generation)
        await self.process.media.write(viewer.facts.key)

    async def _held(
        self, make: Callable[[Viewer], Call[Applied]], *, gathered: bool = False
    ) -> Applied | Refuse:
        """A call that only the seat's holder may make. Where presence does not know the seat
        any more (Valkey came back empty), it is made again after registering."""
        viewer = self.viewer
        assert viewer is not None
        held = await self._hold.send(viewer, make, gathered=gathered)
        unknown = isinstance(held, Applied) and held.outcome is Outcome.ABSENT
        if unknown and viewer.place is not None:
            async with self._reading:
                await self._register(viewer)
            held = await self._hold.send(viewer, make)
        if isinstance(held, Applied) and held.outcome is Outcome.SUPERSEDED:
            await self.end(Refuse("connection.replaced"))
        return held

    async def _end_if_over(self, viewer: Viewer) -> None:
        """The ten minutes in which the room could have been opened again have passed."""
        until, now_ms = viewer.reopen_until_ms, self.process.clock.now_ms()
        if viewer.place is None and until and is_closed(RoomState.ENDED, until, now_ms):
            await self.end(Refuse("room.ended"))
