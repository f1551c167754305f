"""deploy/Caddyfile with Debian's Caddy, before two stand-ins for web processes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.deploy.backends import Backend
from tests.deploy.caddy import Proxy, running_proxy
from tests.ports import free_port

TRIES = 20


@pytest_asyncio.fixture
async def backends() -> AsyncIterator[list[Backend]]:
    both = [Backend("one"), Backend("two")]
    for backend in both:
        await backend.start()
    yield both
    for backend in both:
        await backend.die()


@pytest_asyncio.fixture
async def proxy(tmp_path: Path, backends: list[Backend]) -> AsyncIterator[Proxy]:
    ports = [backend.port for backend in backends]
    async with running_proxy(tmp_path, free_port(), ports) as running:
        yield running


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


async def test_proxy_asks_the_other_when_one_dies(proxy: Proxy, backends: list[Backend]) -> None:
    """Nobody who asks afterwards notices: no request fails. Kills: no retry at all."""
    await backends[0].die()
    answers = [await proxy.get() for _ in range(TRIES)]
    assert {answer["name"] for answer in answers} == {"two"}


async def test_proxy_takes_a_websocket_back_to_the_one_that_lives(
    proxy: Proxy, backends: list[Backend]
) -> None:
    where = f"wss://localhost:{proxy.port}/ws/"
    async with connect(where, ssl=proxy.trust(), compression=None) as room:
        name = await room.recv()
        await room.send("ping")
        assert await room.recv() == "ping"
        dying = next(backend for backend in backends if backend.name == name)
        await dying.die()
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(room.recv(), 20)
    async with connect(where, ssl=proxy.trust(), compression=None) as again:
        assert await again.recv() == ({"one", "two"} - {name}).pop()
