"""Forms in a real browser: a double click, Back and reload after an error, two managers at once."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.people import LAPTOP, PHONE, SECONDS
from tests.e2e.stack import Stack
from tests.e2e.test_signing_in import SAM, ask_for_code, printed_codes, type_code
from tests.e2e.usable import assert_usable

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def stack(shared_stack: Stack) -> Stack:
    return shared_stack


@pytest.fixture
def tab(browser: Browser) -> Iterator[Open]:
    """A page in a browser of its own."""
    contexts = []

    def opened(size: dict[str, int] = LAPTOP) -> Page:
        context = browser.new_context(viewport=size)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20 * SECONDS)
        return page

    yield opened
    for context in contexts:
        context.close()


def manager(page: Page, stack: Stack) -> Page:
    page.goto(f"{stack.origin}/sign-in/")
    page.get_by_role("button", name="Morgan (").click()
    page.wait_for_url(f"{stack.origin}/")
    return page


def fill_person(page: Page, stack: Stack, name: str, email: str) -> None:
    page.goto(f"{stack.origin}/people/add/")
    page.get_by_label("Name to show").fill(name)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Client: joins the group").check()


def added(stack: Stack, email: str) -> int:
    with psycopg.connect(stack.environment["DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT count(*) FROM group_sessions_auditevent e JOIN group_sessions_person p "
            "ON p.id = e.subject_id WHERE e.verb = 'person.add' AND p.email = %s",
            [email],
        ).fetchone()
        assert row is not None
        return int(row[0])


def test_double_click_adds_one_person(tab: Open, stack: Stack) -> None:
    page = manager(tab(), stack)
    fill_person(page, stack, "Ana", "ana@clinic.example")
    page.get_by_role("button", name="Add", exact=True).dblclick()
    expect(page.get_by_text("Ana is added and can sign in.")).to_be_visible()
    assert page.url == f"{stack.origin}/people/"
    assert added(stack, "ana@clinic.example") == 1


def test_reload_and_back_after_an_error_ask_nothing(tab: Open, stack: Stack) -> None:
    """A page that was the answer to a POST is not shown again: Chromium says ERR_CACHE_MISS."""
    page = manager(tab(), stack)
    fill_person(page, stack, "Ben", "ben")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    expect(page.get_by_label("Name to show")).to_have_value("Ben")
    page.get_by_label("E-mail").fill("ben@clinic.example")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Ben is added and can sign in.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Add a person")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Add a person")).to_be_visible()
    assert added(stack, "ben@clinic.example") == 1


def test_back_from_elsewhere_shows_the_error_with_what_was_typed(tab: Open, stack: Stack) -> None:
    page = manager(tab(), stack)
    fill_person(page, stack, "Cem", "cem")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    page.get_by_role("link", name="Tracks").first.click()
    expect(page.get_by_role("heading", name="Tracks")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    expect(page.get_by_label("Name to show")).to_have_value("Cem")


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_two_managers_and_one_track(tab: Open, stack: Stack, size: dict[str, int]) -> None:
    first, other = manager(tab(size), stack), manager(tab(), stack)
    for page in (first, other):
        page.goto(f"{stack.origin}/tracks/")
        page.get_by_role("link", name="Try it").click()
        page.get_by_role("link", name="Change").click()
    seats = other.get_by_label("Seats for clients")
    taken = "14" if seats.input_value() == "15" else "15"
    seats.fill(taken)
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_text("Saved.")).to_be_visible()
    first.get_by_label("Topics from the twelve-week curriculum").click()
    first.get_by_role("button", name="Save").click()
    expect(first.get_by_text("Somebody else saved a change")).to_be_visible()
    expect(first.get_by_label("Seats for clients")).to_have_value(taken)
    assert_usable(first)
    first.get_by_role("button", name="Save").click()
    expect(first.get_by_text("Saved.")).to_be_visible()


def test_double_click_on_the_right_code_signs_in(tab: Open, stack: Stack) -> None:
    """The first answer is dropped by the browser; the second is in too."""
    page = tab(PHONE)
    count = len(printed_codes(page, stack, 0))
    ask_for_code(page, stack, SAM)
    page.get_by_label("Six digits").fill(printed_codes(page, stack, count + 1)[-1])
    page.get_by_role("button", name="Continue").dblclick()
    expect(page).to_have_url(f"{stack.origin}/")  # `wait_for_url` takes the dropped one for its own
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_back_after_a_wrong_code_asks_nothing(tab: Open, stack: Stack) -> None:
    page = tab(PHONE)
    count = len(printed_codes(page, stack, 0))
    ask_for_code(page, stack, SAM)
    code = printed_codes(page, stack, count + 1)[-1]
    type_code(page, f"{(int(code) + 1) % 1_000_000:06d}")
    expect(page.get_by_text("That is not the code.")).to_be_visible()
    type_code(page, code)
    page.wait_for_url(f"{stack.origin}/")
    page.go_back()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
