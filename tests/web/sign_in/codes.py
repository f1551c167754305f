"""Asking for a code, reading it from the mail and typing it, for tests of sign-in."""

import re

from django.core import mail
from django.http import HttpResponse, HttpResponseBase
from django.test import Client

from sessions.models import SignInCode
from sessions.people.codes import digests
from sessions.people.mail import wait_until_delivered

ASK, TYPE = "/sign-in/", "/sign-in/code/"


def ask(client: Client, email: str, **extra: str) -> HttpResponseBase:
    return client.post(ASK, {"email": email}, **extra)  # type: ignore[arg-type]


def type_code(client: Client, code: str) -> HttpResponseBase:
    return client.post(TYPE, {"code": code})


def newest_code() -> str:
    wait_until_delivered()
    found = re.match(r"(\d{3}) (\d{3}) is your code", str(mail.outbox[-1].body))
    assert found
    return "".join(found.groups())


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def code_of(email: str) -> str:
    """The code that is live for an address."""
    key = digests.of_address(email)
    return digests.code_of(key, bytes(SignInCode.objects.get(address=key).nonce))


def page(response: object) -> str:
    """The page's bytes apart from the csrf token and the form's key, which are random."""
    assert isinstance(response, HttpResponse)
    return re.sub(
        r'value="(?:[A-Za-z0-9]{64}|[A-Za-z0-9_-]{22})"',
        'value="random"',
        response.content.decode(),
    )
