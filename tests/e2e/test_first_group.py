"""Three browsers, one room: a group meets from the door to the attendance page."""

import re

import psycopg
import pytest
from playwright.sync_api import expect

from tests.e2e import recompute
from tests.e2e.colours import (
    BLUE,
    LIME,
    RED,
    remote_port,
    tile_colour,
)
from tests.e2e.conftest import Arrive
from tests.e2e.people import LAPTOP, PHONE, Visitor, open_devices, sees_and_hears
from tests.e2e.stack import Stack

pytestmark = pytest.mark.browser

LOOKS = {"Dana": RED, "Sam": LIME, "Maya": BLUE}


def all_see_all(group: list[Visitor]) -> None:
    for visitor in group:
        for other in group:
            if other is not visitor:
                sees_and_hears(visitor, other.name, LOOKS[other.name])


def test_three_browsers_meet_and_the_record_is_written(arrive: Arrive, stack: Stack) -> None:
    dana, sam, maya = group = gather(arrive)
    let_in(dana, sam, maya)
    open_devices(group)
    all_see_all(group)
    media_goes_through_our_node(group, stack)
    agenda_moves_on_every_screen(group)
    sam_reloads_and_is_back(dana, sam)
    maya_is_removed_and_stays_out(dana, sam, maya)
    ends_and_is_opened_again_once(dana, sam)
    attendance_is_what_the_marks_say(dana, stack)


def gather(arrive: Arrive) -> list[Visitor]:
    dana = arrive("Dana", LOOKS["Dana"], LAPTOP)
    group = [dana, *[arrive(name, LOOKS[name], PHONE) for name in ("Sam", "Maya")]]
    for visitor in group:
        visitor.sign_in()
        visitor.open_room()
        visitor.join()
    return group


def let_in(dana: Visitor, sam: Visitor, maya: Visitor) -> None:
    """One by name, then whoever else waits; nobody is in before."""
    dana.wait_for("room")
    sam.wait_for("lobby")
    maya.wait_for("lobby")
    dana.page.get_by_role("tab", name=re.compile("Lobby")).click()
    dana.tap("Admit Sam")
    sam.wait_for("room")
    expect(maya.page.locator("#room")).to_have_attribute("data-screen", "lobby")
    dana.tap("Admit all")
    maya.wait_for("room")
    dana.page.get_by_role("tab", name=re.compile("People")).click()


def media_goes_through_our_node(group: list[Visitor], stack: Stack) -> None:
    port = int(stack.environment["THIRDS_MEDIA_PORT"])
    assert [remote_port(visitor.page) for visitor in group] == [port] * 3


def agenda_moves_on_every_screen(group: list[Visitor]) -> None:
    """Check-in, topic, wrap-up. How soon is a figure of `bench.room`."""
    dana = group[0]
    for words, title in (
        ("Start", "Check-in"),
        ("Next: Topic", "Topic"),
        ("Next: Wrap-up", "Wrap-up"),
    ):
        dana.tap(words)
        for visitor in group:
            expect(visitor.page.locator("h1").first).to_have_text(title)


def sam_reloads_and_is_back(dana: Visitor, sam: Visitor) -> None:
    """Straight into the room: nobody admits him again."""
    sam.page.reload()
    sam.wait_for("check")
    sam.join()
    sam.wait_for("room")
    open_devices([sam])
    sees_and_hears(sam, "Dana", RED)
    sees_and_hears(dana, "Sam", LIME)
    expect(sam.page.locator("h1").first).to_have_text("Wrap-up")


def maya_is_removed_and_stays_out(dana: Visitor, sam: Visitor, maya: Visitor) -> None:
    dana.tap("More for Maya")
    dana.page.get_by_role("button", name=re.compile("Remove")).click()
    dana.page.get_by_role("button", name="Remove Maya").click()
    maya.wait_for("removed")
    for visitor in (dana, sam):
        expect(visitor.page.locator("[data-name=Maya]")).to_have_count(0)
    maya.page.reload()
    expect(maya.page.get_by_role("heading")).to_have_text("You’re out of today’s group")
    maya.page.goto(f"{maya.stack.origin}/")
    assert tile_colour(dana.page, "Maya") is None


def ends_and_is_opened_again_once(dana: Visitor, sam: Visitor) -> None:
    end(dana)
    for visitor in (dana, sam):
        visitor.wait_for("ended")
    dana.tap("Reopen")
    for visitor in (dana, sam):
        visitor.wait_for("room")
    open_devices([dana, sam])
    sees_and_hears(dana, "Sam", LIME)
    end(dana)
    for visitor in (dana, sam):
        visitor.wait_for("ended")


def end(dana: Visitor) -> None:
    dana.page.get_by_role("button", name=re.compile("^End( the group)?…$")).first.click()
    dana.page.get_by_role("button", name="End for everyone").click()


def attendance_is_what_the_marks_say(dana: Visitor, stack: Stack) -> None:
    """The page equals a recomputation from the rows; a correction stands beside the marks."""
    database = stack.environment["DATABASE_URL"]
    wait_until_everyone_left(database)
    recompute.space_out(database)
    dana.page.goto(f"{stack.origin}/")
    dana.page.get_by_role("link", name=re.compile("^Attendance")).first.click()
    recomputed = recompute.from_rows(database)
    assert recompute.from_page(dana.page) == recomputed
    assert sum(recomputed["Sam"]) > sum(recomputed["Maya"]) > 0
    assert recomputed["Walt"] == [0, 0, 0]
    dana.page.get_by_role("link", name=re.compile("^Walt, Topic")).click()
    dana.page.get_by_label("Minutes", exact=True).fill("1")
    dana.page.get_by_label("Reason", exact=True).fill("Listened in by telephone")
    dana.tap("Save the correction")
    expect(dana.page.get_by_text("Listened in by telephone")).to_be_visible()
    assert recompute.from_page(dana.page)["Walt"] == [0, 1, 0]
    assert recompute.from_rows(database)["Walt"] == [0, 0, 0]


def wait_until_everyone_left(database: str) -> None:
    """The last leaves are written by the ticker, within a second or two."""
    open_joins = (
        "SELECT count(*) FILTER (WHERE kind = 'join') - count(*) FILTER (WHERE kind = 'leave') "
        "FROM group_sessions_attendancemark"
    )
    with psycopg.connect(database, autocommit=True) as connection:
        for _ in range(300):
            row = connection.execute(open_joins).fetchone()
            if row == (0,):
                return
            connection.execute("SELECT pg_sleep(0.1)")
    raise AssertionError("somebody's leave was never written")
