"""Cookies of our own beside the login session's and the CSRF token's.

Owns their names and what every one of them says: for this host alone, for no script, over TLS
alone where pages are served over it. Knows no cookie's meaning.
"""

from typing import Final, Literal

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpRequest
from django.http.response import HttpResponseBase

SameSite = Literal["Lax", "Strict"]
HOST_ONLY: Final = "__Host-"  # RFC 6265bis, 4.1.3.2; over plain http browsers refuse it


def cookie_name(name: str) -> str:
    """With the prefix that keeps other hosts of the domain from setting it, where it may be."""
    return f"{HOST_ONLY}{name}" if settings.SESSION_COOKIE_SECURE else name


def read_cookie(request: HttpRequest, name: str) -> str:
    """Its value; empty where there is none."""
    return request.COOKIES.get(cookie_name(name), "")


def set_cookie(
    response: HttpResponseBase, name: str, value: str, age: int, samesite: SameSite = "Lax"
) -> None:
    """Keeps it for `age` seconds."""
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(
        cookie_name(name), value, age, secure=secure, httponly=True, samesite=samesite
    )


class HostOnlyCookieStorage(CookieStorage):
    """Django's messages until the next page, in a cookie of our own kind."""

    @property
    def cookie_name(self) -> str:  # type: ignore[override]  # Django has a class's constant
        return cookie_name("messages")


class MessageStorage(FallbackStorage):
    """In a cookie, and what has no place there in the login session."""

    storage_classes = (HostOnlyCookieStorage, SessionStorage)
