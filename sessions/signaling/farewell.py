"""The last words of a socket, and the close code that tells the browser what to do next."""

from typing import Final

from sessions.core.refusal import Refuse, sentence
from sessions.signaling.messages.connection import CLOSE_CODES, Closing

FAULT: Final = 1011  # RFC 6455, 7.4.1
HERE: Final = 4403  # a refusal that has no close code of its own: nothing here for this person
CODES: Final = {code: number for number, code in CLOSE_CODES.items()} | {
    "room.not_held": 4410,
    "room.cancelled": 4410,
    "permission.changed": HERE,
}


def farewell(refused: Refuse) -> tuple[Closing, int]:
    """The last message of a socket and its close code."""
    closing = Closing(type="closing", code=refused.code, text=sentence(refused))
    return closing, CODES.get(refused.code, HERE)
