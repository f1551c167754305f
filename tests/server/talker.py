"""An application that says too much or listens too little, to be served by the real Daphne.

`/talk` sends without end; `/deaf` takes nothing before `GET /go`. `GET /` tells what happened.
"""

import asyncio
import json
from typing import Any

import daphne.server  # noqa: F401  it chooses Twisted's reactor

from server import sockets

sockets.install()
PIECE = "x" * 16_384
told = {"sent": 0, "taken": 0, "ended": False}
go = asyncio.Event()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """ASGI."""
    if scope["type"] == "http":
        await _answer(scope["path"], send)
        return
    await receive()
    await send({"type": "websocket.accept"})
    await (_talk(receive, send) if scope["path"] == "/talk" else _be_deaf(receive))
    told["ended"] = True


async def _answer(path: str, send: Any) -> None:
    if path == "/go":
        go.set()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})


async def _talk(receive: Any, send: Any) -> None:
    ending = asyncio.create_task(receive())
    while not ending.done():
        await send({"type": "websocket.send", "text": PIECE})
        told["sent"] += 1
        await asyncio.sleep(0)


async def _be_deaf(receive: Any) -> None:
    await go.wait()
    while (await receive())["type"] == "websocket.receive":
        told["taken"] += 1
