"""frontend/src/signaling in a real Chromium, against a websocket that the test plays: the beat
comes from a worker of the page's own origin, and a lost socket comes back by itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, WebSocketRoute

from tests.e2e import bundle, colours

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><title>connection</title>
<meta http-equiv="Content-Security-Policy"
    content="script-src 'nonce-n' 'self'; worker-src 'self'; connect-src 'self' ws://127.0.0.1:1">
<script type="module" nonce="n">
import { connect } from './module.js';
window.statuses = [];
window.offsets = [];
window.connection = connect('/ws/rooms/r/', {
    event: () => {},
    status: (status) => statuses.push(status),
    clock: (offset) => offsets.push(offset),
}, () => ({ microphone: false, camera: true }));
window.connection.enter();
</script>"""


class PlayedServer:
    """Answers hello and pings until it is told to fall silent."""

    def __init__(self) -> None:
        self.sockets: list[WebSocketRoute] = []
        self.received: list[dict[str, Any]] = []
        self.answers = True

    def take(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(lambda frame: self.answer(socket, json.loads(frame)))

    def answer(self, socket: WebSocketRoute, command: dict[str, Any]) -> None:
        self.received.append(command)
        if not self.answers:
            return
        reply = {"type": "pong", "now_ms": 0} if command["type"] == "ping" else {"type": "ok"}
        socket.send(json.dumps({**reply, "id": command["id"]}))

    def count(self, kind: str) -> int:
        return sum(command["type"] == kind for command in self.received)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("connection")
    return bundle.build("frontend/src/signaling/connection.ts", out)


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = colours.launch(playwright)
    yield browser
    browser.close()


@pytest.fixture
def server() -> PlayedServer:
    return PlayedServer()


@pytest.fixture
def page(chromium: Browser, built: Path, server: PlayedServer) -> Iterator[Page]:
    page = chromium.new_page()
    page.route_web_socket("**/ws/rooms/r/", server.take)
    bundle.serve(page, PAGE, built)
    page.wait_for_function("() => window.statuses?.at(-1) === 'open'")
    yield page
    page.close()


def test_hello_first_then_pings_from_the_worker(page: Page, server: PlayedServer) -> None:
    page.wait_for_function("() => offsets.length >= 3", timeout=30_000)
    assert [command["type"] for command in server.received][:3] == ["hello", "ping", "ping"]
    assert server.received[0]["camera"] is True
    assert [worker.url.startswith(bundle.ADDRESS) for worker in page.workers] == [True]
    assert len(server.sockets) == 1


def test_socket_that_is_closed_comes_back(page: Page, server: PlayedServer) -> None:
    server.sockets[0].close(code=4408, reason="")
    page.wait_for_function("() => statuses.length >= 4", timeout=30_000)
    assert page.evaluate("() => statuses") == ["connecting", "open", "reconnecting", "open"]
    assert (len(server.sockets), server.count("hello")) == (2, 2)


def test_socket_that_falls_silent_is_given_up(page: Page, server: PlayedServer) -> None:
    server.answers = False
    page.wait_for_function("() => statuses.at(-1) === 'reconnecting'", timeout=30_000)
    server.answers = True
    page.wait_for_function("() => statuses.at(-1) === 'open'", timeout=30_000)


def test_socket_that_was_replaced_stays_away(page: Page, server: PlayedServer) -> None:
    server.sockets[0].close(code=4409, reason="")
    page.wait_for_function("() => statuses.at(-1) === 'closed'", timeout=30_000)
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    assert len(server.sockets) == 1
    page.evaluate("() => connection.retryNow()")
    page.wait_for_function("() => statuses.at(-1) === 'open'", timeout=30_000)
