"""A programme made by the services, and somebody to sign in for every way of principal to it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import pytest
from django.test import Client
from django.utils import timezone

from sessions.core.refusal import Refuse
from sessions.models import Person, Session, Track
from tests.people.accounts import account, facilitator, manager, sign_in
from tests.scheduling.tracks import NEW_YORK, track

T = TypeVar("T")


def made(outcome: T | Refuse) -> T:
    """What a service made; a refusal fails the test with its code."""
    assert not isinstance(outcome, Refuse), outcome
    return outcome


@dataclass
class Programme:
    """A track that Dana leads and Sam comes to; Luis and Maya are elsewhere, Morgan manages."""

    track: Track
    dana: Person
    luis: Person
    sam: Person
    maya: Person
    morgan: Person

    @property
    def session(self) -> Session:
        return self.track.sessions.order_by("starts_at")[0]

    def principals(self) -> dict[str, Person | None]:
        """Every way of principal to the session, by name."""
        return {
            "signed out": None,
            "on the roster": self.sam,
            "client elsewhere": self.maya,
            "leads it": self.dana,
            "leads elsewhere": self.luis,
            "manages": self.morgan,
        }


@pytest.fixture
def programme(db: None) -> Programme:
    day = timezone.now().date() + timedelta(days=2)
    dana, sam = facilitator("Dana"), account("Sam")
    there = track(
        name="Evening",
        weekdays=frozenset({day.weekday()}),
        first_date=day,
        weeks=3,
        facilitators=(dana,),
        roster=(sam,),
    )
    open_soon(there)
    return Programme(there, dana, facilitator("Luis"), sam, account("Maya"), manager("Morgan"))


def open_soon(track: Track) -> None:
    """The first session starts in five minutes: its door is open."""
    first = track.sessions.order_by("starts_at")[0]
    first.starts_at = timezone.now() + timedelta(minutes=5)
    first.ends_at = first.starts_at + timedelta(minutes=90)
    first.save(update_fields=["starts_at", "ends_at"])


def signed_in(somebody: Person | None, zone: str = NEW_YORK) -> Client:
    """A browser in which this person is signed in; None: nobody. Its device is in `zone`."""
    browser = Client()
    browser.cookies["zone"] = zone
    if somebody is not None:
        sign_in(browser, somebody)
    return browser
