"""Signing in with a code by e-mail, which a stranger never gets."""

import re
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.people import PHONE, SECONDS
from tests.e2e.stack import Stack

pytestmark = pytest.mark.browser

CODE = re.compile(r"(\d{3}) (\d{3}) is your code")
SAM, STRANGER = "sam@demo.example", "xam@demo.example"


@pytest.fixture(scope="module")
def stack(shared_stack: Stack) -> Stack:
    return shared_stack


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(20 * SECONDS)
    yield page
    context.close()


def ask_for_code(page: Page, stack: Stack, email: str) -> None:
    page.goto(f"{stack.origin}/sign-in/")
    page.get_by_label("Your e-mail").fill(email)
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_role("heading", name="Type the code")).to_be_visible()


def printed_codes(page: Page, stack: Stack, count: int) -> list[str]:
    """The codes that the web has printed, once there are so many."""
    for _ in range(200):
        codes = ["".join(found) for found in CODE.findall(stack.log("web"))]
        if len(codes) >= count:
            return codes
        page.wait_for_timeout(50)
    raise AssertionError("no code was printed")


def type_code(page: Page, code: str) -> None:
    page.get_by_label("Six digits").fill(code)
    page.get_by_role("button", name="Continue").click()


def mails(stack: Stack) -> int:
    return stack.log("web").count("\nTo: ")


def outcomes(stack: Stack) -> list[str]:
    """What became of the tries to sign in, oldest first."""
    with psycopg.connect(stack.environment["DATABASE_URL"]) as connection:
        rows = connection.execute(
            "SELECT verb || ' ' || outcome FROM group_sessions_auditevent "
            "WHERE verb LIKE 'account.%' ORDER BY id"
        )
        return [row[0] for row in rows]


def test_code_opens_the_door_once_and_a_wrong_one_does_not(page: Page, stack: Stack) -> None:
    before = len(outcomes(stack))
    ask_for_code(page, stack, SAM)
    code = printed_codes(page, stack, 1)[-1]
    type_code(page, f"{(int(code) + 1) % 1_000_000:06d}")
    expect(page.get_by_text("That is not the code.")).to_be_visible()
    type_code(page, f"{code[:3]} {code[3:]}")
    page.wait_for_url(f"{stack.origin}/")
    expect(page.get_by_role("link", name="Join now")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{stack.origin}/sign-in/")
    page.goto(f"{stack.origin}/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert outcomes(stack)[before:] == [
        "account.sign_in codes.wrong",
        "account.sign_in done",
        "account.sign_out done",
    ]


def test_code_brings_back_to_the_room_that_was_asked_for(page: Page, stack: Stack) -> None:
    """The link of a reminder, opened signed out."""
    with psycopg.connect(stack.environment["DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT public_id FROM group_sessions_session WHERE is_demo ORDER BY id DESC"
        ).fetchone()
    assert row is not None
    room = f"{stack.origin}/rooms/{row[0]}/"
    count = len(CODE.findall(stack.log("web")))
    page.goto(room)
    page.get_by_label("Your e-mail").fill("maya@demo.example")
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_role("heading", name="Type the code")).to_be_visible()
    type_code(page, printed_codes(page, stack, count + 1)[-1])
    page.wait_for_url(room)
    expect(page.locator("#room")).to_have_attribute("data-screen", "check")


def test_unknown_address_sees_the_same_page_and_gets_no_mail(page: Page, stack: Stack) -> None:
    """Kills: an answer that tells whose address is on the list."""
    sent, codes = mails(stack), len(CODE.findall(stack.log("web")))
    shown = {}
    for email in (STRANGER, SAM):
        ask_for_code(page, stack, email)
        shown[email] = page.locator("body").inner_text().replace(f"{email[0]}…@", "…@")
    assert shown[STRANGER] == shown[SAM]
    printed_codes(page, stack, codes + 1)
    assert mails(stack) == sent + 1


@pytest.mark.parametrize(
    "address", ["sign-up/", "signup/", "accounts/signup/", "sign-in/signup/", "accounts/login/"]
)
def test_stranger_finds_no_sign_up(page: Page, stack: Stack, address: str) -> None:
    answer = page.goto(f"{stack.origin}/{address}")
    assert answer is not None
    assert answer.status == 404
