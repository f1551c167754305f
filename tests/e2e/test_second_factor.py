"""Passkeys, an app and the lock in a real Chromium, whose passkey device is a virtual one (Chrome
DevTools Protocol, WebAuthn domain); with the keyboard alone, and axe on every page of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.e2e.factor import app_code
from tests.e2e.keyboard import Hands
from tests.e2e.people import LAPTOP, SECONDS
from tests.e2e.stack import Stack, running_stack
from tests.e2e.test_signing_in import CODE, ask_for_code, printed_codes, type_code
from tests.e2e.usable import assert_usable

pytestmark = pytest.mark.browser

MORGAN = "morgan@clinic.example"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
ADD_PEOPLE = """
from sessions.audit.services import OPERATOR
from sessions.core.permissions import Role
from sessions.people.services import person_add
person_add(OPERATOR, "kim@clinic.example", "Kim", [Role.FACILITATOR])
person_add(OPERATOR, "lee@clinic.example", "Lee", [Role.CLIENT])
"""
IDLE = """
from django.contrib.sessions.models import Session
for row in Session.objects.all():
    data = row.get_decoded()
    if "active_at" in data:
        data["active_at"] -= 15 * 60
        row.session_data = Session.objects.encode(data)
        row.save()
"""


@dataclass
class Desk:
    """Somebody at a browser with a passkey device, signing in by mail."""

    page: Page
    stack: Stack
    device: CDPSession
    device_id: str

    def by_mail(self, email: str) -> None:
        """As far as the code leads."""
        count = len(CODE.findall(self.stack.log("web")))
        ask_for_code(self.page, self.stack, email)
        type_code(self.page, printed_codes(self.page, self.stack, count + 1)[-1])

    def heading(self, words: str) -> None:
        expect(self.page.get_by_role("heading", name=words, level=1)).to_be_visible()

    def button(self, words: str) -> Any:
        return self.page.get_by_role("button", name=words, exact=True)

    def credentials(self) -> list[dict[str, Any]]:
        held: list[dict[str, Any]] = self.device.send(
            "WebAuthn.getCredentials", {"authenticatorId": self.device_id}
        )["credentials"]
        return held

    def idle(self) -> None:
        """A quarter of an hour without a touch, for the server."""
        self.stack.manage("shell", "-c", IDLE)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("localhost")
    with running_stack(folder, seeded=False, host="localhost") as running:
        running.manage("first_manager", MORGAN)
        running.manage("shell", "-c", ADD_PEOPLE)
        yield running


@pytest.fixture
def desk(browser: Browser, stack: Stack) -> Iterator[Desk]:
    context = browser.new_context(viewport=LAPTOP, accept_downloads=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(20 * SECONDS)
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    made = device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    yield Desk(page, stack, device, made["authenticatorId"])
    context.close()


def look(page: Page, name: str) -> None:
    """axe in light and dark, on a phone and a laptop. `name` is the page's in the registry."""
    assert_usable(page)


def test_manager_sets_a_passkey_up_and_signs_in_with_it_alone(desk: Desk) -> None:
    """With the keyboard from the first page to the last; then a page that locks itself."""
    page, hands = desk.page, Hands(desk.page)
    desk.by_mail(MORGAN)
    desk.heading("One more step")
    page.goto(f"{desk.stack.origin}/people/")
    desk.heading("One more step")
    look(page, "second_factor.set_up")
    hands.press(desk.button("Make a passkey"))
    desk.heading("Keep these codes")
    look(page, "second_factor_codes")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    kept = download.value.path().read_text()
    assert (
        re.findall(r"^\d{4} \d{4}$", kept, re.M) == page.locator(".recovery li").all_inner_texts()
    )
    hands.press(desk.button("I have kept them"))
    desk.heading("People")
    (made,) = desk.credentials()
    assert (made["rpId"], made["isResidentCredential"]) == ("localhost", True)
    page.get_by_role("button", name="Sign out").first.click()
    desk.heading("Sign in")
    look(page, "account_login.passkey")
    hands.press(desk.button("Use a passkey"))
    expect(page.get_by_text("Nothing planned")).to_be_visible()


def test_page_that_nobody_uses_hides_its_names_and_keeps_what_was_typed(desk: Desk) -> None:
    """Killed by: a script that locks by its own clock alone; one that leaves the names there."""
    page = desk.page
    desk.stack.manage("shell", "-c", MAKE_MANAGER)  # a change of roles ends every sign-in
    desk.by_mail("kim@clinic.example")
    desk.button("Make a passkey").click()
    desk.button("I have kept them").click()
    page.clock.install()
    page.goto(f"{desk.stack.origin}/people/add/")
    page.get_by_label("Name to show").fill("Zora")
    page.clock.run_for(870 * SECONDS)
    expect(page.get_by_text("This page is locked in a minute.")).to_be_visible()
    desk.idle()
    page.clock.run_for(60 * SECONDS)
    desk.heading("Locked for now")
    expect(page.get_by_role("heading", name="Locked for now")).to_be_focused()
    expect(page.get_by_label("Name to show")).to_be_hidden()
    look(page, "locked")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open it again").click()
    tab = opened.value
    expect(tab.get_by_role("heading", name="Show that it’s you")).to_be_visible()
    look(tab, "unlock")
    share_device(desk, tab)
    tab.get_by_role("button", name="Use your passkey").click()
    expect(tab.get_by_role("heading", name="Add a person")).to_be_visible()
    tab.close()
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.get_by_label("Name to show")).to_have_value("Zora")
    desk.idle()
    desk.button("Add").click()
    desk.button("Use your passkey").click()
    desk.heading("Your words are still here")
    look(page, "held")
    desk.button("Send them now").click()
    desk.heading("Add a person")
    expect(page.get_by_label("Name to show")).to_have_value("Zora")


MAKE_MANAGER = """
from sessions.audit.services import OPERATOR
from sessions.core.permissions import Role
from sessions.people.selectors import person_by_email
from sessions.people.services import person_change
kim = person_by_email("kim@clinic.example")
person_change(OPERATOR, kim, kim.email, "Kim", [Role.PROGRAM_MANAGER])
"""


def share_device(desk: Desk, tab: Page) -> None:
    """The same passkeys in another tab: a virtual device belongs to one."""
    device = tab.context.new_cdp_session(tab)
    device.send("WebAuthn.enable")
    made = device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    for credential in desk.credentials():
        given = {"authenticatorId": made["authenticatorId"], "credential": credential}
        device.send("WebAuthn.addCredential", given)


def test_app_is_set_up_and_asked_for_after_the_code(desk: Desk) -> None:
    page, email = desk.page, "luis@clinic.example"
    desk.stack.manage("shell", "-c", ADD_PEOPLE.replace("kim", "luis").replace("Kim", "Luis"))
    desk.by_mail(email)
    page.get_by_role("link", name="Use an app").click()
    desk.heading("Authenticator app")
    look(page, "second_factor_app")
    page.get_by_label("Six digits").fill("000000")
    desk.button("Continue").click()
    expect(page.get_by_text("That is not the code")).to_be_visible()
    look(page, "second_factor_app.error")
    page.get_by_label("Six digits").fill(app_code(page.locator(".secret").inner_text()))
    desk.button("Continue").click()
    desk.heading("Keep these codes")
    code = page.locator(".recovery li").first.inner_text()
    desk.button("I have kept them").click()
    expect(page.get_by_text("Nothing planned")).to_be_visible()
    page.goto(f"{desk.stack.origin}/your-sign-in/")
    desk.heading("Your sign-in")
    look(page, "second_factor")
    page.goto(f"{desk.stack.origin}/")
    page.get_by_role("button", name="Sign out").first.click()
    desk.by_mail(email)
    desk.heading("And now your second step")
    look(page, "mfa_authenticate")
    page.get_by_label("Code of your app").fill("111111")
    desk.button("Continue").click()
    expect(page.get_by_text("That is not the code")).to_be_visible()
    look(page, "mfa_authenticate.error")
    page.get_by_label("Code of your app").fill(code)
    desk.button("Continue").click()
    expect(page.get_by_text("Nothing planned")).to_be_visible()


def test_client_is_offered_a_passkey_and_signs_in_with_it(desk: Desk) -> None:
    page = desk.page
    desk.by_mail("lee@clinic.example")
    look(page, "home.offer")
    page.get_by_role("link", name="Make a passkey").click()
    desk.heading("Your sign-in")
    look(page, "second_factor.client")
    desk.button("Add a passkey").click()
    expect(page.get_by_text("Added. You can use it the next time you sign in.")).to_be_visible()
    look(page, "second_factor.added")
    page.get_by_role("link", name="Back to your page").click()
    expect(page.get_by_role("link", name="Make a passkey")).to_have_count(0)
    page.get_by_role("button", name="Sign out").first.click()
    desk.button("Use a passkey").click()
    page.wait_for_url(f"{desk.stack.origin}/")
    expect(page.get_by_text("Nothing planned")).to_be_visible()
