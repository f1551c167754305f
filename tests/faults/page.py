"""A participant at a real Chromium, whose frames are overheard and whose sound is sampled.

Owns the way through the product as a person goes it (sign in, check, join, devices on), the log
of that page's websocket, and its stopping by SIGSTOP. Must not judge.
"""

import json
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from playwright.async_api import Browser, BrowserContext, Page, Playwright, WebSocket

from server.launcher import chromium
from tests.e2e.colours import FLAGS, Look, worn
from tests.faults.log import ClientLog, Link, Linked
from tests.faults.network import HERE, Door
from tests.faults.seen import Seen

SAMPLES = Path(__file__).with_name("samples.js").read_text()
PATIENCE_MS = 30_000
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
class Visitor:
    """One person at one browser."""

    name: str
    browser: Browser
    context: BrowserContext
    page: Page
    door: Door
    pid: int
    seen: Seen
    hellos: set[int] = field(default_factory=set)

    @classmethod
    async def arrive(
        cls, playwright: Playwright, name: str, look: Look, origin: str, door: Door
    ) -> "Visitor":
        """A browser of their own, which takes the installation's address for its door's."""
        path = chromium.find()
        assert path is not None, "no Chromium on this machine"
        address = origin.removeprefix("http://")
        rule = f"--host-resolver-rules=MAP {address} {HERE}:{door.port}"
        before = _chromium_roots()
        browser = await playwright.chromium.launch(executable_path=path, args=[*FLAGS, rule])
        pid = (_chromium_roots() - before).pop()
        context = await browser.new_context(viewport=LAPTOP)  # type: ignore[arg-type]
        await context.add_init_script(worn(look))
        await context.add_init_script(SAMPLES)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        made = cls(name, browser, context, page, door, pid, Seen(ClientLog(name)))
        page.on("websocket", made.overhear)
        await page.goto(f"{origin}/sign-in/")
        await page.get_by_role("button", name=f"{name} (").click()
        await page.wait_for_url(f"{origin}/")
        return made

    @property
    def log(self) -> ClientLog:
        return self.seen.log

    # ---- through the product -------------------------------------------------------------------

    async def join(self) -> None:
        """From the first page to the room, or to its door."""
        way_in = self.page.get_by_role("link", name="Join now")
        await way_in.or_(self.page.get_by_role("link", name="Enter the room")).first.click()
        await self.page.get_by_role("button", name="Join", exact=True).click()

    async def open_devices(self) -> None:
        """Microphone and camera on."""
        for closed, opened in (("Unmute", "Mute"), ("Start video", "Stop video")):
            off = self.page.get_by_role("button", name=closed, exact=True).first
            on = self.page.get_by_role("button", name=opened, exact=True).first
            await off.or_(on).first.wait_for()
            if await off.is_visible():
                await off.click()
            await on.wait_for()

    async def tiles(self) -> list[str]:
        """The names on the tiles, each as often as it is there."""
        found: list[str] = await self.page.evaluate(
            "() => [...document.querySelectorAll('.tile[data-name]')].map(t => t.dataset.name)"
        )
        return found

    async def leave(self) -> None:
        await self.context.close()
        await self.browser.close()

    # ---- what is overheard ---------------------------------------------------------------------

    def overhear(self, socket: WebSocket) -> None:
        """Every frame of the room's websocket goes into the log."""
        if "/ws/rooms/" not in socket.url:
            return
        socket.on("framesent", self._sent)
        socket.on("framereceived", self._received)
        socket.on("close", lambda _: self._closed())

    def _sent(self, frame: str | bytes) -> None:
        message = json.loads(frame)
        if message["type"] == "hello":
            self.hellos = {message["id"]}

    def _received(self, frame: str | bytes) -> None:
        message: dict[str, Any] = json.loads(frame)
        at = time.monotonic()
        if message["type"] == "ok" and message["id"] in self.hellos:
            self.hellos.clear()
            self.log.links.append(Linked(at, Link.OPEN))
        self.seen.take(message, at)

    def _closed(self) -> None:
        if self.log.links and self.log.links[-1].link is Link.OPEN:
            self.log.links.append(Linked(time.monotonic(), Link.LOST))

    @property
    def is_in_room(self) -> bool:
        links = self.log.links
        return bool(links) and links[-1].link is Link.OPEN and self.seen.is_in_room

    # ---- what is sampled -----------------------------------------------------------------------

    async def samples(self) -> list[Sample]:
        """Everything so far."""
        offset, found = await self._read("__samples")
        return [Sample(**{**one, "at": offset + one["at"] / 1000}) for one in found]

    async def banners(self) -> list[Banner]:
        offset, found = await self._read("__banners")
        return [Banner(offset + one["at"] / 1000, one["shown"]) for one in found]

    async def _read(self, name: str) -> tuple[float, list[dict[str, Any]]]:
        """A list of the page, and what to add to its clock to get this process's."""
        began = time.monotonic()
        now, found = await self.page.evaluate(f"() => [performance.now(), window.{name}]")
        return (began + time.monotonic()) / 2 - now / 1000, found

    # ---- how it breaks -------------------------------------------------------------------------

    def send(self, number: signal.Signals) -> None:
        """To every process of the browser: SIGSTOP is a phone that went to sleep."""
        root = psutil.Process(self.pid)
        for process in (root, *root.children(recursive=True)):
            process.send_signal(number)


def _chromium_roots() -> set[int]:
    """The browsers that this process's Playwright has started."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        words = process.cmdline()
        if any("--headless" in word for word in words) and not any(
            word.startswith("--type=") for word in words
        ):
            found.add(process.pid)
    return found
