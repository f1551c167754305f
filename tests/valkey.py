"""Valkey as a test asks it from a thread: one answer, without a loop and without a process."""

import json
from functools import cache
from typing import TypeVar

import redis
from django.conf import settings

from sessions.live.store import Call, source

T = TypeVar("T")


@cache
def connection() -> redis.Redis:
    """The tests' own connections."""
    return redis.Redis.from_url(settings.REDIS_URL, decode_responses=True)


def run(call: Call[T]) -> T:
    """Runs a call of presence, of the stream or of what is unsaved. Wakes nobody."""
    script = connection().register_script(source(call.script))
    return call.read(json.loads(str(script(keys=call.keys(), args=call.argv()))))
