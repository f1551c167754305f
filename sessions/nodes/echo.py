"""An echo for one person: asking the probe for it, its report, its end, through Valkey.

Owns what a web process says to the probe (`server.media.client` has the messages). An echo is in
a room of its own, which the probe makes and no session's is; what the person may is asked before.
"""

import secrets
from typing import Any, Final, cast

from server.media.client import (
    ASKED_KEY,
    ECHO_KEEP_S,
    ECHO_S,
    LEASE_KEY,
    LONGEST_OFFER,
    MOST_ASKED,
    EchoAnswered,
    EchoAsked,
    EchoReport,
    answer_key,
    asked_json,
    newest_key,
    read_answered,
    read_report,
    report_key,
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
    asked = EchoAsked(echo=secrets.token_urlsafe(16), person=person, sdp=sdp)
    try:
        answered = await _ask(store, asked)
    except AWAY:
        return DOWN
    return Refuse(answered.code) if answered.code else answered.sdp


async def report(store: Store, person: str) -> EchoReport | Refuse | None:
    """The newest report on the person's echo; None while there is none."""
    try:
        echo = await store.client.get(newest_key(person))
        found = await store.client.get(report_key(echo)) if echo else None
    except AWAY:
        return DOWN
    return read_report(found) if found else None


async def end(store: Store, person: str) -> Refuse | None:
    """The person's echo ends within a second."""
    try:
        await store.client.delete(newest_key(person))
    except AWAY:
        return DOWN
    return None


async def _ask(store: Store, asked: EchoAsked) -> EchoAnswered:
    """Puts the request before a probe that runs, and waits for its answer."""
    redis = store.client
    if not await redis.exists(LEASE_KEY):
        return EchoAnswered(code="echo.down")
    async with redis.pipeline() as pipe:
        pipe.set(newest_key(asked.person), asked.echo, ex=ECHO_KEEP_S)
        pipe.rpush(ASKED_KEY, asked_json(asked))
        pipe.ltrim(ASKED_KEY, -MOST_ASKED, -1)
        pipe.expire(ASKED_KEY, ECHO_KEEP_S)
        await pipe.execute()
    for _ in range(ANSWER_TRIES):
        answer = cast("Any", redis.blpop([answer_key(asked.echo)], timeout=ANSWER_TRY_S))
        found = await answer
        if found:
            return read_answered(found[1])
    await redis.delete(newest_key(asked.person))
    return EchoAnswered(code="echo.down")
