"""Snapshot + events = snapshot: over every kind of event, out of order, and through crashes."""

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from sessions.core.refusal import Refuse
from sessions.models import Seat
from sessions.rooms import broadcast, presence, selectors, services
from sessions.rooms.lua import run
from sessions.rooms.presence import Place
from sessions.rooms.services_clock import ClockVerbs
from sessions.rooms.stream import Draft, Events, Kind, read_after
from sessions.scheduling.selectors import standing
from sessions.signaling import reading
from sessions.signaling.reading import Close, Register, Tell, TellAll, Viewer
from tests.rooms.live import connect
from tests.signaling.evening import Evening, evening

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = ("Sam", "Ana")


@dataclass
class Screen:
    """A browser as plain as can be: what counts is the newest version of each thing."""

    room: dict[str, Any] = field(default_factory=dict)
    me: dict[str, Any] = field(default_factory=dict)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    door: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: dict[tuple[str, str], int] = field(default_factory=dict)

    def take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "snapshot":
                self.room, self.me = message["room"], message["me"]
                self.people = {one["key"]: one for one in message["participants"]}
                self.door = {one["key"]: one for one in message["waiting"]}
                self.gone = {}
            case "room.changed":
                self.room = max(self.room, message["room"], key=_version)
            case "me.changed":
                self.me = max(self.me, message["me"], key=_version)
            case "participant.changed":
                self._came("people", message["participant"])
            case "waiting.changed":
                self._came("door", message["waiting"])
            case "participant.left":
                self._left("people", message)
            case "waiting.left":
                self._left("door", message)

    def _came(self, place: str, view: dict[str, Any]) -> None:
        there: dict[str, dict[str, Any]] = getattr(self, place)
        known = there.get(view["key"], {"version": -1})["version"]
        if view["version"] > max(known, self.gone.get((place, view["key"]), -1)):
            there[view["key"]] = view

    def _left(self, place: str, message: dict[str, Any]) -> None:
        there: dict[str, dict[str, Any]] = getattr(self, place)
        if message["version"] > there.get(message["key"], {"version": -1})["version"]:
            there.pop(message["key"], None)
            self.gone[place, message["key"]] = message["version"]


def _version(thing: dict[str, Any]) -> int:
    return int(thing["version"])


@dataclass
class Onlooker:
    """One connection that reads the stream as a socket does, and its screen."""

    evening: Evening
    viewer: Viewer
    screen: Screen = field(default_factory=Screen)
    kinds: set[Kind] = field(default_factory=set)
    closed: str = ""

    @classmethod
    def of(cls, tonight: Evening, name: str) -> "Onlooker":
        held = connect(tonight, name)
        rows = rows_of(tonight)
        known = standing(tonight[name], tonight.session)
        viewer = Viewer(rows.facts, rows.seats[held.seat], known, held.connection)
        onlooker = cls(tonight, viewer)
        onlooker.screen.take(onlooker.snapshot())
        return onlooker

    def snapshot(self) -> dict[str, Any]:
        """What a reload would show; the reading goes on from there."""
        rows, viewer = rows_of(self.evening), self.viewer
        mine = rows.roster.of(viewer.seat.key)
        viewer.place = mine.place if mine else None
        viewer.waiting = mine.waiting if mine else ""
        viewer.seats, viewer.seat = dict(rows.seats), rows.seats[viewer.seat.key]
        viewer.epoch, viewer.seq = rows.roster.epoch, rows.roster.seq
        return asdict(reading.snapshot(rows, viewer))

    def read(self) -> None:
        """Everything new, twice: an event that comes again changes nothing."""
        found = run(read_after(self.evening.room.key, self.viewer.epoch, self.viewer.seq))
        assert isinstance(found, Events)
        self.viewer.seats = selectors.seats_of(self.viewer.facts.room_id)
        for event in found.events:
            self.kinds.add(event.kind)
            for step in reading.steps(event, self.viewer):
                if isinstance(step, Tell):
                    self.screen.take(asdict(step.message))
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
    """Six evenings of forty steps. Kills: an event that tells less than the snapshot does, or
    changes instead of results, or is told to a place where it must not be."""
    kinds: set[Kind] = set()
    for seed in range(6):
        chance = random.Random(seed)
        with time_machine.travel(timezone.now(), tick=False), monkeypatch.context() as patch:
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
            post.holds = False
            post.deliver()
            clock.republish(tonight.room.pk)
            for onlooker in (dana, sam):
                onlooker.read()
                kinds |= onlooker.kinds
            assert dana.screen == _fresh(dana)
    assert kinds == set(Kind)


def _fresh(onlooker: Onlooker) -> Screen:
    fresh = Screen()
    fresh.take(onlooker.snapshot())
    fresh.gone = onlooker.screen.gone
    return fresh


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
    assert (sam.closed, sam.screen.me["seat"]) == ("seat.removed", "removed")


def test_person_at_the_door_hears_nothing_of_the_room(tonight: Evening) -> None:
    """I4. Kills: an audience that is not looked at."""
    sam, dana = Onlooker.of(tonight, "Sam"), Onlooker.of(tonight, "Dana")
    connect(tonight, "Ana")
    run(presence.change(tonight.room.key, dana.viewer.seat.key, hand=True, camera=True))
    sam.read()
    assert sam.screen.people == sam.screen.door == {}


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
    assert {one["name"] for one in sam.screen.people.values()} == {"Dana", "Sam"}
