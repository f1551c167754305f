"""Each test of sign-in starts with empty rate limits and leaves no mail in flight."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from sessions.people.mail import wait_until_delivered


@pytest.fixture(autouse=True)
def _empty_rate_limits() -> Iterator[None]:
    cache.clear()
    yield
    wait_until_delivered()
    cache.clear()
