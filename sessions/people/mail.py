"""Sending the mail of sign-in outside the request, the same for known and unknown addresses.

Owns the threads that wait for mail servers, and the bound on waiting mail. A request queues one
envelope, with or without an address, and answers; so neither the answer nor its timing shows
whether an account exists. Must not know accounts. There is no retry, because a code expires soon:
when a message is lost (the process ended, the server refused) the person asks for another.
"""

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Final

from django.core.mail import EmailMessage

from sessions.metrics import MAIL_DROPPED, MAIL_FAILED

logger = logging.getLogger(__name__)

SUBJECT: Final = "Your code"
NOTICE_SUBJECT: Final = "Your sign-in"
QUEUE_LIMIT: Final = 200  # messages; one more is dropped, and the person asks again

_slots = BoundedSemaphore(QUEUE_LIMIT)
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="code-mail")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A code and how many whole minutes it works. Without an address the message is built and
    not sent."""

    address: str | None
    code: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence to the owner of an account: a sign-in method was added, used or removed."""

    address: str
    text: str
    phone: str


def notice_message(notice: Notice) -> EmailMessage:
    """Plain text, fit to be read aloud by a stranger: no name, no service, no link."""
    call = f"call {notice.phone}" if notice.phone else "call us"
    body = f"{notice.text}\nIf that was not you, {call}.\n"
    return EmailMessage(NOTICE_SUBJECT, body, to=[notice.address])


def code_message(envelope: Envelope) -> EmailMessage:
    """Plain text, fit to be read aloud by a stranger: no name, no service, no link. How long it
    works is a length, because a mail does not know its reader's clock."""
    shown = f"{envelope.code[:3]} {envelope.code[3:]}"
    body = (
        f"{shown} is your code. It works for {envelope.minutes} minutes, once.\n"
        "If you did not ask for it, do nothing. Nobody gets in without it.\n"
    )
    return EmailMessage(SUBJECT, body, to=[envelope.address] if envelope.address else [])


def message_of(letter: Envelope | Notice) -> EmailMessage:
    """The message for either kind of letter."""
    return code_message(letter) if isinstance(letter, Envelope) else notice_message(letter)


def enqueue(letter: Envelope | Notice) -> None:
    """Queues a letter and returns at once, in the same steps with and without an address."""
    if not _slots.acquire(blocking=False):
        MAIL_DROPPED.inc()
        logger.warning("mails are waiting for the mail server; one was dropped")
        return
    _threads.submit(_deliver, letter).add_done_callback(_free_slot)


def _deliver(letter: Envelope | Notice) -> None:
    """Django sends nothing without a recipient. A mail server's reply is not logged, because it
    may contain the address."""
    message = message_of(letter)
    try:
        message.send()
    except Exception as fault:
        MAIL_FAILED.inc()
        logger.error("a code could not be mailed: %s", type(fault).__name__)


def _free_slot(_: "Future[None]") -> None:
    _slots.release()


def wait_until_delivered() -> None:
    """Returns once every queued message has been tried. For tests and shutdown."""
    taken = 0
    while taken < QUEUE_LIMIT and _slots.acquire():
        taken += 1
    _slots.release(taken)
