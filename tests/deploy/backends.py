"""Stand-ins for web processes behind the proxy: they say who they are and what they were told."""

import contextlib
import json
from dataclasses import dataclass, field

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response


@dataclass
class Backend:
    """Answers GET with its name and the request's headers; echoes on a websocket."""

    name: str
    port: int = 0
    server: Server | None = None
    sockets: set[ServerConnection] = field(default_factory=set)

    async def start(self) -> None:
        self.server = await serve(
            self._echo, "127.0.0.1", self.port, process_request=self._answer, compression=None
        )
        self.port = next(iter(self.server.sockets)).getsockname()[1]

    async def die(self) -> None:
        """As a killed process: every connection is cut, the port is closed."""
        assert self.server is not None
        self.server.close(close_connections=False)
        for socket in list(self.sockets):
            socket.transport.abort()
        await self.server.wait_closed()

    async def _echo(self, socket: ServerConnection) -> None:
        self.sockets.add(socket)
        with contextlib.suppress(Exception):
            await socket.send(self.name)
            async for message in socket:
                await socket.send(message)
        self.sockets.discard(socket)

    def _answer(self, _socket: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return None
        told = {"name": self.name, "headers": dict(request.headers.raw_items())}
        body = json.dumps(told).encode()
        headers = Headers([("Content-Length", str(len(body))), ("Connection", "close")])
        return Response(200, "OK", headers, body)
