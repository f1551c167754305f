"""The door before the door: only pages of our own origin may open a websocket.

The whole origin counts (scheme, host, port), not the host alone: a browser sends it truthfully,
so a page elsewhere cannot ride on somebody's sign-in. Whatever else comes, no header included,
is refused before the inner application is called, and written down.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from django.conf import settings

from sessions.core.refusal import Refuse
from sessions.rooms.process import Process
from sessions.signaling.refused_sockets import write_down

REFUSED: Final = Refuse("connection.origin")
Application = Callable[[Any, Any, Any], Awaitable[Any]]


class ExactOrigin:
    """ASGI middleware: an exact match with settings.THIRDS_ORIGIN, once, or a 403."""

    def __init__(self, process: Process, inner: Application) -> None:
        self.process = process
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if origins_of(scope) == [settings.THIRDS_ORIGIN.encode()]:
            await self.inner(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 4403})
            session = scope["path"].rstrip("/").rpartition("/")[2]
            await write_down(self.process, session, REFUSED)


def origins_of(scope: Any) -> list[bytes]:
    """Every Origin header of the request."""
    return [value for name, value in scope["headers"] if name.lower() == b"origin"]
