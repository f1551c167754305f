"""The device cookie: that a browser has signed in to an account before, without saying to which.

Owns the cookie. It holds a random secret and one keyed digest for each of the last accounts; the
digests of two browsers for one account have nothing in common, so neither the cookie nor a stolen
copy of it names anybody. Such a browser has limits of its own, so that strangers who ask or guess
at an address do not keep its owner out. It opens nothing.
"""

import secrets
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final

from django.http import HttpRequest, HttpResponseBase

from sessions.people.codes.digests import of_device
from sessions.web.cookies import read_cookie, set_cookie

NAME: Final = "thirds-device"
AGE: Final = 365 * 24 * 3600  # seconds
ACCOUNTS: Final = 5  # of one browser; the one used longest ago is forgotten
SECRET: Final = 22  # characters


@dataclass(frozen=True, slots=True)
class Device:
    """What a browser showed. Without a cookie the secret is empty."""

    secret: str = ""
    digests: tuple[str, ...] = ()

    def of(self, address: str) -> str:
        """This browser's own digest for an address; empty if it never signed in to it."""
        if not self.secret:
            return ""
        wanted = of_device(self.secret, address)
        known = [compare_digest(wanted.encode(), one.encode()) for one in self.digests]
        return wanted if any(known) else ""

    def signed_in_to(self, address: str) -> "Device":
        """The same, once this browser has signed in to an address."""
        secret = self.secret or secrets.token_urlsafe(16)
        wanted = of_device(secret, address)
        others = [one for one in self.digests if one != wanted]
        return Device(secret, (wanted, *others)[:ACCOUNTS])


def device_of(request: HttpRequest) -> Device:
    """What this browser shows; a cookie that is none of ours is nothing."""
    secret, *digests = read_cookie(request, NAME).split(".")
    return Device(secret, tuple(digests[:ACCOUNTS])) if len(secret) == SECRET else Device()


def remember_device(request: HttpRequest, response: HttpResponseBase, address: str) -> None:
    """Sets the cookie in the response to a sign-in that has got as far as the right code."""
    known = device_of(request).signed_in_to(address)
    value = ".".join((known.secret, *known.digests))
    set_cookie(response, NAME, value, AGE)
