"""Real browsers with a camera of one colour and a microphone of one tone, and what a test reads
back from the tile that bears a name.

Owns the Chromium flags and the init script (`colours.js`). Knows no page of Thirds beyond what a
tile is: an element with `data-name` that contains a `<video>` and an `<audio>`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from server.launcher.debian import CHROMIUM

SCRIPT = Path(__file__).with_name("colours.js")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
TONE_STEP = 48000 / 8192  # hertz between two frequencies that can be told apart

Colour = Literal["red", "lime", "blue", "yellow", "magenta", "cyan", "orange", "white"]


@dataclass(frozen=True)
class Look:
    """What one browser sends. `refuse` names the DOMException with which a device does not open,
    by kind: `{"video": "NotAllowedError"}`."""

    colour: Colour
    hertz: int
    refuse: Mapping[Literal["audio", "video"], str] = field(default_factory=dict)


RED = Look("red", 440)
LIME = Look("lime", 700)
BLUE = Look("blue", 1000)
YELLOW = Look("yellow", 1400)


def launch(playwright: Playwright, *flags: str) -> Browser:
    """A headless Chromium. Raises AssertionError when this machine has none."""
    path = CHROMIUM.find()
    assert path is not None, "no Chromium on this machine"
    return playwright.chromium.launch(executable_path=path, headless=True, args=[*FLAGS, *flags])


def worn(look: Look) -> str:
    """The init script that makes a page send this colour and this tone."""
    given = {"colour": look.colour, "hertz": look.hertz, "refuse": dict(look.refuse)}
    return SCRIPT.read_text().replace("= LOOK;", f"= {json.dumps(given)};", 1)


def wear(context: BrowserContext, look: Look) -> None:
    """Every page of the context sends this colour and this tone, from its next load."""
    context.add_init_script(worn(look))


def tile_colour(page: Page, name: str) -> str | None:
    """The colour of most of the picture in the tile of that name; None when it shows none."""
    colour: str | None = page.evaluate("name => window.__colours.tileColour(name)", name)
    return colour


def tile_tone(page: Page, name: str) -> float | None:
    """The strongest frequency, in hertz, of the sound of that tile; None in silence. The first
    call only begins to listen: ask again until it holds."""
    tone: float | None = page.evaluate("name => window.__colours.tileTone(name)", name)
    return tone


def wait_for_colour(page: Page, name: str, colour: Colour | None, seconds: float = 20) -> None:
    """Until the tile of that name shows the colour (None: no picture)."""
    asked = "([name, colour]) => window.__colours.tileColour(name) === colour"
    page.wait_for_function(asked, arg=[name, colour], timeout=seconds * 1000, polling=100)


def wait_for_tone(page: Page, name: str, hertz: int | None, seconds: float = 20) -> None:
    """Until the tile of that name sounds at that frequency (None: is silent)."""
    asked = """([name, hertz, step]) => {
        const tone = window.__colours.tileTone(name);
        if (hertz === null || tone === null) return tone === hertz;
        return Math.abs(tone - hertz) <= step;
    }"""
    page.wait_for_function(asked, arg=[name, hertz, TONE_STEP], timeout=seconds * 1000, polling=100)


def remote_port(page: Page) -> int | None:
    """The UDP port at the other end of the selected candidate pair."""
    port: int | None = page.evaluate("() => window.__colours.remotePort()")
    return port


def packets_received(page: Page) -> int:
    """Media packets that the newest connected peer connection has received; 0 without one."""
    count: int = page.evaluate("() => window.__colours.packetsReceived()")
    return count


def wait_for_frames(page: Page, name: str, more: int) -> None:
    """Until the picture in that tile has moved on by so many frames."""
    count = """name => document.querySelector(`.tile[data-name=${name}] video`)
        .getVideoPlaybackQuality().totalVideoFrames"""
    least = page.evaluate(count, name) + more
    page.wait_for_function(
        f"([name, least]) => ({count})(name) >= least", arg=[name, least], timeout=20_000
    )
