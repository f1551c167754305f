"""An authenticator app of somebody at a browser: sets the second factor up as staff have to."""

import re
from datetime import UTC, datetime

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page

SECRET = re.compile(r"[^A-Z2-7]")


def app_code(secret: str) -> str:
    """What an app shows now that was given this secret, as the page shows it."""
    counter = int(datetime.now(UTC).timestamp()) // 30
    return str(format_hotp_value(hotp_value(SECRET.sub("", secret), counter)))


def set_up_app(page: Page) -> str:
    """From the set-up page to the page that was asked for; the app's secret."""
    page.get_by_role("link", name="Use an app").click()
    secret = page.locator(".secret").inner_text()
    page.get_by_label("Six digits").fill(app_code(secret))
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="I have kept them").click()
    return secret
