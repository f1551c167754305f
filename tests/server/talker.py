"""An application that says too much or listens too little, to be served by the real Daphne.

`/talk` sends without end; `/deaf` takes nothing before `GET /go`; `/echo` says what it hears.
`GET /` tells what happened. Requests have to arrive fast, so that tests need not wait.
"""

import asyncio
import json
from typing import Any

import daphne.server  # noqa: F401  it chooses Twisted's reactor

from server import arrivals, sockets

ARRIVAL_S = 2.0
MOST_WAITING = 32
PIECE = "x" * 16_384
told = {"sent": 0, "taken": 0, "most_waiting": 0, "body": 0, "half": 0, "ended": False}
go = asyncio.Event()

arrivals.install()
sockets.install()
arrivals.BoundedChannel.arrival_s = ARRIVAL_S
arrivals.BoundedChannel.most_waiting = MOST_WAITING


async def application(scope: Any, receive: Any, send: Any) -> None:
    """ASGI."""
    if scope["type"] == "http":
        told["body"] += len((await receive())["body"])
        await _answer(scope["path"], send)
        return
    await receive()
    await send({"type": "websocket.accept"})
    match scope["path"]:
        case "/talk":
            await _talk(receive, send)
        case "/echo":
            await _echo(receive, send)
        case _:
            await _be_deaf(receive)
    told["ended"] = True


async def _answer(path: str, send: Any) -> None:
    if path == "/go":
        go.set()
    told["half"] = len(arrivals.BoundedChannel._waiting)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})


async def _talk(receive: Any, send: Any) -> None:
    ending = asyncio.create_task(receive())
    while not ending.done():
        await send({"type": "websocket.send", "text": PIECE})
        told["sent"] += 1
        await asyncio.sleep(0)


async def _echo(receive: Any, send: Any) -> None:
    while (heard := await receive())["type"] == "websocket.receive":
        told["taken"] += 1
        await send({"type": "websocket.send", "text": heard["text"]})


async def _be_deaf(receive: Any) -> None:
    await go.wait()
    while (await receive())["type"] == "websocket.receive":
        told["most_waiting"] = max(told["most_waiting"], receive.__self__.qsize() + 1)
        told["taken"] += 1
