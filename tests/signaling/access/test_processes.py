"""LOG2 between processes: the sockets are a real Daphne's, the verb is this process's."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from server.launcher.web import OPTIONS
from sessions.people.access import AccessChange
from tests.ports import free_port
from tests.server.wire import PATIENCE_S, until
from tests.signaling.access.test_access import CASES
from tests.signaling.evening import Evening

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def port(tonight: Evening) -> Iterator[int]:
    """Of a web process on this test's database and Valkey. No heartbeat looks after access:
    only a wake-up from here can end what it has open."""
    number = free_port()
    database = urlsplit(os.environ["DATABASE_URL"])
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database._replace(path="/" + connection.settings_dict["NAME"]).geturl(),
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "server.settings.test",
    }
    place = ("-b", "127.0.0.1", "-p", str(number))
    application = "tests.signaling.beatless:application"
    process = subprocess.Popen(
        [sys.executable, "-m", "daphne", *place, *OPTIONS, application], cwd=ROOT, env=environment
    )
    try:
        until(lambda: is_listening(number))
        yield number
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def is_listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def opened(port: int, tonight: Evening, name: str) -> ClientConnection:
    """A browser's socket, before a word."""
    return connect(
        f"ws://127.0.0.1:{port}/ws/rooms/{tonight.address}/",
        additional_headers={"Cookie": tonight.cookies[name]},
        origin=Origin(settings.THIRDS_ORIGIN),
        open_timeout=PATIENCE_S,
    )


def ask(browser: ClientConnection, command: str) -> dict[str, Any]:
    """Its reply; events are passed over."""
    browser.send(json.dumps({"type": command, "id": 1}))
    while True:
        event: dict[str, Any] = json.loads(browser.recv(timeout=PATIENCE_S))
        if event.get("id") == 1:
            return event


def close_code(browser: ClientConnection) -> int | None:
    """Reads on until the server has closed it."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            browser.recv(timeout=PATIENCE_S)
    return browser.close_code


@pytest.mark.parametrize("change", AccessChange)
def test_log2_changed_access_ends_the_sockets_of_another_process(
    change: AccessChange, tonight: Evening, port: int
) -> None:
    """S8. Kills: a wake-up that stays within its process; one that ends another's socket."""
    name, lose, code = CASES[change]
    other = "Ana" if name == "Dana" else "Dana"
    with opened(port, tonight, name) as gone, opened(port, tonight, other) as stays:
        assert [ask(one, "hello")["type"] for one in (gone, stays)] == ["ok", "ok"]
        lose(tonight, name)
        assert close_code(gone) == code
        assert ask(stays, "ping")["type"] == "pong"
