"""The load of `bench.room`: browsers that join, are admitted, ping; facilitators who tap.

Owns when who does what, and what is timed: from opening a socket to its snapshot, and from a
facilitator's send to the last receipt in the room. A receipt is the first `room.changed` that
shows what the verb does, so that a tick of the clock in between is not taken for it.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bench.browsers import PING_S, Browser, Event
from bench.room.programme import Group

AGAIN_S: Final = 1.0  # between two attempts to come in
PATIENCE_S: Final = 10.0  # for what has to come; longer is a fault, not a figure
JITTER: Final = 0.1  # of the time between two verbs: people do not tap in step
RoomView = dict[str, Any]


class NotAnsweredError(RuntimeError):
    """The server refused, or did not send to somebody: nothing to measure."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A verb of a facilitator: its command and fields, and how a browser sees that it was done.
    `done(before, after)` compares two views of a room."""

    command: str
    fields: dict[str, int]
    done: Callable[[RoomView, RoomView], bool]


def _moved(by: int) -> Callable[[RoomView, RoomView], bool]:
    return lambda before, after: after["agenda"]["index"] == before["agenda"]["index"] + by


def _phase(phase: str) -> Callable[[RoomView, RoomView], bool]:
    return lambda _before, after: bool(after["agenda"]["phase"] == phase)


def _segment_ends(room: RoomView) -> int:
    return int(room["agenda"]["segments"][0]["ends_ms"])


def _extended(before: RoomView, after: RoomView) -> bool:
    return _segment_ends(after) - _segment_ends(before) >= 50_000


ROUND: Final = (
    Tap("room.advance", {"index": 0}, _moved(1)),
    Tap("room.back", {"index": 1}, _moved(-1)),
    Tap("room.extend", {"minutes": 1}, _extended),
    Tap("room.pause", {}, _phase("paused")),
    Tap("room.resume", {}, _phase("running")),
)
"""What a facilitator taps, again and again; after a round the room is as it was, a minute on."""


@dataclass
class Member:
    """One person in a room: the browser, the room as it was shown last, what is waited for."""

    cookie: str
    room: RoomView | None = None
    snapshot_at: float = 0.0
    in_room: bool = False
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    tap: Tap | None = None
    before: RoomView | None = None
    receipt_at: float | None = None
    browser: Browser = field(init=False)

    def expect(self, tap: Tap) -> None:
        """From now on the first room that shows the tap is its receipt."""
        self.tap, self.before, self.receipt_at = tap, self.room, None

    def hear(self, event: Event, at: float) -> None:
        """What the browser received."""
        if event["type"] == "snapshot":
            self.snapshot_at = self.snapshot_at or at
            self.in_room = event["me"]["seat"] == "admitted"
        if "room" in event:
            self._see(event["room"], at)
        self.heard.set()

    def _see(self, room: RoomView, at: float) -> None:
        self.room = room
        waiting = self.tap is not None and self.receipt_at is None
        if waiting and self.tap and self.before and self.tap.done(self.before, room):
            self.receipt_at = at

    async def until(self, holds: "Callable[[Member], bool]", what: str) -> None:
        """Waits until it holds after some event. Raises NotAnsweredError, naming `what`."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not holds(self):
                    self.heard.clear()
                    await self.heard.wait()
        except TimeoutError:
            raise NotAnsweredError(f"{what} did not come within {PATIENCE_S:g} s") from None


@dataclass
class Times:
    """Seconds, of everything that was timed."""

    joins: list[float] = field(default_factory=list)
    verbs: list[float] = field(default_factory=list)
    replies: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    refused: int = 0  # joins that had to be tried again


class LiveRoom:
    """One room's people; the facilitator is the first."""

    def __init__(self, origin: str, group: Group) -> None:
        self._origin = origin
        self._address = f"{origin.replace('http', 'ws', 1)}/ws/rooms/{group.session}/"
        self.members = [Member(cookie) for cookie in group.cookies]
        self._taps = itertools.cycle(ROUND)

    async def join(self, member: Member, times: Times) -> None:
        """One person comes: from the first packet to the snapshot, further attempts included."""
        began = time.perf_counter()
        while not await self._attempt(member):
            times.refused += 1
            if time.perf_counter() - began > PATIENCE_S:
                raise NotAnsweredError(f"nobody comes in: {member.browser.closed}")
            await asyncio.sleep(AGAIN_S)
        await member.until(_has_snapshot, "a snapshot")
        times.joins.append(member.snapshot_at - began)
        member.browser.begin_pings(random.uniform(0, PING_S))  # noqa: S311 - spread only

    async def _attempt(self, member: Member) -> bool:
        member.browser = Browser(self._address, self._origin, member.cookie, member.hear)
        try:
            await member.browser.connect()
            reply = await member.browser.ask("hello", microphone=True, camera=True)
        except ConnectionError:
            return False
        return bool(reply["type"] == "ok")

    async def begin(self) -> None:
        """Everyone is let in, and the session started."""
        await self._do("room.admit_all")
        for member in self.members:
            await member.until(_is_in_room, "a place in the room")
        await self._do("room.start")
        for member in self.members:
            await member.until(_is_live, "the start")

    async def tap(self, tap: Tap, times: Times) -> None:
        """One verb, until the last of the room has received it."""
        for member in self.members:
            member.expect(tap)
        sent = time.perf_counter()
        await self._do(tap.command, **tap.fields)
        times.replies.append(time.perf_counter() - sent)
        for member in self.members:
            await member.until(_has_receipt, tap.command)
        receipts = [member.receipt_at - sent for member in self.members if member.receipt_at]
        times.firsts.append(min(receipts))
        times.verbs.append(max(receipts))

    async def tap_until(self, end: float, every_s: float, times: Times) -> None:
        """The facilitator's evening: round after round, a verb every `every_s` seconds or so."""
        await asyncio.sleep(random.uniform(0, every_s))  # noqa: S311 - spread only
        while (began := time.perf_counter()) < end:
            await self.tap(next(self._taps), times)
            pause = every_s * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
            await asyncio.sleep(max(0.0, began + pause - time.perf_counter()))

    async def _do(self, command: str, **fields: int) -> None:
        reply = await self.members[0].browser.ask(command, **fields)
        if reply["type"] != "ok":
            raise NotAnsweredError(f"{command} was answered with {reply}")


def _has_snapshot(member: Member) -> bool:
    return member.snapshot_at > 0


def _is_in_room(member: Member) -> bool:
    return member.in_room


def _is_live(member: Member) -> bool:
    return member.room is not None and member.room["state"] == "live"


def _has_receipt(member: Member) -> bool:
    return member.receipt_at is not None


async def join_all(rooms: Sequence[LiveRoom], each_s: float, times: Times) -> None:
    """Everybody joins, one every `each_s` seconds, without waiting for the ones before."""
    await rooms[0].join(rooms[0].members[0], Times())  # the first loads what all share
    coming = []
    for place in range(len(rooms[0].members)):
        for room in rooms if place else rooms[1:]:
            coming.append(asyncio.ensure_future(room.join(room.members[place], times)))
            await asyncio.sleep(each_s)
    await asyncio.gather(*coming)


async def begin_all(rooms: Sequence[LiveRoom]) -> None:
    """Every room is opened, one after the other."""
    for room in rooms:
        await room.begin()


async def tap_all(rooms: Sequence[LiveRoom], seconds: float, every_s: float) -> Times:
    """All facilitators at once, for so long."""
    times = Times()
    end = time.perf_counter() + seconds
    await asyncio.gather(*(room.tap_until(end, every_s, times) for room in rooms))
    return times


def drop_all(rooms: Sequence[LiveRoom]) -> None:
    """Every browser is gone."""
    for room in rooms:
        for member in room.members:
            member.browser.drop()
