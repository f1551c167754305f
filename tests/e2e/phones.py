"""A page made to think that it is on a phone: what the browser of a mail app has and lacks."""

from playwright.sync_api import Page

MAIL_APP = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Mobile/15E148"
)
NO_CAPTURE = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });"
AGENT = "Object.defineProperty(navigator, 'userAgent', { value: '%s' });"


def in_mail_app(page: Page, capture: bool = False) -> None:
    """Loads the page as the browser inside a mail app of an iPhone does."""
    page.add_init_script(AGENT % MAIL_APP)
    if not capture:
        page.add_init_script(NO_CAPTURE)
    page.reload()
