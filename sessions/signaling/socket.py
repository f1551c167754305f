"""What a connection knows of its websocket. Owns nothing; the consumer fills it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Socket:
    """What a connection knows of its websocket. `channel` hears of its person, `send` takes a
    frame's text, `close` a code; `login` is the digest of the login session."""

    channel: str
    send: Callable[[str], Awaitable[None]]
    close: Callable[[int], Awaitable[None]]
    login: str = ""
