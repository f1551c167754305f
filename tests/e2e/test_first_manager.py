"""The first manager's first day: from an empty installation to the first group."""

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.e2e.colours import launch
from tests.e2e.factor import set_up_app
from tests.e2e.people import LAPTOP
from tests.e2e.stack import Stack
from tests.e2e.test_signing_in import ask_for_code, printed_codes, type_code

pytestmark = pytest.mark.browser

FIRST = "first@clinic.example"


@pytest.fixture
def empty(installation: Stack) -> Stack:
    """Nobody and nothing: the first day of an installation."""
    installation.refill(seeded=False)
    return installation


def add_person(page: Page, name: str, role: str) -> None:
    page.get_by_role("link", name="People").first.click()
    page.get_by_role("link", name="Add a person").click()
    page.get_by_label("Name to show").fill(name)
    page.get_by_label("E-mail").fill(f"{name.lower()}@clinic.example")
    page.get_by_label(role).check()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text(f"{name} is added and can sign in.")).to_be_visible()


def make_track(page: Page) -> None:
    """Two evenings a week for four weeks, led by Kim, with Lee on the roster."""
    page.get_by_role("link", name="Tracks").first.click()
    page.get_by_role("link", name="Make a track").click()
    page.get_by_label("Name", exact=True).fill("Tuesdays")
    for day in ("Tuesday", "Thursday"):
        page.get_by_label(day, exact=True).check()
    page.get_by_label("Starts at").fill("18:00")
    page.get_by_label("Ends at").fill("19:30")
    page.get_by_label("First day").fill("2030-03-05")
    page.get_by_label("Weeks").fill("4")
    page.get_by_label("Agenda").select_option(label="Thirds")
    page.get_by_label("Kim").check()
    page.get_by_label("Lee").check()
    page.get_by_role("button", name="Make the track").click()


def test_first_manager_of_an_empty_installation_makes_the_first_group(
    playwright: Playwright, empty: Stack
) -> None:
    assert empty.manage("first_manager", FIRST).startswith("Added.")
    with pytest.raises(AssertionError, match="There is a program manager already"):
        empty.manage("first_manager", "second@clinic.example")
    browser = launch(playwright)
    page = browser.new_context(viewport=LAPTOP).new_page()  # type: ignore[arg-type]
    ask_for_code(page, empty, FIRST)
    type_code(page, printed_codes(page, empty, 1)[-1])
    set_up_app(page)
    expect(page.get_by_text("Nothing planned")).to_be_visible()
    add_person(page, "Kim", "Facilitator")
    add_person(page, "Lee", "Client")
    make_track(page)
    expect(page.get_by_role("heading", name="Tuesdays")).to_be_visible()
    expect(page.locator(".sessions caption")).to_have_text("8 sessions")
    # New York's clock changes on 10 March 2030; the wall's six o'clock stays six o'clock.
    times = page.locator(".sessions .time").all_inner_texts()
    assert len({time.split("\n")[0] for time in times}) == 1
    browser.close()
