"""An echo for one person: asking the probe for it, its report, its end, through Valkey.

Owns what a web process says to the probe (`server.media.client` has the messages). An echo is in
a room of its own, which the probe makes and no session's is; the permission is checked before.
"""

import secrets
from typing import Any, Final, cast

from server.media.client import (
    ECHO_KEEP_S,
    ECHO_REQUESTS_KEY,
    ECHO_S,
    LONGEST_OFFER,
    MOST_REQUESTS,
    PROBE_LEASE_KEY,
    EchoAnswer,
    EchoReport,
    EchoRequest,
    echo_answer_key,
    echo_report_key,
    echo_request_json,
    newest_echo_key,
    read_echo_answer,
    read_echo_report,
)
from sessions.core.refusal import Refuse
from sessions.live.store import AWAY, DOWN, Store

LASTS_S: Final = ECHO_S  # an echo is over by then
ANSWER_TRIES: Final = 8
ANSWER_TRY_S: Final = 0.5  # below the connection's own time limit: four seconds in all


async def begin(store: Store, person: str, sdp: str) -> str | Refuse:
    """The media node's answer to the browser's description, within four seconds; the person's
    former echo ends. `person` is an opaque key."""
    if not 0 < len(sdp.encode()) <= LONGEST_OFFER:
        return Refuse("echo.offer")
    request = EchoRequest(echo=secrets.token_urlsafe(16), person=person, sdp=sdp)
    try:
        answered = await _ask(store, request)
    except AWAY:
        return DOWN
    return Refuse(answered.code) if answered.code else answered.sdp


async def report(store: Store, person: str) -> EchoReport | Refuse | None:
    """The newest report on the person's echo; None while there is none."""
    try:
        echo = await store.client.get(newest_echo_key(person))
        found = await store.client.get(echo_report_key(echo)) if echo else None
    except AWAY:
        return DOWN
    return read_echo_report(found) if found else None


async def end(store: Store, person: str) -> Refuse | None:
    """The person's echo ends within a second."""
    try:
        await store.client.delete(newest_echo_key(person))
    except AWAY:
        return DOWN
    return None


async def _ask(store: Store, request: EchoRequest) -> EchoAnswer:
    """Puts the request before a probe that runs, and waits for its answer."""
    redis = store.client
    if not await redis.exists(PROBE_LEASE_KEY):
        return EchoAnswer(code="echo.down")
    async with redis.pipeline() as pipe:
        pipe.set(newest_echo_key(request.person), request.echo, ex=ECHO_KEEP_S)
        pipe.rpush(ECHO_REQUESTS_KEY, echo_request_json(request))
        pipe.ltrim(ECHO_REQUESTS_KEY, -MOST_REQUESTS, -1)
        pipe.expire(ECHO_REQUESTS_KEY, ECHO_KEEP_S)
        await pipe.execute()
    for _ in range(ANSWER_TRIES):
        answer = cast("Any", redis.blpop([echo_answer_key(request.echo)], timeout=ANSWER_TRY_S))
        found = await answer
        if found:
            return read_echo_answer(found[1]) or EchoAnswer(code="echo.down")
    await redis.delete(newest_echo_key(request.person))
    return EchoAnswer(code="echo.down")
