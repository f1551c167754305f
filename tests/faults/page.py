"""A participant at a real Chromium, whose frames are overheard and whose sound is sampled.

Owns the way through the product as a person goes it (sign in, check, join, devices on), the log
of that page's websocket, and its stopping by SIGSTOP. Must not judge.
"""

import asyncio
import json
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from playwright.async_api import Browser, BrowserContext, Page, Playwright
from playwright.async_api import Error as PlaywrightError

from server.launcher.debian import CHROMIUM
from tests.e2e.colours import FLAGS, Look, worn
from tests.faults.log import ClientLog, Link, Linked
from tests.faults.network import HERE, Door
from tests.faults.participant import STAYS_AWAY
from tests.faults.seen import Seen
from tests.impairment.answer import answer_by_relay
from tests.impairment.phone_call import PHONE_CALL
from tests.impairment.relay import DatagramRelay

SAMPLES = Path(__file__).with_name("samples.js").read_text()
PATIENCE_MS = 60_000
WATCH_S = 0.05
TAKE = """() => Object.fromEntries(
  Object.entries(window.__seen ?? {}).map(([name, list]) => [name, list.splice(0)]))"""
Network = tuple[Door, DatagramRelay]
LAPTOP = {"width": 1000, "height": 700}


@dataclass(frozen=True, slots=True)
class Sample:
    """What had arrived at a page: how many people's sound grew since the sample before, packets
    in all, packets lost, frames decoded."""

    at: float
    growing: int
    received: int
    lost: int
    frames: int


@dataclass(frozen=True, slots=True)
class Banner:
    """Whether the line "reconnecting" is on the screen, from this instant."""

    at: float
    shown: bool


@dataclass
class Tab:
    """One page of the room, and what it has written down of itself."""

    page: Page
    seen: Seen
    hellos: set[int] = field(default_factory=set)
    samples: list[Sample] = field(default_factory=list)
    banners: list[Banner] = field(default_factory=list)
    watching: "asyncio.Task[None] | None" = None

    def begin(self) -> None:
        """From here on what the page writes down is taken away, again and again."""
        self.watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        if self.watching is not None:
            self.watching.cancel()
        await self.page.close()

    async def _watch(self) -> None:
        while True:
            with suppress(PlaywrightError):  # the page is on its way to another address
                self._take(await self.page.evaluate(TAKE))
            await asyncio.sleep(WATCH_S)

    def _take(self, seen: dict[str, list[dict[str, Any]]]) -> None:
        """What the page sent, or was handed by its websocket, or that this was let go of."""
        for frame in seen.get("frames", ()):
            at, kind, text = here(frame["at"]), frame["kind"], frame["text"]
            if kind == "closed":
                self._closed(at, int(text))
            elif kind == "sent":
                self._sent(json.loads(text))
            else:
                self._received(json.loads(text), at)
        for one in seen.get("samples", ()):
            self.samples.append(Sample(**{**one, "at": here(one["at"])}))
        for one in seen.get("banners", ()):
            self.banners.append(Banner(here(one["at"]), one["shown"]))

    def _sent(self, message: dict[str, Any]) -> None:
        if message["type"] == "hello":
            self.hellos = {message["id"]}

    def _received(self, message: dict[str, Any], at: float) -> None:
        if message["type"] == "ok" and message["id"] in self.hellos:
            self.hellos.clear()
            self.seen.log.links.append(Linked(at, Link.OPEN))
        self.seen.take(message, at)

    def _closed(self, at: float, code: int) -> None:
        links = self.seen.log.links
        if links and links[-1].link is Link.OPEN:
            link = Link.CLOSED if code in STAYS_AWAY else Link.LOST
            links.append(Linked(at, link, code))


@dataclass
class Visitor:
    """One person at one browser; `tab` is the one in which they are."""

    name: str
    browser: Browser
    context: BrowserContext
    door: Door
    air: DatagramRelay
    pid: int
    tab: Tab
    former: list[Tab] = field(default_factory=list)

    @classmethod
    async def arrive(
        cls, playwright: Playwright, who: tuple[str, Look], origin: str, network: Network
    ) -> "Visitor":
        """A browser of their own, which takes the installation's address for its door's, and the
        nodes' for those of its relay."""
        (name, look), (door, air) = who, network
        path = CHROMIUM.find()
        assert path is not None, "no Chromium on this machine"
        address = origin.removeprefix("http://")
        rule = f"--host-resolver-rules=MAP {address} {HERE}:{door.port}"
        before = _chromium_roots()
        browser = await playwright.chromium.launch(executable_path=path, args=[*FLAGS, rule])
        pid = (_chromium_roots() - before).pop()
        context = await browser.new_context(viewport=LAPTOP)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        await context.add_init_script(worn(look))
        await context.add_init_script(PHONE_CALL)
        await context.add_init_script(SAMPLES)
        await context.add_init_script(answer_by_relay(air))
        tab = Tab(await context.new_page(), Seen(ClientLog(name)))
        await tab.page.goto(f"{origin}/sign-in/")
        await tab.page.get_by_role("button", name=f"{name} (").click()
        await tab.page.wait_for_url(f"{origin}/")
        tab.begin()
        return cls(name, browser, context, door, air, pid, tab)

    @property
    def seen(self) -> Seen:
        return self.tab.seen

    @property
    def log(self) -> ClientLog:
        return self.tab.seen.log

    @property
    def samples(self) -> list[Sample]:
        return self.tab.samples

    @property
    def hears(self) -> int:
        """How many people's sound was arriving when that was last looked at."""
        return self.tab.samples[-1].growing if self.tab.samples else 0

    @property
    def is_in_room(self) -> bool:
        links = self.log.links
        return bool(links) and links[-1].link is Link.OPEN and self.seen.is_in_room

    # ---- through the product -------------------------------------------------------------------

    async def join(self) -> None:
        """From the first page to the room, or to its door."""
        way_in = self.tab.page.get_by_role("link", name="Join now")
        await way_in.or_(self.tab.page.get_by_role("link", name="Enter the room")).first.click()
        await self._tap("Join")

    async def open_tab(self) -> float:
        """One more tab of the same room, in which they join; when they tapped."""
        address, number = self.tab.page.url, len(self.former) + 2
        tab = Tab(await self.context.new_page(), Seen(ClientLog(self.name)))
        tab.seen.names |= self.seen.names
        self.log.name = f"{self.name} before tab {number}"
        self.former.append(self.tab)
        self.tab = tab
        await tab.page.goto(address)
        tab.begin()
        await tab.page.get_by_role("button", name="Join", exact=True).wait_for()
        tapped = time.monotonic()
        await self._tap("Join")
        return tapped

    async def open_devices(self) -> None:
        """The microphone; the camera stays off, for decoding pictures would be most of the load."""
        for closed, opened in (("Unmute", "Mute"), ("Stop video", "Start video")):
            off = self.tab.page.get_by_role("button", name=closed, exact=True).first
            on = self.tab.page.get_by_role("button", name=opened, exact=True).first
            await off.or_(on).first.wait_for()
            if await off.is_visible():
                await off.click()
            await on.wait_for()

    async def start_video(self) -> None:
        await self._tap("Start video")
        await self.tab.page.get_by_role("button", name="Stop video", exact=True).first.wait_for()

    async def stop_video(self) -> None:
        await self._tap("Stop video")
        await self.tab.page.get_by_role("button", name="Start video", exact=True).first.wait_for()

    async def until_pictures_grow(self) -> None:
        """Raises TimeoutError."""
        before = self.samples[-1].frames if self.samples else 0
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while not self.samples or self.samples[-1].frames <= before:  # noqa: ASYNC110 - a log
                await asyncio.sleep(WATCH_S)

    async def connections(self) -> int:
        """How many peer connections this page has made for its media."""
        made: int = await self.tab.page.evaluate("() => window.__peers.length")
        return made

    async def tiles(self) -> list[str]:
        """The names on the tiles, each as often as it is there."""
        found: list[str] = await self.tab.page.evaluate(
            "() => [...document.querySelectorAll('.tile[data-name]')].map(t => t.dataset.name)"
        )
        return found

    async def close_former_tabs(self) -> None:
        for tab in self.former:
            await tab.close()

    async def leave(self) -> None:
        """The browser is closed, with all that is in it."""
        for tab in (*self.former, self.tab):
            if tab.watching is not None:
                tab.watching.cancel()
        await self.context.close()
        await self.browser.close()
        self.air.close()

    async def _tap(self, words: str) -> None:
        await self.tab.page.get_by_role("button", name=words, exact=True).first.click()

    # ---- how it breaks -------------------------------------------------------------------------

    def send(self, number: signal.Signals) -> None:
        """To every process of the browser: SIGSTOP is a phone that went to sleep."""
        root = psutil.Process(self.pid)
        for process in (root, *root.children(recursive=True)):
            process.send_signal(number)


def here(at_ms: float) -> float:
    """A page's instant (ms since 1970) on this process's monotonic clock."""
    return at_ms / 1000 - time.time() + time.monotonic()


def _words(process: psutil.Process) -> list[str]:
    """Its command line; of one that has ended meanwhile, nothing."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # a zombie too
        return []


def _chromium_roots() -> set[int]:
    """The browsers that this process's Playwright has started."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        words = _words(process)
        if any("--headless" in word for word in words) and not any(
            word.startswith("--type=") for word in words
        ):
            found.add(process.pid)
    return found
