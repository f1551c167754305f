"""Coming back: who was in the group is in it again, in the same place, and asks nobody."""

import signal

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.colours import (
    BLUE,
    LIME,
    RED,
    YELLOW,
    Look,
    packets_received,
    wait_for_colour,
    wait_for_frames,
    wait_for_tone,
)
from tests.e2e.conftest import Arrive, ArriveByRelay
from tests.e2e.people import PHONE, Visitor, open_devices, sees_and_hears
from tests.e2e.stack import Stack

pytestmark = pytest.mark.browser

DROPPED = "Your connection dropped."
MOST_TILES = """name => {
  const count = () => document.querySelectorAll(`.tile[data-name=${name}]`).length;
  window.__mostTiles = count();
  new MutationObserver(() => { window.__mostTiles = Math.max(window.__mostTiles, count()) })
    .observe(document.body, {subtree: true, childList: true});
}"""
# a tile says so for a few seconds only: whoever looks now and then may miss it
WATCH_COMING_BACK = """name => {
  window.__comingBack = false;
  new MutationObserver(() => {
    const tile = document.querySelector(`.tile[data-name=${name}]`);
    window.__comingBack ||= tile?.textContent.includes('coming back') ?? false;
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


@pytest.fixture(scope="module")
def stack(shared_stack: Stack) -> Stack:
    return shared_stack


def join_group(dana: Visitor, client: Visitor, look: Look) -> None:
    """In the room, seen and heard by the facilitator; from here on no screen is forgotten."""
    client.come_in()
    client.wait_for("lobby")
    dana.admit(client.name)
    client.wait_for("room")
    open_devices([client])
    sees_and_hears(dana, client.name, look)
    sees_and_hears(client, "Dana", RED)
    client.watch_screens()


def expect_dropped(page: Page, count: int) -> None:
    """The line that says so is there, or is gone."""
    expect(page.locator("[data-banner=reconnecting]")).to_have_count(count, timeout=30_000)
    expect(page.get_by_text(DROPPED)).to_have_count(count)


def test_network_lost_for_ten_seconds_is_back_without_being_admitted(
    dana: Visitor, arrive_by_relay: ArriveByRelay
) -> None:
    """Until the lease has run out and the tile is gone: longer away than the server waits.
    Kills: a server that renews the lease of a browser it no longer hears."""
    sam, relay = arrive_by_relay("Sam", LIME)
    join_group(dana, sam, LIME)
    dana.page.evaluate(MOST_TILES, "Sam")
    dana.page.evaluate(WATCH_COMING_BACK, "Sam")
    relay.cut()
    expect_dropped(sam.page, 1)
    dana.page.wait_for_function("() => window.__comingBack")
    wait_for_tone(dana.page, "Sam", None)
    expect(dana.tile("Sam")).to_have_count(0, timeout=30_000)
    relay.mend()
    expect_dropped(sam.page, 0)
    sees_and_hears(dana, "Sam", LIME)
    sees_and_hears(sam, "Dana", RED)
    assert sam.screens() == ["room"]
    assert dana.page.evaluate("window.__mostTiles") == 1


def test_device_that_was_offline_is_shown_with_its_camera_on(
    dana: Visitor, arrive_by_relay: ArriveByRelay
) -> None:
    """The device says `online`, so that socket and peer renew at once. Kills: a page that says
    hello with what its new senders send before they have their tracks, and corrects it never."""
    rosa, relay = arrive_by_relay("Rosa", YELLOW)
    join_group(dana, rosa, YELLOW)
    relay.cut()
    rosa.context.set_offline(True)
    expect(dana.tile("Rosa")).to_have_count(0, timeout=30_000)
    relay.mend()
    rosa.context.set_offline(False)
    expect_dropped(rosa.page, 0)
    expect(rosa.page.get_by_role("button", name="Stop video", exact=True)).to_be_visible()
    expect(dana.tile("Rosa").locator(".initial")).to_have_count(0, timeout=20_000)
    expect(dana.tile("Rosa")).to_contain_text("microphone on", timeout=20_000)
    sees_and_hears(dana, "Rosa", YELLOW)
    wait_for_frames(dana.page, "Rosa", 10)
    assert rosa.screens() == ["room"]


def test_short_drop_keeps_the_tile_where_it_was(
    dana: Visitor, arrive_by_relay: ArriveByRelay
) -> None:
    maya, relay = arrive_by_relay("Maya", BLUE)
    join_group(dana, maya, BLUE)
    key = dana.tile("Maya").get_attribute("data-key")
    dana.page.evaluate(WATCH_COMING_BACK, "Maya")
    relay.cut()
    dana.page.wait_for_function("() => window.__comingBack")
    wait_for_colour(dana.page, "Maya", None)
    relay.mend()
    expect(dana.tile("Maya")).not_to_contain_text("coming back")
    sees_and_hears(dana, "Maya", BLUE)
    assert dana.tile("Maya").get_attribute("data-key") == key
    expect_dropped(maya.page, 0)
    assert maya.screens() == ["room"]


def test_newest_tab_takes_the_seat_and_the_older_can_take_it_back(
    dana: Visitor, arrive: Arrive
) -> None:
    joe = arrive("Joe", YELLOW, PHONE)
    join_group(dana, joe, YELLOW)
    dana.page.evaluate(MOST_TILES, "Joe")
    tab = joe.new_tab()
    tab.page.goto(joe.page.url)
    tab.wait_for("check")
    tab.join()
    for newest, older in ((tab, joe), (joe, tab)):
        newest.wait_for("room")
        older.wait_for("resting")
        expect(older.page.get_by_role("heading")).to_have_text(
            "You opened the group on another device"
        )
        open_devices([newest])
        sees_and_hears(dana, "Joe", YELLOW)
        if older is joe:
            older.tap("Use this one instead")
    assert dana.page.evaluate("window.__mostTiles") == 1


def test_facilitator_reloads_and_the_agenda_stands(
    dana: Visitor, arrive: Arrive, stack: Stack
) -> None:
    tess = arrive("Tess", LIME, PHONE)
    join_group(dana, tess, LIME)
    marks, agenda = agenda_marks(stack), lengths(tess.page)
    dana.page.reload()
    dana.wait_for("check")
    dana.join()
    dana.wait_for("room")
    dana.wait_for_segment("Check-in")
    open_devices([dana])
    sees_and_hears(tess, "Dana", RED)
    sees_and_hears(dana, "Tess", LIME)
    assert agenda_marks(stack) == marks
    assert lengths(tess.page) == agenda
    assert lengths(dana.page) == agenda
    assert tess.screens() == ["room"]


def test_web_killed_and_started_again_never_stops_the_media(
    dana: Visitor, arrive: Arrive, stack: Stack
) -> None:
    imani = arrive("Imani", BLUE, PHONE)
    join_group(dana, imani, BLUE)
    kill(stack, "web")
    for visitor in (dana, imani):
        expect_dropped(visitor.page, 1)
        wait_for_packets(visitor.page, packets_received(visitor.page) + 200)
    sees_and_hears(dana, "Imani", BLUE)
    stack.start("web")
    for visitor in (dana, imani):
        expect_dropped(visitor.page, 0)
    sees_and_hears(dana, "Imani", BLUE)
    sees_and_hears(imani, "Dana", RED)
    assert imani.screens() == ["room"]
    expect(dana.tile("Imani")).to_have_count(1)


def agenda_marks(stack: Stack) -> list[tuple[object, ...]]:
    with psycopg.connect(stack.environment["DATABASE_URL"]) as connection:
        rows = connection.execute("SELECT * FROM group_sessions_agendamark ORDER BY id")
        return rows.fetchall()


def lengths(page: Page) -> list[str]:
    """Of the agenda's segments as the strip shows them, in minutes."""
    bars = page.locator(".agenda .thirds li")
    found: list[str] = bars.evaluate_all("bars => bars.map(b => b.style.getPropertyValue('--w'))")
    return found


def kill(stack: Stack, name: str) -> None:
    process = stack.processes.pop(name)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)


def wait_for_packets(page: Page, count: int) -> None:
    asked = "async count => await window.__colours.packetsReceived() >= count"
    page.wait_for_function(asked, arg=count, timeout=20_000, polling=100)
