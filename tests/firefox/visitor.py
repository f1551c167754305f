"""Somebody at a Firefox: what they tap and what comes out of other people's tiles."""

import json
from pathlib import Path
from typing import Final

from tests.e2e.colours import Colour, Look, worn
from tests.e2e.stack import Stack
from tests.firefox.bidi import Firefox

VOICE: Final = Path(__file__).with_name("voice.js").read_text(encoding="utf-8")
AUDIBLE: Final = 0.001  # of full scale: -60 dB


class FirefoxVisitor:
    """One person in one Firefox of their own, with a camera of one colour and one tone."""

    def __init__(self, name: str, stack: Stack, look: Look, folder: Path) -> None:
        self.name = name
        self.stack = stack
        self.firefox = Firefox(folder, media__navigator__audio__fake_frequency=look.hertz)
        self.firefox.set_size(390, 740)
        self.firefox.before_every_page(VOICE + worn(look) + "window.__addVoice();")

    def come_in(self) -> None:
        """From the sign-in page to the room, or to its door."""
        self.firefox.goto(f"{self.stack.origin}/sign-in/")
        buttons = "[...document.querySelectorAll('button')]"
        starts = f"textContent.startsWith({json.dumps(self.name + ' (')})"
        self.firefox.wait_for(f"{buttons}.find((b) => b.{starts})?.click() === undefined")
        self.firefox.wait_for("location.pathname === '/'")
        link = "document.querySelector('a[href^=\"/rooms/\"]')"
        self.firefox.wait_for(f"Boolean({link})")
        self.firefox.evaluate(f"{link}.click()")
        self.wait_for("check")
        self.firefox.tap("Join")

    def wait_for(self, screen: str) -> None:
        """Until the room's application shows this screen."""
        shown = "document.getElementById('room')?.dataset.screen"
        self.firefox.wait_for(f"{shown} === {json.dumps(screen)}")

    def sees(self, name: str, colour: Colour | None) -> None:
        """Until the tile of that name shows the colour (None: no picture)."""
        asked = f"window.__colours.tileColour({json.dumps(name)})"
        self.firefox.wait_for(f"{asked} === {json.dumps(colour)}")

    def hears(self, name: str) -> None:
        """Until somebody speaks in the tile of that name."""
        self.firefox.wait_for(f"window.__loudness({json.dumps(name)}) > {AUDIBLE}")

    def hears_nothing_of(self, name: str) -> None:
        """Until the tile of that name is silent."""
        self.firefox.wait_for(f"!(window.__loudness({json.dumps(name)}) > {AUDIBLE})")

    def shown_names(self) -> list[str]:
        """Whose tiles are there."""
        tiles = "[...document.querySelectorAll('.tile[data-name]')]"
        names: list[str] = self.firefox.evaluate(f"{tiles}.map((tile) => tile.dataset.name)")
        return sorted(names)
