"""The origin: exactly ours; everything else never reaches the inner application."""

from typing import Any

import pytest
from django.test import override_settings

from sessions.core.refusal import Refuse
from sessions.rooms.process import Process
from sessions.signaling.origin import ExactOrigin


async def knock(process: Process, *origins: str | None) -> tuple[list[str], list[str]]:
    """(what the inner application was called with, what was sent) for these Origin headers."""
    called: list[str] = []
    sent: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        called.append(scope["type"])

    async def send(message: Any) -> None:
        sent.append(message["type"])

    headers = [(b"origin", one.encode()) for one in origins if one is not None]
    scope = {"type": "websocket", "path": "/ws/rooms/abc/", "headers": headers}
    await ExactOrigin(process, inner)(scope, None, send)
    return called, sent


OURS = "https://groups.example.org"


@pytest.fixture(autouse=True)
def written(process: Process, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Refuse]]:
    """The audit rows of refused sockets: session and refusal."""
    rows: list[tuple[str, Refuse]] = []

    async def write(_record: object, *row: Any) -> None:
        rows.append(row[-2:])

    monkeypatch.setattr(process.database, "run", write)
    return rows


@override_settings(THIRDS_ORIGIN=OURS)
async def test_origin_of_ours_is_let_through(process: Process) -> None:
    assert await knock(process, OURS) == (["websocket"], [])


@pytest.mark.parametrize(
    "origins",
    [
        (),
        ("null",),
        ("",),
        ("http://groups.example.org",),
        ("https://groups.example.org:8443",),
        ("https://groups.example.org/",),
        ("https://groups.example.org.evil.example",),
        ("https://evil.groups.example.org",),
        ("https://evilgroups.example.org",),
        ("https://GROUPS.example.org",),
        ("file://",),
        ("chrome-extension://abcdef",),
        ("wss://groups.example.org",),
        (OURS, OURS),
        (OURS, "https://evil.example"),
    ],
)
@override_settings(THIRDS_ORIGIN=OURS)
async def test_ori1_origin_of_anyone_else_is_refused_before_the_application(
    process: Process, origins: tuple[str, ...], written: list[tuple[str, Refuse]]
) -> None:
    assert await knock(process, *origins) == ([], ["websocket.close"])
    assert written == [("abc", Refuse("connection.origin"))]
