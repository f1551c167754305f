"""The parts of the room in real browsers: raised hands in their order, and somebody shown large."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.colours import BLUE, LIME
from tests.e2e.conftest import Arrive, ArriveByRelay
from tests.e2e.keyboard import Hands
from tests.e2e.people import PHONE, Visitor
from tests.e2e.stack import Stack
from tests.e2e.usable import EVERY_RULE, violations

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stack(shared_stack: Stack) -> Stack:
    return shared_stack


def let_in(dana: Visitor, client: Visitor) -> Visitor:
    """From the sign-in page into the room; at the desk the people are shown again."""
    client.come_in()
    client.wait_for("lobby")
    dana.admit(client.name)
    client.wait_for("room")
    return client


def come_back(client: Visitor) -> None:
    """Leaves by their own word, and comes in again."""
    client.tap("Leave")
    client.wait_for("resting")
    client.tap("Come back")
    client.wait_for("room")


# ---- raised hands --------------------------------------------------------------------------


def queue_is(desk: Visitor, *names: str) -> None:
    """The hands at the desk are those of these people, in this order."""
    words = [f"{place}. {name}" for place, name in enumerate(names, 1)]
    expect(desk.page.locator(".hands .who")).to_have_text(words)


def test_hand_keeps_its_place_through_a_drop_and_goes_when_its_owner_leaves(
    dana: Visitor, arrive: Arrive, arrive_by_relay: ArriveByRelay
) -> None:
    """Until the lease has run out and the tile is gone. Kills: a hand that ends with its owner's
    connection, and one that is up again when somebody who left comes back."""
    sam, relay = arrive_by_relay("Sam", LIME)
    joe = arrive("Joe", BLUE, PHONE)
    for client in (sam, joe):
        let_in(dana, client).tap("Raise hand")
        expect(dana.tile(client.name)).to_contain_text("hand is up")
    queue_is(dana, "Sam", "Joe")
    relay.cut()
    expect(dana.tile("Sam")).to_have_count(0, timeout=30_000)
    queue_is(dana, "Joe")
    relay.mend()
    queue_is(dana, "Sam", "Joe")
    expect(joe.tile("Sam")).to_contain_text("hand is up, number 1")
    expect(sam.page.get_by_role("button", name="Lower hand")).to_be_visible()
    come_back(sam)
    expect(dana.tile("Sam")).to_be_visible()
    queue_is(dana, "Joe")
    expect(sam.page.get_by_role("button", name="Raise hand")).to_be_visible()


# ---- the spotlight -------------------------------------------------------------------------


def shows_large(visitor: Visitor, name: str | None) -> None:
    """On this screen that person is large (None: nobody is), and nobody else."""
    large = visitor.page.locator(".tile.spotlit")
    if name is None:
        expect(large).to_have_count(0)
    else:
        expect(large).to_have_attribute("data-name", name)
        expect(large).to_contain_text("shown large")


def test_person_is_shown_large_to_everyone_until_staff_stop_it(
    dana: Visitor, arrive: Arrive
) -> None:
    """By the keyboard alone; the focus comes back to where the sheet was opened."""
    maya, tess = (let_in(dana, arrive(name, LIME, PHONE)) for name in ("Maya", "Tess"))
    desk = Hands(dana.page)
    more = desk.button("More for Maya")
    for words, large in (("Show large for everyone", "Maya"), ("Stop showing large", None)):
        desk.press(more)
        desk.press(desk.button(words))
        for visitor in (dana, maya, tess):
            shows_large(visitor, large)
            assert violations(visitor.page, EVERY_RULE) == []
        expect(more).to_be_focused()


def test_nobody_is_large_when_that_person_has_left(dana: Visitor, arrive: Arrive) -> None:
    """Kills: a spotlight that waits for somebody who left, and is on them when they come back."""
    imani, ben = (let_in(dana, arrive(name, LIME, PHONE)) for name in ("Imani", "Ben"))
    dana.tap("More for Imani")
    dana.tap("Show large for everyone")
    for visitor in (dana, imani, ben):
        shows_large(visitor, "Imani")
    come_back(imani)
    for visitor in (dana, imani, ben):
        expect(visitor.tile("Imani")).to_be_visible()
        shows_large(visitor, None)


def test_person_shown_large_who_is_removed_is_large_no_more(dana: Visitor, arrive: Arrive) -> None:
    cole = let_in(dana, arrive("Cole", LIME, PHONE))
    dana.tap("More for Cole")
    dana.tap("Show large for everyone")
    shows_large(cole, "Cole")
    dana.tap("More for Cole")
    dana.page.get_by_role("button", name=re.compile("^Remove from")).click()
    dana.tap("Remove Cole")
    cole.wait_for("removed")
    shows_large(dana, None)
