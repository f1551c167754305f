"""What a web process and the probe say to each other about an echo, by way of the store.

Owns the keys and the messages. A web process appends an `EchoRequest` to the list at ECHO_REQUESTS_KEY,
after it wrote the echo's id at `newest_echo_key`; the probe appends one `EchoAnswer` to the list at
`echo_answer_key`, then keeps an `EchoReport` at `echo_report_key`. It ends an echo that is not the newest
of its person. Knows no Redis.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, TypeAdapter, ValidationError

from server.media.messages import LONGEST_OFFER, Id, message

ECHO_REQUESTS_KEY: Final = "probe:requests"
PROBE_LEASE_KEY: Final = "probe:lease"  # there while a probe runs
MOST_REQUESTS: Final = 32  # requests that wait
ECHO_S: Final = 60  # an echo is over by then
ECHO_KEEP_S: Final = 90  # what is kept of one

EchoCode = Literal[
    "echo.busy",  # the probe has as many echoes as it can carry
    "echo.down",  # no media node answers
    "echo.offer",  # the browser's description is refused
]


@message
class EchoRequest:
    """Somebody wants to hear themselves. `person` is an opaque key; `sdp` offers one line of
    sound that the browser sends and one that it receives."""

    echo: Id
    person: Id
    sdp: Annotated[str, Field(max_length=LONGEST_OFFER)]


@message
class EchoAnswer:
    """The media node's answer to that offer, or why there is none."""

    sdp: str = ""
    code: EchoCode | None = None


@message
class EchoReport:
    """How the person's sound arrives, a second ago at most: packets, milliseconds. The round
    trip is the probe's own to the media node. `heard`: something louder than a quiet room came."""

    received: int
    lost: int
    jitter_ms: float
    round_trip_ms: float | None
    heard: bool


_REQUEST: TypeAdapter[EchoRequest] = TypeAdapter(EchoRequest)
_ANSWER: TypeAdapter[EchoAnswer] = TypeAdapter(EchoAnswer)
_REPORT: TypeAdapter[EchoReport] = TypeAdapter(EchoReport)


def newest_echo_key(person: str) -> str:
    """The id of the person's newest echo; gone when they ended it."""
    return f"probe:person:{person}"


def echo_answer_key(echo: str) -> str:
    """A list of one answer."""
    return f"probe:echo:{echo}:answer"


def echo_report_key(echo: str) -> str:
    """The newest report."""
    return f"probe:echo:{echo}:report"


def echo_request_json(request: EchoRequest) -> bytes:
    """One entry at ECHO_REQUESTS_KEY."""
    return _REQUEST.dump_json(request)


def read_echo_request(value: bytes) -> EchoRequest | None:
    """None when the entry is no request."""
    try:
        return _REQUEST.validate_json(value)
    except ValidationError:
        return None


def echo_answer_json(answer: EchoAnswer) -> bytes:
    """One entry at `echo_answer_key`."""
    return _ANSWER.dump_json(answer)


def read_echo_answer(value: str | bytes) -> EchoAnswer | None:
    """None when the entry is no answer."""
    try:
        return _ANSWER.validate_json(value)
    except ValidationError:
        return None


def echo_report_json(report: EchoReport) -> bytes:
    """What `echo_report_key` holds."""
    return _REPORT.dump_json(report)


def read_echo_report(value: str | bytes) -> EchoReport | None:
    """None when it is no report."""
    try:
        return _REPORT.validate_json(value)
    except ValidationError:
        return None
