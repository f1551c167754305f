"""Asking for a code, reading it from the mail and typing it, for tests of sign-in."""

import re

from django.core import mail
from django.http import HttpResponseBase
from django.test import Client

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
