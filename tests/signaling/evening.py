"""A programme small enough for a test: one track, one session, its people. And their browsers."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from sessions.core.agenda import SegmentKind
from sessions.core.permissions import Role
from sessions.models import (
    AgendaTemplate,
    Enrolment,
    Person,
    Program,
    Room,
    Session,
    SessionSegment,
    Staffing,
    Track,
)
from sessions.rooms.process import this_process
from sessions.signaling.routing import websockets
from tests.people.accounts import show_factor

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


def person(name: str, *roles: Role, prefix: str = "") -> Person:
    """A person who can sign in."""
    email = f"{prefix}{name.lower()}@example.org"
    made = Person(email=email, display_name=name, roles=[role.value for role in roles])
    made.set_unusable_password()
    made.save()
    return made


def evening(
    starts_in: timedelta = timedelta(minutes=5),
    minutes: int = 90,
    seats: int = 12,
    prefix: str = "",
    kinds: tuple[SegmentKind, ...] = (
        SegmentKind.CHECK_IN,
        SegmentKind.TOPIC,
        SegmentKind.WRAP_UP,
    ),
) -> Evening:
    """A session that starts in a while: Dana leads it, Sam and Ana are on its roster; Luis leads
    and Joe attends another track, Morgan manages."""
    starts_at = timezone.now() + starts_in
    template = AgendaTemplate.objects.create(name=f"Shares {AgendaTemplate.objects.count()}")
    tracks = [_track(name, template, starts_at, minutes, seats) for name in ("Ours", "Other")]
    session = _session(tracks[0], starts_at, minutes, kinds)
    people = {
        "Dana": person("Dana", Role.FACILITATOR, prefix=prefix),
        "Luis": person("Luis", Role.FACILITATOR, prefix=prefix),
        "Morgan": person("Morgan", Role.PROGRAM_MANAGER, prefix=prefix),
        "Sam": person("Sam", Role.CLIENT, prefix=prefix),
        "Ana": person("Ana", Role.CLIENT, prefix=prefix),
        "Joe": person("Joe", Role.CLIENT, prefix=prefix),
    }
    for track, staff, clients in (
        (tracks[0], "Dana", ("Sam", "Ana")),
        (tracks[1], "Luis", ("Joe",)),
    ):
        Staffing.objects.create(track=track, person=people[staff])
        for client in clients:
            enrol(track, people[client], session)
    cookies = {name: cookie_of(one) for name, one in people.items()}
    return Evening(session, Room.objects.create(session=session), people, cookies)


def enrol(track: Track, client: Person, session: Session) -> Enrolment:
    """Puts a client on a roster from the session's date on."""
    return Enrolment.objects.create(
        track=track,
        person=client,
        display_name=client.display_name,
        starts_on=session.local_date,
    )


def _track(
    name: str, template: AgendaTemplate, starts_at: datetime, minutes: int, seats: int
) -> Track:
    program, _ = Program.objects.get_or_create(name="Evening")
    return Track.objects.create(
        program=program,
        name=name,
        weekdays=[starts_at.weekday()],
        local_start=starts_at.time(),
        minutes=minutes,
        zone="UTC",
        first_date=starts_at.date(),
        weeks=12,
        seats=seats,
        template=template,
    )


def _session(
    track: Track, starts_at: datetime, minutes: int, kinds: tuple[SegmentKind, ...]
) -> Session:
    session = Session.objects.create(
        track=track,
        number=1,
        local_date=starts_at.date(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        topic="Sleep",
    )
    for position, kind in enumerate(kinds):
        SessionSegment.objects.create(
            session=session, position=position, kind=kind.value, title=kind.value, share=1
        )
    return session


def cookie_of(person: Person) -> str:
    """The Cookie header of a browser in which this person is signed in."""
    store = SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    show_factor(store, person)
    store.save()
    return f"{settings.SESSION_COOKIE_NAME}={store.session_key}"


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


async def settled(*browsers: Browser) -> None:
    """Lets everything that is under way arrive: each browser hears its own ping."""
    for browser in browsers:
        await browser.ask("ping")
    await asyncio.sleep(0)
