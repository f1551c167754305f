"""Handing mail of sign-in over: off the request, in equal steps for known and unknown.

Owns the threads that mail servers are waited for in, and their bound. A request hands over one
envelope, addressed or not, and answers; so neither the answer nor its timing says whether an
account exists. Must not know accounts. A message that is lost (the process ended, the server
refused) is asked for again by the person; nothing retries, because a code is soon too old.
"""

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore
from typing import Final
from zoneinfo import ZoneInfo

from django.core.mail import EmailMessage

logger = logging.getLogger(__name__)

SUBJECT: Final = "Your code"
NOTICE_SUBJECT: Final = "Your sign-in"
WAITING_AT_MOST: Final = 200  # envelopes; one more is dropped, and the person asks again

_places = BoundedSemaphore(WAITING_AT_MOST)
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="code-mail")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A code, and until when it works there. Nobody's address: written, and not sent."""

    address: str | None
    code: str
    until: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence to the owner of an account: a way to sign in was added, used or taken out."""

    address: str
    words: str
    phone: str


def notice_message(notice: Notice) -> EmailMessage:
    """Plain text, fit to be read aloud by a stranger: no name, no service, no link."""
    call = f"call {notice.phone}" if notice.phone else "call us"
    body = f"{notice.words}\nIf that was not you, {call}.\n"
    return EmailMessage(NOTICE_SUBJECT, body, to=[notice.address])


def code_message(envelope: Envelope) -> EmailMessage:
    """Plain text, fit to be read aloud by a stranger: no name, no service, no link."""
    until = envelope.until.astimezone(ZoneInfo(envelope.zone))
    clock = f"{until:%I:%M %p}".lstrip("0") + (" (UTC)" if envelope.zone == "UTC" else "")
    shown = f"{envelope.code[:3]} {envelope.code[3:]}"
    body = (
        f"{shown} is your code. It works until {clock}, once.\n"
        "If you did not ask for it, do nothing. Nobody gets in without it.\n"
    )
    return EmailMessage(SUBJECT, body, to=[envelope.address] if envelope.address else [])


def message_of(letter: Envelope | Notice) -> EmailMessage:
    """The message of either kind."""
    return code_message(letter) if isinstance(letter, Envelope) else notice_message(letter)


def hand_over(envelope: Envelope | Notice) -> None:
    """Returns at once. The same steps whether there is an address or not."""
    if not _places.acquire(blocking=False):
        logger.warning("mails are waiting for the mail server; one was dropped")
        return
    _threads.submit(_deliver, envelope).add_done_callback(_free_place)


def _deliver(envelope: Envelope | Notice) -> None:
    """Django sends nothing that has no recipient. What a mail server says is not logged:
    it may hold the address."""
    message = message_of(envelope)
    try:
        message.send()
    except Exception as fault:
        logger.error("a code could not be mailed: %s", type(fault).__name__)


def _free_place(_: "Future[None]") -> None:
    _places.release()


def wait_until_delivered() -> None:
    """Returns once everything handed over before has been tried. For tests and shutdown."""
    taken = 0
    while taken < WAITING_AT_MOST and _places.acquire():
        taken += 1
    _places.release(taken)
