"""A client in Los Angeles and a facilitator in Berlin of one group in New York: every page and
screen says whose clock it shows."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.people import LAPTOP, PHONE, SECONDS
from tests.e2e.stack import Stack

pytestmark = pytest.mark.browser
LOS_ANGELES, BERLIN, NEW_YORK = "America/Los_Angeles", "Europe/Berlin", "America/New_York"
Open = Callable[[str, dict[str, int]], Page]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """A page on a device in a zone."""
    contexts = []

    def in_zone(zone: str, size: dict[str, int]) -> Page:
        context = browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            timezone_id=zone,
            permissions=["camera", "microphone"],
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20 * SECONDS)
        return page

    yield in_zone
    for context in contexts:
        context.close()


def starts_at(stack: Stack) -> datetime:
    """When the session to join begins."""
    with psycopg.connect(stack.environment["DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT starts_at FROM group_sessions_session WHERE is_demo ORDER BY starts_at DESC"
        ).fetchone()
    assert row is not None
    found: datetime = row[0]
    return found


def wall(at: datetime, zone: str) -> str:
    """`5:30 PM`."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.hour % 12 or 12}:{local.minute:02} {'AM' if local.hour < 12 else 'PM'}"


def other_day(at: datetime, zone: str) -> str:
    """`Tue, Dec 1, ` while it is another day in New York than in that zone; else nothing."""
    there = at.astimezone(ZoneInfo(NEW_YORK))
    same = there.date() == at.astimezone(ZoneInfo(zone)).date()
    return "" if same else f"{there:%a}, {there:%b} {there.day}, "


def sign_in(page: Page, stack: Stack, name: str) -> None:
    page.goto(f"{stack.origin}/sign-in/")
    page.get_by_role("button", name=f"{name} (").click()
    page.wait_for_url(f"{stack.origin}/")


def text_of(page: Page, selector: str) -> str:
    return re.sub(r"\s+", " ", page.locator(selector).first.inner_text())


def widens(page: Page) -> bool:
    """Whether the page is wider than its window."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return wide


def test_each_reads_their_own_clock_with_the_groups_beside_it(
    opened: Open, stack: Stack, tmp_path: Path
) -> None:
    at = starts_at(stack)
    beside = f"({wall(at, NEW_YORK)} New York time)"
    sam, dana = opened(LOS_ANGELES, PHONE), opened(BERLIN, LAPTOP)
    sign_in(sam, stack, "Sam")
    theirs = f"({other_day(at, LOS_ANGELES)}{wall(at, NEW_YORK)} New York time)"
    assert f"{wall(at, LOS_ANGELES)} Los Angeles time {theirs}" in text_of(sam, ".next .when")
    sign_in(dana, stack, "Dana")
    theirs = text_of(dana, ".next .when")
    assert f"{wall(at, BERLIN)} Berlin time" in theirs
    assert f"{wall(at, NEW_YORK)} New York time)" in theirs
    for name, page in (("sam", sam), ("dana", dana)):
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        assert not widens(page)
    sam.get_by_role("link", name="Join now").click()
    sam.get_by_role("button", name="Join", exact=True).click()
    lobby = sam.locator("#room[data-screen=lobby]")
    expect(lobby).to_contain_text(f"at {wall(at, LOS_ANGELES)} Los Angeles time {beside}")
    assert not widens(sam)
    dana.get_by_role("link", name="Enter the room").or_(
        dana.get_by_role("link", name="Join now")
    ).click()
    dana.get_by_role("button", name="Join", exact=True).click()
    for size in (LAPTOP, PHONE):
        dana.set_viewport_size(size)  # type: ignore[arg-type]
        expect(dana.locator(".agenda .left")).to_contain_text("Berlin time")
        assert text_of(dana, ".agenda .left").endswith(f"{wall(at, NEW_YORK)} New York time)")
        dana.screenshot(path=tmp_path / f"desk-{size['width']}.png")
        assert not widens(dana)


def test_chosen_zone_counts_before_the_devices(opened: Open, stack: Stack) -> None:
    at = starts_at(stack)
    sam = opened(LOS_ANGELES, PHONE)
    sign_in(sam, stack, "Sam")
    sam.get_by_role("link", name="Your time zone").click()
    expect(sam.get_by_text("This device is on Los Angeles time.")).to_be_visible()
    sam.get_by_label("Time zone").fill("EST")
    sam.get_by_role("button", name="Save").click()
    expect(sam.locator("#id_zone_error")).to_contain_text("Did you mean America/New_York?")
    sam.get_by_label("Time zone").fill(NEW_YORK)
    sam.get_by_role("button", name="Save").click()
    sam.wait_for_url(f"{stack.origin}/")
    shown = text_of(sam, ".next .when")
    assert wall(at, NEW_YORK) in shown
    assert "time" not in shown
    sam.get_by_role("link", name="Join now").click()
    sam.get_by_role("button", name="Join", exact=True).click()
    lobby = sam.locator("#room[data-screen=lobby]")
    expect(lobby).to_contain_text(f"you in at {wall(at, NEW_YORK)}")
    expect(lobby).not_to_contain_text("New York time")
