"""deploy/Caddyfile with Debian's Caddy, before two stand-ins for web processes."""

import asyncio
import contextlib
import json
import os
import socket
import ssl
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from server.launcher.debian import CADDY
from tests.deploy.backends import Backend
from tests.deploy.compose import ROOT
from tests.programs import needed

TRIES = 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Proxy:
    """A running Caddy whose authority this client trusts."""

    def __init__(self, port: int, folder: Path, backends: list[Backend]) -> None:
        self.port = port
        self.backends = backends
        self.authority = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authority)

    async def get(self, **headers: str) -> dict[str, Any]:
        """What the backend says that answered."""
        return await asyncio.to_thread(self._get, headers)

    def _get(self, headers: dict[str, str]) -> dict[str, Any]:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"https://localhost:{self.port}/", headers=names)
        with urllib.request.urlopen(request, timeout=20, context=self.trust()) as answer:
            told: dict[str, Any] = json.loads(answer.read())
            told["answer"] = dict(answer.headers)
        return told

    async def ready(self) -> None:
        """Its certificate is made at the first handshake."""
        while True:
            with contextlib.suppress(OSError):
                await self.get()
                return
            await asyncio.sleep(0.05)


@pytest_asyncio.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[Proxy]:
    caddy = needed(CADDY)
    backends = [Backend("one"), Backend("two")]
    for backend in backends:
        await backend.start()
    port = free_port()
    environment = os.environ | {
        "XDG_DATA_HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "THIRDS_DOMAIN": f"localhost:{port}",
        "THIRDS_WEB": " ".join(f"127.0.0.1:{backend.port}" for backend in backends),
        "THIRDS_CADDY_GLOBAL": "skip_install_trust\nauto_https disable_redirects",
        "THIRDS_CADDY_TLS": "tls internal",
    }
    words = ["run", "--config", str(ROOT / "deploy" / "Caddyfile"), "--adapter", "caddyfile"]
    with (tmp_path / "log").open("w") as log:
        process = await asyncio.create_subprocess_exec(caddy, *words, env=environment, stderr=log)
    running = Proxy(port, tmp_path, backends)
    try:
        async with asyncio.timeout(60):
            await running.ready()
        yield running
    finally:
        process.terminate()
        await process.wait()
        for backend in backends:
            await backend.die()


async def test_proxy_spreads_over_both_and_hides_itself(proxy: Proxy) -> None:
    answers = [await proxy.get() for _ in range(TRIES)]
    assert {answer["name"] for answer in answers} == {"one", "two"}
    assert "Server" not in answers[0]["answer"]


async def test_proxy_tells_the_scheme_and_drops_what_a_client_claims(proxy: Proxy) -> None:
    """Kills: `trusted_proxies` for everybody, by which a client chooses its own address."""
    told = await proxy.get(X_Forwarded_For="203.0.113.9", X_Forwarded_Proto="http")
    headers = {name.lower(): value for name, value in told["headers"].items()}
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-forwarded-for"] in ("127.0.0.1", "::1")
    assert headers["host"] == f"localhost:{proxy.port}"


async def test_proxy_asks_the_other_when_one_dies(proxy: Proxy) -> None:
    """Nobody who asks afterwards notices: no request fails. Kills: no retry at all."""
    await proxy.backends[0].die()
    answers = [await proxy.get() for _ in range(TRIES)]
    assert {answer["name"] for answer in answers} == {"two"}


async def test_proxy_takes_a_websocket_back_to_the_one_that_lives(proxy: Proxy) -> None:
    where = f"wss://localhost:{proxy.port}/ws/"
    async with connect(where, ssl=proxy.trust(), compression=None) as room:
        name = await room.recv()
        await room.send("ping")
        assert await room.recv() == "ping"
        dying = next(backend for backend in proxy.backends if backend.name == name)
        await dying.die()
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(room.recv(), 20)
    async with connect(where, ssl=proxy.trust(), compression=None) as again:
        assert await again.recv() == ({"one", "two"} - {name}).pop()
