"""The doors and the proxy behind them, on real sockets of this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from tests.faults.network import HERE, Door, Proxy

PATIENCE_S = 10.0


class Echo:
    """A web process as far as the proxy sees one: it says its name, then repeats."""

    def __init__(self, name: bytes) -> None:
        self.name = name
        self.port = 0
        self.server: asyncio.Server | None = None

    async def open(self) -> "Echo":
        self.server = await asyncio.start_server(self._serve, HERE, 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.name)
        with suppress(ConnectionResetError):
            while chunk := await reader.read(100):
                writer.write(chunk)
        writer.close()


@pytest.fixture
async def echoes() -> AsyncIterator[list[Echo]]:
    opened = [await Echo(b"A").open(), await Echo(b"B").open()]
    yield opened
    for echo in opened:
        assert echo.server is not None
        echo.server.close()


@pytest.fixture
async def door(echoes: list[Echo]) -> AsyncIterator[Door]:
    made = await Door.open(Proxy([echo.port for echo in echoes]))
    yield made
    await made.close()


async def through(door: Door) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
    reader, writer = await asyncio.open_connection(HERE, door.port)
    return reader, writer, await reader.readexactly(1)


async def test_proxy_takes_the_processes_in_turn(door: Door) -> None:
    names = [(await through(door))[2] for _ in range(4)]
    assert names == [b"A", b"B", b"A", b"B"]


async def test_proxy_passes_over_a_dead_process(door: Door, echoes: list[Echo]) -> None:
    """Kills: giving a connection up when the one whose turn it is does not answer."""
    assert echoes[0].server is not None
    echoes[0].server.close()
    await echoes[0].server.wait_closed()
    assert [(await through(door))[2] for _ in range(2)] == [b"B", b"B"]


async def test_door_that_is_reset_ends_by_rst_and_opens_again(door: Door) -> None:
    """Kills: ending by FIN, after which a peer may still think that all was said."""
    reader, writer, _ = await through(door)
    door.reset()
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(), PATIENCE_S)
    writer.close()
    assert (await through(door))[2] == b"B"


async def test_door_that_is_dark_keeps_what_is_sent_and_tells_nobody(door: Door) -> None:
    """Kills: dropping what TCP would send again."""
    reader, writer, _ = await through(door)
    door.black_out()
    writer.write(b"x")
    answer = asyncio.ensure_future(reader.readexactly(1))
    coming = asyncio.ensure_future(through(door))
    done, _ = await asyncio.wait([answer, coming], timeout=0.2)
    assert done == set()
    door.mend()
    assert await asyncio.wait_for(answer, PATIENCE_S) == b"x"
    assert (await asyncio.wait_for(coming, PATIENCE_S))[2] == b"B"


async def test_door_knows_which_process_has_the_websocket(door: Door, echoes: list[Echo]) -> None:
    """Kills: taking any connection of the same browser for it."""
    await through(door)
    reader, writer, _ = await through(door)
    assert door.backend is None
    writer.write(b"GET /ws/rooms/x/ HTTP/1.1\r\n")
    await reader.readexactly(1)
    assert door.backend == echoes[1].port
