"""A programme small enough for a test: one track, one session, its people. And their browsers."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.utils import timezone

from sessions.core.agenda import SegmentKind
from sessions.core.permissions import Role
from sessions.models import Person, Room, Session
from sessions.rooms.process import this_process
from sessions.signaling.routing import websockets
from tests import world
from tests.world import cookie_of, enrol, person

PATIENCE_S = 10.0  # how long a test waits for what has to come; never asserted


@dataclass
class Evening:
    """One session and everyone around it: by first name."""

    session: Session
    room: Room
    people: dict[str, Person]
    cookies: dict[str, str]

    @property
    def address(self) -> str:
        return self.session.public_id

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    def browser(self, name: str) -> "Browser":
        """A browser in which this person is signed in."""
        return Browser(self.address, self.cookies[name])


def evening(
    starts_in: timedelta = timedelta(minutes=5),
    minutes: int = 90,
    seats: int = 12,
    prefix: str = "",
    kinds: tuple[SegmentKind, ...] = world.THIRDS,
) -> Evening:
    """A session that starts in a while: Dana leads it, Sam and Ana are on its roster; Luis leads
    and Joe attends another track, Morgan manages."""
    starts_at = timezone.now() + starts_in
    ours, other = (world.track(name, starts_at, minutes, seats) for name in ("Ours", "Other"))
    room = world.room(ours, starts_at, minutes, kinds)
    roles = {"Dana": Role.FACILITATOR, "Luis": Role.FACILITATOR, "Morgan": Role.PROGRAM_MANAGER}
    roles |= dict.fromkeys(("Sam", "Ana", "Joe"), Role.CLIENT)
    people = {name: person(name, role, prefix=prefix) for name, role in roles.items()}
    for track, leads, clients in ((ours, "Dana", ("Sam", "Ana")), (other, "Luis", ("Joe",))):
        world.staff(track, people[leads])
        for client in clients:
            enrol(track, people[client], room.session)
    cookies = {name: cookie_of(one) for name, one in people.items()}
    return Evening(room.session, room, people, cookies)


class Browser:
    """One participant's socket: sends commands, keeps every event that came."""

    def __init__(self, address: str, cookie: str, origin: str | None = None) -> None:
        headers = [(b"cookie", cookie.encode())]
        origin = settings.THIRDS_ORIGIN if origin is None else origin
        headers.append((b"origin", origin.encode()))
        self.socket = WebsocketCommunicator(
            websockets(this_process()), f"/ws/rooms/{address}/", headers
        )
        self.events: list[dict[str, Any]] = []
        self.closed: int | None = None
        self.number = 0
        self.unread = 0  # where `until` looks from: what came before a reply is not lost

    async def connect(self) -> bool:
        """Whether the socket was accepted."""
        connected, _ = await self.socket.connect(timeout=PATIENCE_S)
        return bool(connected)

    async def hello(self, **fields: Any) -> dict[str, Any]:
        """Connects, says hello; the reply, or the last words."""
        assert await self.connect()
        reply = await self.ask("hello", **fields)
        self.unread = len(self.events)
        return reply

    async def send(self, text: str) -> None:
        """One frame, as it is."""
        await self.socket.send_to(text_data=text)

    async def ask(self, command: str, **fields: Any) -> dict[str, Any]:
        """Sends a command and waits for its reply; if the socket is closed first, for `closing`."""
        self.number += 1
        self.unread = len(self.events)
        await self.send(json.dumps({"type": command, "id": self.number, **fields}))
        while True:
            event = await self.next()
            if event.get("id", -1) == self.number or event["type"] == "closing":
                return event

    async def until(self, wanted: Any) -> dict[str, Any]:
        """The next event that is wanted: a type, or a predicate. Those before it are kept. What a
        command causes and its reply come in either order."""
        matches = wanted if callable(wanted) else lambda event: event["type"] == wanted
        while True:
            if self.unread == len(self.events):
                await self.next()
            event = self.events[self.unread]
            self.unread += 1
            if matches(event):
                return event

    async def next(self) -> dict[str, Any]:
        """The next event; a fault when the socket is closed first."""
        sent = await self.socket.receive_output(timeout=PATIENCE_S)
        if sent["type"] == "websocket.close":
            self.closed = sent["code"]
            raise ConnectionResetError(self.closed)
        event: dict[str, Any] = json.loads(sent["text"])
        self.events.append(event)
        return event

    async def close_code(self) -> int:
        """Reads on until the socket is closed."""
        while self.closed is None:
            try:
                await self.next()
            except ConnectionResetError:
                break
        assert self.closed is not None
        return self.closed

    async def snapshot(self) -> dict[str, Any]:
        """A snapshot asked for now."""
        self.number += 1
        self.unread = len(self.events)
        await self.send(json.dumps({"type": "resync", "id": self.number}))
        return await self.until("snapshot")

    def last(self, kind: str) -> dict[str, Any]:
        """The newest event of a type that has come."""
        return next(event for event in reversed(self.events) if event["type"] == kind)

    async def drop(self) -> None:
        """The network goes away."""
        await self.socket.disconnect(timeout=PATIENCE_S)
