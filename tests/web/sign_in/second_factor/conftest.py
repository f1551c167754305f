"""A browser at a domain (passkeys need one), a clock to move, and one facilitator."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from sessions.models import Person
from tests.people.accounts import facilitator
from tests.web.sign_in.second_factor.browser import ORIGIN

NOW = datetime(2026, 11, 22, 18, 0, 10, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def browser(settings: Settings) -> Client:
    settings.THIRDS_ORIGIN = ORIGIN
    settings.ALLOWED_HOSTS = ["thirds.example"]
    return Client(HTTP_HOST="thirds.example")


@pytest.fixture
def dana() -> Person:
    return facilitator("Dana")
