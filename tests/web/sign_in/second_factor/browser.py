"""What a browser does on the pages of the second factor, for tests."""

import re
from datetime import UTC, datetime
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from sessions.models import AuditEvent, Person
from tests.web.pages import hidden
from tests.web.sign_in.codes import ask, newest_code, type_code
from tests.web.sign_in.second_factor.passkey import Device

ORIGIN = "https://thirds.example"
OWN, SECOND, UNLOCK = "/your-sign-in/", "/sign-in/second/", "/sign-in/unlock/"
HOME = "/"
NOT_OPENED = "/sign-in/?note=passkey"


def by_mail(browser: Client, person: Person) -> Any:
    """As far as the code leads; the answer to the right code."""
    ask(browser, person.email)
    return type_code(browser, newest_code())


def challenge(browser: Client, where: str) -> dict[str, Any]:
    answer = browser.get(where, headers={"accept": "application/json"})
    found: dict[str, Any] = answer.json()
    return found


def add_passkey(browser: Client, **wrong: Any) -> tuple[Device, Any]:
    """A passkey made in a browser that may."""
    device = Device(ORIGIN)
    options = challenge(browser, f"{OWN}passkey/")
    sent = {"credential": device.create(options, **wrong), "name": "Laptop"}
    return device, browser.post(f"{OWN}passkey/", sent)


def shown_secret(browser: Client) -> str:
    page = browser.get(f"{OWN}app/").content.decode()
    found = re.search(r'class="secret"[^>]*>([A-Z2-7 ]+)<', page)
    assert found
    return found[1].replace(" ", "")


def app_code(secret: str, steps: int = 0) -> str:
    """What an app with this secret shows now, or so many half minutes later."""
    counter = int(datetime.now(UTC).timestamp()) // 30 + steps
    return str(format_hotp_value(hotp_value(secret, counter)))


def add_app(browser: Client) -> str:
    secret = shown_secret(browser)
    browser.post(f"{OWN}app/", {"code": app_code(secret)})
    return secret


def recovery_codes(browser: Client) -> list[str]:
    page = browser.get(f"{OWN}codes/").content.decode()
    return re.findall(r"<li>(\d{4} \d{4})</li>", page)


def press(browser: Client, page: str, where: str) -> Any:
    """The button on a page that goes to `where`; the answer."""
    return browser.post(where, hidden(browser.get(page), where))


def rows(verb: str) -> list[tuple[str, Any]]:
    """Outcome and kind of each audit row of a verb, oldest first."""
    found = AuditEvent.objects.filter(verb=verb).order_by("pk")
    return [(row.outcome, row.detail.get("kind")) for row in found]


def is_signed_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def set_up(browser: Client, person: Person) -> str:
    """Signs staff in by mail, with an app and kept codes; the app's secret."""
    by_mail(browser, person)
    secret = add_app(browser)
    press(browser, f"{OWN}codes/", f"{OWN}codes/")
    return secret
