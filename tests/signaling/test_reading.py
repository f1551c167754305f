"""Snapshot + events = snapshot: over every kind of event, out of order, and through crashes."""

import json
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from sessions.core.refusal import Refuse
from sessions.live import broadcast, presence
from sessions.live.presence import Place
from sessions.live.stream import Draft, Events, Kind, read_after
from sessions.models import Seat
from sessions.rooms import selectors, services
from sessions.rooms.by_clock import ClockVerbs
from sessions.scheduling.selectors import principal
from sessions.signaling import reading
from sessions.signaling.messages import EVENTS
from sessions.signaling.messages.base import name_of
from sessions.signaling.reading import Close, Register, Tell, TellAll, Viewer
from tests.rooms.live import connect
from tests.signaling.evening import Evening, evening
from tests.valkey import run

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = ("Sam", "Ana")


Message = dict[str, Any]


@dataclass
class Screen:
    """What a browser was told. What it makes of it, its own reducer says (`known`)."""

    told: list[Message] = field(default_factory=list)

    def take(self, message: Message) -> None:
        self.told.append(message)

    @property
    def known(self) -> Message:
        """What the browser knows of the room now."""
        return as_known([self.told])[0]


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
        """Keeps a snapshot of now, and how much had been told when it was taken."""
        snapshot = reading.snapshot(rows_of(self.evening), self.viewer)
        self.earlier.append((len(self.screen.told), asdict(snapshot)))

    def read(self) -> None:
        """Everything new."""
        found = run(read_after(self.evening.room.key, self.viewer.epoch, self.viewer.seq))
        assert isinstance(found, Events)
        self.viewer.seats = selectors.seats_of(self.viewer.facts.room_id)
        for event in found.events:
            self.kinds.add(event.kind)
            for step in reading.steps(event, self.viewer):
                if isinstance(step, Tell):
                    self.screen.take(asdict(step.message))
                elif isinstance(step, Close):
                    self.closed = step.code
                elif isinstance(step, TellAll | Register):
                    self.screen.take(self.snapshot())
                    return self.read()
        return None


def rows_of(tonight: Evening) -> selectors.RoomRows:
    rows = selectors.rows_of(tonight.address)
    assert isinstance(rows, selectors.RoomRows)
    return rows


class Post:
    """What is published goes out late and in any order, or is lost with its process."""

    def __init__(self, patch: pytest.MonkeyPatch, chance: random.Random) -> None:
        self.kept: list[tuple[str, Draft]] = []
        self.chance, self.holds = chance, False
        self.publish, self.send = broadcast.publish, broadcast.send
        patch.setattr(broadcast, "publish", self._publish)

    def _publish(self, room: str, draft: Draft) -> object:
        if self.holds:
            self.kept.append((room, draft))
            return Refuse("store.down")
        return self.publish(room, draft)

    def deliver(self) -> None:
        """In any order, each of them."""
        self.chance.shuffle(self.kept)
        for room, draft in self.kept:
            self.publish(room, draft)
        self.kept.clear()


Act = Callable[[Any, str, str], object]
ACTS: list[Act] = [
    services.admit,
    lambda dana, at, key: services.start(dana, at),
    lambda dana, at, key: services.advance(dana, at, 0),
    lambda dana, at, key: services.back(dana, at, 1),
    lambda dana, at, key: services.extend(dana, at, 1),
    lambda dana, at, key: services.pause(dana, at),
    lambda dana, at, key: services.resume(dana, at),
    services.mute,
    services.allow_microphone,
    services.lower_hand,
]


def step(tonight: Evening, chance: random.Random) -> None:
    """One thing that somebody does."""
    name = chance.choice(CLIENTS)
    seat = Seat.objects.filter(person=tonight[name]).first()
    if seat is None or chance.random() < 0.2:
        connect(tonight, name)
    elif chance.random() < 0.4:
        changes = {chance.choice(["microphone", "camera", "hand"]): chance.random() < 0.5}
        run(presence.change(tonight.room.key, seat.key, **changes))  # type: ignore[arg-type]
    elif chance.random() < 0.2:
        run(presence.remove(tonight.room.key, seat.key, bar=False))
    else:
        chance.choice(ACTS)(tonight["Dana"], tonight.address, seat.key)


def test_snapshot_and_events_are_a_snapshot(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six evenings of forty steps, told to the browser's own reducer. Kills: an event that tells
    less than the snapshot does, or changes instead of results, or is told to a place where it
    must not be; a reducer that takes an older version, or brings back who has gone."""
    kinds: set[Kind] = set()
    types: set[str] = set()
    for seed in range(6):
        chance = random.Random(seed)
        with time_machine.travel(timezone.now(), tick=False), monkeypatch.context() as patch:
            dana, sam = _an_evening(seed, chance, patch)
        for onlooker in (dana, sam):
            kinds |= onlooker.kinds
            types |= {message["type"] for message in onlooker.screen.told}
        _agrees(dana, chance)
    assert (kinds, types) == (set(Kind), stream_types())


def stream_types() -> set[str]:
    """The type of every message that has a number of the stream: a new one needs its case."""
    return {name_of(one) for one in EVENTS if "seq" in one.__annotations__}


def _an_evening(
    seed: int, chance: random.Random, patch: pytest.MonkeyPatch
) -> tuple[Onlooker, Onlooker]:
    """Commits published late, in any order, or never; the ticker heals in the end."""
    tonight = evening(prefix=f"{seed}-")
    dana, sam = Onlooker.of(tonight, "Dana"), Onlooker.of(tonight, "Sam")
    post, clock = Post(patch, chance), ClockVerbs()
    for _ in range(40):
        post.holds = chance.random() < 0.3
        step(tonight, chance)
        dana.read()
        if chance.random() < 0.3:
            post.deliver()
        if chance.random() < 0.1:
            post.holds = False
            post.kept.clear()
            clock.republish(tonight.room.pk)
        if chance.random() < 0.2:
            dana.look()
    post.holds = False
    post.deliver()
    clock.republish(tonight.room.pk)
    for onlooker in (dana, sam):
        onlooker.read()
        onlooker.look()
    return dana, sam


def _agrees(onlooker: Onlooker, chance: random.Random) -> None:
    """However the browser came to know it, it knows what a reload would show."""
    told = onlooker.screen.told
    last = max(n for n, message in enumerate(told) if message["type"] == "snapshot")
    events = told[last + 1 :]
    again = chance.sample(events, len(events))
    _, fresh = onlooker.earlier[-1]
    histories = [[fresh], told, [*told, *again], [m for one in told for m in (one, one)]]
    for count, snapshot in onlooker.earlier:
        before = chance.randint(last + 1, max(last + 1, count))
        if count > last:
            histories.append([snapshot, *told[before:]])
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


def test_removed_person_is_told_before_the_end(tonight: Evening) -> None:
    Onlooker.of(tonight, "Dana")
    sam = Onlooker.of(tonight, "Sam")
    services.remove(tonight["Dana"], tonight.address, sam.viewer.seat.key)
    sam.read()
    (me,) = (one["me"] for one in sam.screen.told if one["type"] == "me.changed")
    assert (sam.closed, me["seat"]) == ("seat.removed", "removed")


def test_person_at_the_door_hears_nothing_of_the_room(tonight: Evening) -> None:
    """I4. Kills: an audience that is not looked at."""
    sam, dana = Onlooker.of(tonight, "Sam"), Onlooker.of(tonight, "Dana")
    connect(tonight, "Ana")
    run(presence.change(tonight.room.key, dana.viewer.seat.key, hand=True, camera=True))
    sam.read()
    assert sam.screen.known["participants"] == sam.screen.known["waiting"] == {}


def test_end_leaves_the_reader_in_no_place_and_the_reopening_registers_it(
    tonight: Evening,
) -> None:
    dana = Onlooker.of(tonight, "Dana")
    services.start(tonight["Dana"], tonight.address)
    services.end(tonight["Dana"], tonight.address)
    dana.read()
    assert (dana.viewer.place, dana.closed) == (None, "")
    assert dana.viewer.reopen_until_ms is not None
    before = dana.viewer.seq
    services.reopen(tonight["Dana"], tonight.address)
    events = run(read_after(tonight.room.key, dana.viewer.epoch, before))
    assert isinstance(events, Events)
    asked = [step for event in events.events for step in reading.steps(event, dana.viewer)]
    assert [type(step) for step in asked] == [Tell, Register]


def test_place_of_a_viewer_follows_admission(tonight: Evening) -> None:
    Onlooker.of(tonight, "Dana")
    sam = Onlooker.of(tonight, "Sam")
    services.admit(tonight["Dana"], tonight.address, sam.viewer.seat.key)
    sam.read()
    assert sam.viewer.place is Place.ROOM
    assert {one["name"] for one in sam.screen.known["participants"].values()} == {"Dana", "Sam"}
