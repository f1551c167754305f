"""Somebody at a Firefox: what they tap and what comes out of other people's tiles."""

import json
from pathlib import Path
from typing import Final

from tests.e2e.colours import Colour, Look, worn
from tests.e2e.stack import Stack
from tests.firefox.bidi import Firefox, called

VOICE: Final = Path(__file__).with_name("voice.js").read_text(encoding="utf-8")
GATE: Final = Path(__file__).with_name("gate.js").read_text(encoding="utf-8")
IN_FLIGHT: Final = 24  # packets that may be on their way through the decoder
HELD_BACK: Final = 36  # packets, one a frame of the plain colour
AUDIBLE: Final = 0.001  # of full scale: -60 dB


class FirefoxVisitor:
    """One person in one Firefox of their own, with a camera of one colour and one tone."""

    def __init__(self, name: str, stack: Stack, look: Look, folder: Path) -> None:
        self.name = name
        self.stack = stack
        self.firefox = Firefox(folder, media__navigator__audio__fake_frequency=look.hertz)
        self.firefox.set_size(390, 740)
        self.firefox.before_every_page(GATE + VOICE + worn(look) + "window.__addVoice();")

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

    def open_devices(self) -> None:
        """Microphone and camera on: whoever joins before the camera has opened joins without."""
        for off, on in (("Unmute", "Mute"), ("Start video", "Stop video")):
            tap_if_off = "((off, on) => Boolean(on) || (Boolean(off) && !off.click()))"
            self.firefox.wait_for(f"{tap_if_off}({called(off)}, {called(on)})")
            self.firefox.wait_for(f"Boolean({called(on)})")

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

    def counted(self, name: str, *, packets: int = 0, frames: int = 0) -> tuple[int, int]:
        """Packets that came in for that picture and frames decoded of it, once there are as many
        of both."""
        asked = f"window.__gates.counted({json.dumps(name)})"
        enough = f"now.packetsReceived >= {packets} && now.framesDecoded >= {frames}"
        now = self.firefox.wait_for(f"{asked}.then((now) => {enough} && now)")
        return now["packetsReceived"], now["framesDecoded"]

    def decodes_nothing_of_a_stranger(self, name: str) -> None:
        """As long as the slot is said to be another's, its packets come and no frame is decoded;
        then the picture is there again. A gate that lets every frame pass fails it."""
        pretend = f"window.__gates.pretend({json.dumps(name)}, {{}})"
        self.firefox.evaluate(pretend.format("true"))
        packets, _ = self.counted(name)
        packets, decoded = self.counted(name, packets=packets + IN_FLIGHT)
        packets, still_decoded = self.counted(name, packets=packets + HELD_BACK)
        assert still_decoded == decoded
        self.firefox.evaluate(pretend.format("false"))
        self.counted(name, frames=decoded + 1)
