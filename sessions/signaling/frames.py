"""One frame of text, and the command in it or what is wrong with it. Pure.

Owns the limits of a frame. Whatever text comes, the answer is a command or a `Refused`.
"""

import json
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from sessions.core.refusal import Refuse, sentence
from sessions.metrics import REFUSALS
from sessions.signaling.messages import Command, Event
from sessions.signaling.messages.connection import MESSAGE_LIMIT, Refused

_COMMAND: Final[TypeAdapter[Any]] = TypeAdapter(Command)
_EVENT: Final[TypeAdapter[Any]] = TypeAdapter(Event)
LARGEST_ID: Final = 2**53 - 1


def read(text: str) -> Any:
    """A Command, or a Refused: `message.too_large`, `message.unknown`, `message.malformed`."""
    if len(text) > MESSAGE_LIMIT or len(text.encode(errors="replace")) > MESSAGE_LIMIT:
        return refused(None, Refuse("message.too_large"))
    try:
        return _COMMAND.validate_json(text)
    except ValidationError as fault:
        unknown = any(error["type"] == "union_tag_invalid" for error in fault.errors())
        code = "message.unknown" if unknown else "message.malformed"
        return refused(_id_of(text), Refuse(code))


def write(message: Any) -> str:
    """A message to a browser as the text of its frame."""
    return _EVENT.dump_json(message).decode()


def refused(number: int | None, refuse: Refuse) -> Refused:
    """The reply that says no, in a code and in words; it is counted."""
    REFUSALS.labels(refuse.code).inc()
    return Refused(type="refused", id=number, code=refuse.code, text=sentence(refuse))


def _id_of(text: str) -> int | None:
    """The number of a command that could not be read, if that can be read."""
    try:
        number = json.loads(text).get("id")
    except (ValueError, AttributeError, RecursionError):
        return None
    whole = isinstance(number, int) and not isinstance(number, bool)
    return number if whole and 0 <= number <= LARGEST_ID else None
