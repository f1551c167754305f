"""A group with two Firefoxes and a Chromium: everyone sees and hears everyone."""

import pytest

from tests.e2e.colours import BLUE, LIME, RED
from tests.e2e.people import open_devices, sees_and_hears
from tests.firefox.conftest import Arrive, ArriveByChromium
from tests.firefox.visitor import FirefoxVisitor

pytestmark = pytest.mark.firefox

LOOKS = {"Dana": RED, "Sam": LIME, "Maya": BLUE}


def sees_and_hears_in_firefox(visitor: FirefoxVisitor, *others: str) -> None:
    for other in others:
        visitor.sees(other, LOOKS[other].colour)
        visitor.hears(other)


def test_firefox_and_chromium_meet(arrive: Arrive, arrive_by_chromium: ArriveByChromium) -> None:
    """Each picture and each voice comes out of the tile with that person's name, both ways; the
    voice that stops is that of who muted; a stranger's frames are not decoded; all again after a
    reload, with nobody at the door."""
    dana = arrive_by_chromium("Dana", LOOKS["Dana"])
    dana.come_in()
    dana.wait_for("room")
    sam, maya = arrive("Sam", LOOKS["Sam"]), arrive("Maya", LOOKS["Maya"])
    for visitor in (sam, maya):
        visitor.come_in()
        visitor.wait_for("lobby")
        dana.admit(visitor.name)
        visitor.wait_for("room")
    open_devices([dana])
    for visitor in (sam, maya):
        visitor.open_devices()
    sees_and_hears_in_firefox(sam, "Dana", "Maya")
    sees_and_hears_in_firefox(maya, "Dana", "Sam")
    for other in ("Sam", "Maya"):
        sees_and_hears(dana, other, LOOKS[other])
    sam.decodes_nothing_of_a_stranger("Dana")
    sam.sees("Dana", LOOKS["Dana"].colour)

    dana.tap("Mute")
    sam.hears_nothing_of("Dana")
    sam.hears("Maya")
    dana.tap("Unmute")
    sam.hears("Dana")

    sam.firefox.reload()
    sam.wait_for("check")
    sam.firefox.tap("Join")
    sam.wait_for("room")
    sam.open_devices()
    sees_and_hears_in_firefox(sam, "Dana", "Maya")
    sees_and_hears(dana, "Sam", LOOKS["Sam"])

    maya.firefox.goto("about:blank")
    dana.page.locator(".tile[data-name='Maya']").wait_for(state="detached")
    assert sam.firefox.wait_for("!document.querySelector('.tile[data-name=Maya]')")
