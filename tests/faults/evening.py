"""A room of twelve on a running installation: two browsers, ten scripted, one group that has begun.

Owns who they are, how they come together, the bustle that keeps events flowing, and how it is
seen that all is well: everybody connected, everybody on every roster, everybody heard by all.
Knows no fault.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from playwright.async_api import async_playwright

from tests.e2e.colours import LIME, RED, Look
from tests.faults.installation import NODES, WEBS, WORKER, Installation
from tests.faults.log import ClientLog
from tests.faults.network import Door, Proxy
from tests.faults.page import Visitor
from tests.faults.participant import Participant, Way
from tests.faults.voice import Metronome
from tests.impairment.relay import DatagramRelay

DANA, SAM, LUIS = "Dana", "Sam", "Luis"
BROWSERS: dict[str, Look] = {DANA: RED, SAM: LIME}
CLIENTS = ("Maya", "Joe", "Tess", "Imani", "Ben", "Rosa", "Theo", "Nadia", "Cole")
SCRIPTED = (LUIS, *CLIENTS)
SPARE = ("Priya", "Walt")
EVERYONE = frozenset((*BROWSERS, *SCRIPTED))
LOOK_S = 0.05
HAND_EVERY_S = 0.15
VERB_EVERY_S = 2.0
RECENT_S = 0.4
SETTLE_S = 40.0


class UnsettledError(Exception):
    """The room did not become whole in time; the message says which part."""


@dataclass
class Evening:
    """Everyone by name. `removed`: whose right was taken away, and when."""

    installation: Installation
    metronome: Metronome
    proxy: Proxy
    scripted: dict[str, Participant] = field(default_factory=dict)
    visitors: dict[str, Visitor] = field(default_factory=dict)
    former: list[Participant] = field(default_factory=list)
    removed: dict[str, float] = field(default_factory=dict)
    lost_epochs: int = 0
    began_at: float = field(default_factory=time.monotonic)
    room: str = ""
    known_broken: set[str] = field(default_factory=set)

    # ---- who ------------------------------------------------------------------------------------

    @property
    def luis(self) -> Participant:
        """The facilitator whose verbs are scripted."""
        return self.scripted[LUIS]

    @property
    def everyone(self) -> list[Participant | Visitor]:
        return [*self.visitors.values(), *self.scripted.values()]

    @property
    def logs(self) -> list[ClientLog]:
        """Those of who has left as well."""
        tabs = [tab.seen.log for one in self.visitors.values() for tab in one.former]
        return [*(one.log for one in (*self.everyone, *self.former)), *tabs]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(one.name for one in self.everyone)

    async def scripted_person(self, name: str) -> Participant:
        """Signed in, with a door of their own; not in the room yet."""
        port = self.installation.ports[WEBS[0]]
        signed_in = await asyncio.to_thread(self.installation.sign_in, name, port)
        self.room = self.room or signed_in.room
        address = f"ws{self.installation.origin.removeprefix('http')}/ws/rooms/{self.room}/"
        way = Way(address, self.installation.origin, signed_in.cookie)
        return Participant(name, way, await Door.open(self.proxy), self.metronome)

    async def add(self, name: str) -> Participant:
        """One more scripted person, let in by staff."""
        person = self.scripted[name] = await self.scripted_person(name)
        person.enter()
        await self.let_in()
        return person

    async def drop(self, name: str) -> None:
        """That person leaves by their own word, and is counted no more."""
        person = self.scripted.pop(name)
        self.former.append(person)
        await person.leave()
        await person.door.close()

    async def all_leave(self) -> None:
        """By their own word; who sat at a browser, by closing it."""
        for name in list(self.scripted):
            await self.drop(name)
        for visitor in self.visitors.values():
            await visitor.leave()

    # ---- coming together -----------------------------------------------------------------------

    async def let_in(self) -> None:
        """Staff admit until everybody is in the room."""
        async with asyncio.timeout(SETTLE_S):
            while not all(one.is_in_room for one in self.everyone):
                await self.luis.ask("room.admit_all")
                await asyncio.sleep(0.2)

    async def begin(self) -> None:
        """Everybody comes, the group starts, all devices are open."""
        for name in SCRIPTED:
            self.scripted[name] = await self.scripted_person(name)
            self.scripted[name].enter()
        await asyncio.gather(*(visitor.join() for visitor in self.visitors.values()))
        await self.luis.until(lambda: self.luis.is_in_room)
        await self.let_in()
        await self.luis.ask("room.start")
        await asyncio.gather(*(visitor.open_devices() for visitor in self.visitors.values()))

    @asynccontextmanager
    async def bustle(self) -> AsyncIterator[None]:
        """Hands go up and down and the facilitator uses the agenda, so that there is something
        to lose."""
        tasks = [asyncio.create_task(work) for work in (self._hands(), self._verbs())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hands(self) -> None:
        raised: dict[str, bool] = {}
        under_way: set[asyncio.Task[object]] = set()
        while True:
            name = random.choice([n for n in CLIENTS if n in self.scripted])
            raised[name] = not raised.get(name, False)
            asked = asyncio.create_task(self.scripted[name].ask("me.hand", raised=raised[name]))
            await asyncio.sleep(HAND_EVERY_S)
            under_way = {task for task in (*under_way, asked) if not task.done()}

    async def _verbs(self) -> None:
        while True:
            for verb in ("room.pause", "room.resume"):
                await self.luis.ask(verb)
                await asyncio.sleep(VERB_EVERY_S)

    async def agenda_runs(self) -> None:
        """The bustle may have been cut short between its two verbs."""
        await self.luis.ask("room.resume")

    # ---- all is well ---------------------------------------------------------------------------

    async def settle(self, seconds: float = SETTLE_S) -> float:
        """Waits until the room is whole; the instant. Raises UnsettledError with what is not."""
        deadline = time.monotonic() + seconds
        while faults := list(self.unsettled()):
            if time.monotonic() > deadline:
                raise UnsettledError("; ".join(faults[:6]))
            await asyncio.sleep(LOOK_S)
        return time.monotonic()

    def unsettled(self) -> Iterator[str]:
        """What is not as it should be, cheapest first."""
        for one in self.everyone:
            if not one.is_in_room:
                ends = one.log.links[-2:]
                yield f"{one.name} is not in the room ({ends}, {one.seen.closing.get('code')})"
            elif one.seen.roster != self.names:
                missing = sorted(self.names - one.seen.roster)
                yield f"{one.name} misses {missing} of {len(self.names)}"
        for person in self.scripted.values():
            missing = list(self.silent_for(person))
            if missing:
                yield f"{self.on_node(person)} does not hear {', '.join(map(self.on_node, missing))}"
        for visitor in self.visitors.values():
            if visitor.hears < len(self.names) - 1:
                yield f"{visitor.name} hears {visitor.hears} people"

    def on_node(self, who: Participant | str) -> str:
        """A name, and for a scripted person the node that has their media."""
        person = self.scripted.get(who) if isinstance(who, str) else who
        if person is None:
            return str(who)
        ports = {self.installation.ports[name]: name for name in NODES}
        refused = f", {len(person.refused)} times {person.refused[-1]}" if person.refused else ""
        return f"{person.name} ({ports.get(person.node, 'no node')}{refused})"

    def silent_for(self, person: Participant, since: float | None = None) -> Iterator[str]:
        """Who this participant has not heard since then (by default: just now)."""
        at = time.monotonic() - RECENT_S if since is None else since
        for name in sorted(self.names - {person.name}):
            if person.log.sound(name).first_after(at) is None:
                yield name

    async def rosters(self) -> dict[str, frozenset[str]]:
        """What each shows now: the browsers by their tiles, one for each person."""
        shown = {one.name: one.seen.roster for one in self.scripted.values()}
        for name, visitor in self.visitors.items():
            tiles = await visitor.tiles()
            twice = {f"{tile} twice" for tile in tiles if tiles.count(tile) > 1}
            shown[name] = frozenset({*tiles, *twice, name})
        return shown


@asynccontextmanager
async def gathered(installation: Installation, lost_epochs: int = 0) -> AsyncIterator[Evening]:
    """Every process started and the room whole; all of it ended afterwards."""
    for name in (*NODES, *WEBS, WORKER):
        installation.start(name)
    await asyncio.gather(*(installation.until_ready(name) for name in (*NODES, *WEBS)))
    metronome = Metronome()
    beating = asyncio.create_task(metronome.run())
    evening = Evening(installation, metronome, installation.proxy, lost_epochs=lost_epochs)
    async with async_playwright() as playwright:
        try:
            for name, look in BROWSERS.items():
                air = await DatagramRelay.open(installation.ports[node] for node in NODES)
                network = await Door.open(evening.proxy), air
                evening.visitors[name] = await Visitor.arrive(
                    playwright, (name, look), installation.origin, network
                )
            await evening.begin()
            await evening.settle()
            yield evening
        finally:
            await _end(evening)
            beating.cancel()


async def _end(evening: Evening) -> None:
    """Also of an evening that broke, or that everybody has left already."""
    for person in evening.scripted.values():
        person.thaw()
        await person.vanish()
        await person.door.close()
    for visitor in evening.visitors.values():
        with suppress(Exception):
            await visitor.leave()
        await visitor.door.close()
