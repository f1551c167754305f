"""Cookies of our own: no other host of the domain sets them, and no module names one by itself."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.messages import info
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpResponse
from django.test import RequestFactory

from sessions.web.cookies import MessageStorage, read_cookie, set_cookie

OWNER = Path("sessions/web/cookies.py")


@pytest.fixture
def over_tls(settings: LazySettings) -> None:
    settings.SESSION_COOKIE_SECURE = True


@pytest.mark.usefixtures("over_tls")
def test_cookie_is_for_this_host_alone_and_is_read_by_its_own_name() -> None:
    response, request = HttpResponse(), RequestFactory().get("/", secure=True)
    set_cookie(response, "thirds-device", "secret", 60)
    (morsel,) = response.cookies.values()
    assert morsel.key == "__Host-thirds-device"
    assert (morsel["path"], morsel["domain"]) == ("/", "")
    assert (morsel["secure"], morsel["httponly"], morsel["samesite"]) == (True, True, "Lax")
    request.COOKIES["thirds-device"] = "another host's"
    assert read_cookie(request, "thirds-device") == ""
    request.COOKIES["__Host-thirds-device"] = "secret"
    assert read_cookie(request, "thirds-device") == "secret"


@pytest.mark.usefixtures("over_tls")
def test_message_until_the_next_page_is_in_a_cookie_for_this_host_alone() -> None:
    response, request = HttpResponse(), RequestFactory().get("/", secure=True)
    request.session = SessionStore()
    request._messages = MessageStorage(request)  # type: ignore[attr-defined]
    info(request, "Saved.")
    request._messages.update(response)  # type: ignore[attr-defined]
    assert list(response.cookies) == ["__Host-messages"]
    assert response.cookies["__Host-messages"]["path"] == "/"


def test_cookies_are_set_and_read_in_one_place() -> None:
    """The zone's alone is set by a script: it holds no secret, and what it says is checked."""
    setting = {
        path
        for path in Path("sessions").rglob("*.py")
        if ".set_cookie(" in path.read_text() and path != OWNER
    }
    assert setting == set()
