"""Snapshot + events = snapshot: over every kind of event, out of order, and through crashes."""

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.presence import Applied, Place
from sessions.live.stream import Draft, Events, Kind, read_after
from sessions.models import Seat
from sessions.rooms import selectors
from sessions.rooms.by_clock import RoomsByClock
from sessions.rooms.names import RoomName
from sessions.rooms.perform import perform
from sessions.rooms.process import Process
from sessions.scheduling.selectors import principal
from sessions.signaling import reading
from sessions.signaling.messages import EVENTS
from sessions.signaling.messages.base import name_of
from sessions.signaling.reading import Close, Register, Send, SendSnapshot, Viewer
from tests.rooms.live import connect, do, roster_of
from tests.signaling.evening import Evening, evening
from tests.valkey import run

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = ("Sam", "Ana")


Message = dict[str, Any]


@dataclass
class Screen:
    """The messages of a browser. What it makes of it, its own reducer says (`known`)."""

    messages: list[Message] = field(default_factory=list)

    def take(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def known(self) -> Message:
        """What the browser knows of the room now."""
        return as_known([self.messages])[0]


def as_known(histories: list[list[Message]]) -> list[Message]:
    """For each history, what the browser's own reducer makes of it; people by their keys."""
    node = Path(sys.executable).with_name("node")
    program = Path(__file__).with_name("reducer.mjs")
    options = ["--experimental-strip-types", "--no-warnings"]
    done = subprocess.run(
        [node, *options, program],
        input=json.dumps(histories),
        capture_output=True,
        text=True,
        check=True,
    )
    rooms: list[Message] = json.loads(done.stdout)
    for room in rooms:
        for people in ("participants", "waiting"):
            room[people] = {one["key"]: one for one in room[people]}
    return rooms


@dataclass
class Onlooker:
    """One connection that reads the stream as a socket does, and its screen."""

    evening: Evening
    viewer: Viewer
    screen: Screen = field(default_factory=Screen)
    kinds: set[Kind] = field(default_factory=set)
    closed: str = ""
    earlier: list[tuple[int, Message]] = field(default_factory=list)

    @classmethod
    def of(cls, tonight: Evening, name: str) -> "Onlooker":
        held = connect(tonight, name)
        rows = rows_of(tonight)
        known = principal(tonight[name], tonight.session)
        viewer = Viewer(rows.facts, rows.seats[held.seat], known, held.connection)
        onlooker = cls(tonight, viewer)
        onlooker.screen.take(onlooker.snapshot())
        return onlooker

    def snapshot(self) -> dict[str, Any]:
        """What a reload would show; the reading goes on from there."""
        rows, viewer = rows_of(self.evening), self.viewer
        mine = rows.roster.of(viewer.seat.key)
        viewer.place = mine.place if mine else None
        viewer.waiting = mine.waiting if mine else None
        viewer.seats = dict(rows.seats)
        viewer.sits(rows.seats[viewer.seat.key])
        viewer.epoch, viewer.seq = rows.roster.epoch, rows.roster.seq
        return asdict(reading.snapshot(rows, viewer))

    def look(self) -> None:
        """Keeps a snapshot of now, and how much the browser had when it was taken."""
        snapshot = reading.snapshot(rows_of(self.evening), self.viewer)
        self.earlier.append((len(self.screen.messages), asdict(snapshot)))

    def read(self) -> None:
        """Everything new."""
        found = run(read_after(self.evening.room.key, self.viewer.epoch, self.viewer.seq))
        assert isinstance(found, Events)
        self.viewer.seats = selectors.seats_of(self.viewer.facts.room_id)
        for event in found.events:
            self.kinds.add(event.kind)
            for step in reading.steps(event, self.viewer):
                if isinstance(step, Send):
                    self.screen.take(asdict(step.message))
                elif isinstance(step, Close):
                    self.closed = step.code
                elif isinstance(step, SendSnapshot | Register):
                    self.screen.take(self.snapshot())
                    return self.read()
        return None


def rows_of(tonight: Evening) -> selectors.RoomRows:
    rows = selectors.rows_of(tonight.room.pk, roster_of(tonight), timezone.now)
    assert isinstance(rows, selectors.RoomRows)
    return rows


class Web:
    """A web process whose loop runs only while a call is under way. While it `holds`, what is to
    be published is kept: it comes late and in any order, or is lost with the process."""

    def __init__(self, process: Process, runner: asyncio.Runner, chance: random.Random) -> None:
        self.process, self.chance = process, chance
        self.kept: list[tuple[str, Draft]] = []
        self.holds = False
        self.clock = RoomsByClock(process)
        self._run = runner.run
        self._publish = process.broadcast.publish

    async def publish(self, room: str, draft: Draft) -> Applied | Refuse:
        """In place of the broadcast's own."""
        if self.holds:
            self.kept.append((room, draft))
            return Refuse("store.down")
        return await self._publish(room, draft)

    def deliver(self) -> None:
        """What was kept, in any order, each of it."""
        self.chance.shuffle(self.kept)
        for room, draft in self.kept:
            self._run(self._publish(room, draft))
        self.kept.clear()

    def lose(self) -> None:
        """What was kept is lost, and nothing more is kept."""
        self.holds = False
        self.kept.clear()

    def perform(
        self, tonight: Evening, verb: Verb, arguments: Mapping[str, Any], by: str = "Dana"
    ) -> None:
        """Somebody asks for it."""
        self._run(perform(self.process, verb, tonight[by], tonight.address, arguments))

    def republish(self, tonight: Evening) -> None:
        """As the ticker does once a room is behind its rows."""
        room = tonight.room
        name = RoomName(room.pk, room.key, room.session_id, tonight.address)
        assert self._run(self.clock.republish(name)) is None


@pytest.fixture
def runner(process: Process) -> Iterator[asyncio.Runner]:
    """A loop for the process of a test without one."""
    with asyncio.Runner() as own:
        yield own
        own.run(process.close())


VERBS: list[tuple[Verb, Mapping[str, int | None]]] = [
    (Verb.ROOM_ADMIT, {}),
    (Verb.ROOM_START, {}),
    (Verb.ROOM_ADVANCE, {"index": 0}),
    (Verb.ROOM_BACK, {"index": 1}),
    (Verb.ROOM_EXTEND, {"minutes": 1}),
    (Verb.ROOM_PAUSE, {}),
    (Verb.ROOM_RESUME, {}),
    (Verb.ROOM_MUTE, {}),
    (Verb.ROOM_ALLOW_MICROPHONE, {}),
    (Verb.ROOM_LOWER_HAND, {}),
    (Verb.ROOM_SPOTLIGHT, {}),
    (Verb.ROOM_SPOTLIGHT, {"key": None}),
]
OF_A_SEAT = {
    Verb.ROOM_ADMIT,
    Verb.ROOM_MUTE,
    Verb.ROOM_ALLOW_MICROPHONE,
    Verb.ROOM_LOWER_HAND,
    Verb.ROOM_SPOTLIGHT,
}


def step(tonight: Evening, web: Web) -> None:
    """One thing that somebody does."""
    chance = web.chance
    name = chance.choice(CLIENTS)
    seat = Seat.objects.filter(person=tonight[name]).first()
    if seat is None or chance.random() < 0.2:
        connect(tonight, name)
    elif chance.random() < 0.4:
        own, on = chance.choice(["microphone", "camera", "hand"]), chance.random() < 0.5
        if own == "hand":
            by = chance.choice([name, "Dana"])  # who may be at the door, and who is in the room
            web.perform(tonight, Verb.ROOM_RAISE_HAND, {"raised": on}, by=by)
        else:
            run(presence.change(tonight.room.key, seat.key, **{own: on}))  # type: ignore[arg-type]
    elif chance.random() < 0.2:
        run(presence.remove(tonight.room.key, seat.key, bar=False))
    else:
        verb, arguments = chance.choice(VERBS)
        of_a_seat = {"key": seat.key} if verb in OF_A_SEAT else {}
        web.perform(tonight, verb, {**of_a_seat, **arguments})


def test_snapshot_and_events_are_a_snapshot(
    transactional_db: None,
    process: Process,
    runner: asyncio.Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Six evenings of forty steps, read by the browser's own reducer. Kills: an event that
    says less than the snapshot does, or changes instead of results, or goes to a place where it
    must not go; a reducer that takes an older version, or brings back who has gone."""
    kinds: set[Kind] = set()
    types: set[str] = set()
    for seed in range(6):
        chance = random.Random(seed)
        web = Web(process, runner, chance)
        with time_machine.travel(timezone.now(), tick=False), monkeypatch.context() as patch:
            patch.setattr(process.broadcast, "publish", web.publish)
            dana, sam = _an_evening(seed, web)
        for onlooker in (dana, sam):
            kinds |= onlooker.kinds
            types |= {message["type"] for message in onlooker.screen.messages}
        _agrees(dana, chance)
    assert (kinds, types) == (set(Kind), stream_types())


def stream_types() -> set[str]:
    """The type of every message that has a number of the stream: a new one needs its case."""
    return {name_of(one) for one in EVENTS if "seq" in one.__annotations__}


def _an_evening(seed: int, web: Web) -> tuple[Onlooker, Onlooker]:
    """Commits published late, in any order, or never; the ticker heals in the end."""
    chance = web.chance
    tonight = evening(prefix=f"{seed}-")
    dana, sam = Onlooker.of(tonight, "Dana"), Onlooker.of(tonight, "Sam")
    for _ in range(40):
        web.holds = chance.random() < 0.3
        step(tonight, web)
        dana.read()
        if chance.random() < 0.3:
            web.deliver()
        if chance.random() < 0.1:
            web.lose()
            web.republish(tonight)
        if chance.random() < 0.2:
            dana.look()
    web.deliver()
    _crash(tonight, web, dana.viewer.seat.key)
    web.republish(tonight)
    for onlooker in (dana, sam):
        onlooker.read()
        onlooker.look()
    return dana, sam


def _crash(tonight: Evening, web: Web, key: str) -> None:
    """The agenda moves and somebody else is shown large, and the process ends before it says so."""
    web.holds = True
    for verb in (Verb.ROOM_START, Verb.ROOM_PAUSE, Verb.ROOM_RESUME):
        web.perform(tonight, verb, {})
    web.perform(tonight, Verb.ROOM_SPOTLIGHT, {"key": key})
    assert {draft.kind for _, draft in web.kept} == {Kind.ROOM_CHANGED, Kind.PART_CHANGED}
    web.lose()


def _agrees(onlooker: Onlooker, chance: random.Random) -> None:
    """However the browser came to know it, it knows what a reload would show."""
    messages = onlooker.screen.messages
    last = max(n for n, message in enumerate(messages) if message["type"] == "snapshot")
    events = messages[last + 1 :]
    again = chance.sample(events, len(events))
    _, fresh = onlooker.earlier[-1]
    histories = [
        [fresh],
        messages,
        [*messages, *again],
        [m for one in messages for m in (one, one)],
    ]
    for count, snapshot in onlooker.earlier:
        before = chance.randint(last + 1, max(last + 1, count))
        if count > last:
            histories.append([snapshot, *messages[before:]])
    reload, *others = as_known(histories)
    assert [_apart(reload, other) for other in others] == [{}] * len(others)


def _apart(one: Message, other: Message) -> Message:
    """Where two rooms differ; without the clock's reading, which is of its instant."""
    return {
        name: (_still(one[name]), _still(other[name]))
        for name in one
        if _still(one[name]) != _still(other[name])
    }


def _still(part: Message) -> Message:
    """The agenda is read at another instant in each snapshot; its version says it is the same."""
    return {name: value for name, value in part.items() if name != "agenda"} | (
        {"agenda": {**part["agenda"], "read_ms": 0, "left_ms": 0}} if "agenda" in part else {}
    )


# ---- what an event about the reader itself means -----------------------------------------------


def test_replaced_connection_is_closed_and_the_newer_one_is_not(tonight: Evening) -> None:
    """Kills: the event of the replacement ends the connection that replaced it."""
    first = Onlooker.of(tonight, "Dana")
    second = Onlooker.of(tonight, "Dana")
    first.read()
    second.read()
    assert (first.closed, second.closed) == ("connection.replaced", "")


def test_removed_person_is_notified_before_the_end(tonight: Evening) -> None:
    Onlooker.of(tonight, "Dana")
    sam = Onlooker.of(tonight, "Sam")
    do(Verb.ROOM_REMOVE, tonight["Dana"], tonight.address, key=sam.viewer.seat.key)
    sam.read()
    (me,) = (one["me"] for one in sam.screen.messages if one["type"] == "me.changed")
    assert (sam.closed, me["seat"]) == ("seat.removed", "removed")


def test_person_at_the_door_hears_nothing_of_the_room(tonight: Evening) -> None:
    """I4. Kills: an audience that is not looked at."""
    sam, dana = Onlooker.of(tonight, "Sam"), Onlooker.of(tonight, "Dana")
    connect(tonight, "Ana")
    run(presence.change(tonight.room.key, dana.viewer.seat.key, camera=True))
    sam.read()
    assert sam.screen.known["participants"] == sam.screen.known["waiting"] == {}


def test_end_leaves_the_reader_in_no_place_and_the_reopening_registers_it(
    tonight: Evening,
) -> None:
    dana = Onlooker.of(tonight, "Dana")
    do(Verb.ROOM_START, tonight["Dana"], tonight.address)
    do(Verb.ROOM_END, tonight["Dana"], tonight.address)
    dana.read()
    assert (dana.viewer.place, dana.closed) == (None, "")
    assert dana.viewer.reopen_until_ms is not None
    before = dana.viewer.seq
    do(Verb.ROOM_REOPEN, tonight["Dana"], tonight.address)
    events = run(read_after(tonight.room.key, dana.viewer.epoch, before))
    assert isinstance(events, Events)
    asked = [step for event in events.events for step in reading.steps(event, dana.viewer)]
    assert [type(step) for step in asked] == [Send, Register]


def test_place_of_a_viewer_follows_admission(tonight: Evening) -> None:
    Onlooker.of(tonight, "Dana")
    sam = Onlooker.of(tonight, "Sam")
    do(Verb.ROOM_ADMIT, tonight["Dana"], tonight.address, key=sam.viewer.seat.key)
    sam.read()
    assert sam.viewer.place is Place.ROOM
    assert {one["name"] for one in sam.screen.known["participants"].values()} == {"Dana", "Sam"}
