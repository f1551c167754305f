"""The relay between real sockets: a browser that sends, a node that answers and says from where."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest

from tests.impairment.link import Conditions
from tests.impairment.relay import HERE, Address, DatagramRelay

PATIENCE_S = 10.0


class Node(asyncio.DatagramProtocol):
    """Answers each datagram with itself, and keeps where it came from."""

    def __init__(self) -> None:
        self.came: list[tuple[bytes, Address]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.came.append((data, addr))
        self.transport.sendto(data, addr)


class Browser(asyncio.DatagramProtocol):
    """One socket of a browser; sends the same until it is answered, as checks do."""

    def __init__(self) -> None:
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.answers.put_nowait(data)

    async def reach(self, data: bytes) -> None:
        """Raises TimeoutError when no answer to it comes."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self.transport.sendto(data)
                try:
                    async with asyncio.timeout(0.1):
                        while await self.answers.get() != data:
                            pass
                        return
                except TimeoutError:
                    continue


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    made = Node()
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: made, local_addr=(HERE, 0))
    yield made
    made.transport.close()


@pytest.fixture
async def relay(node: Node) -> AsyncIterator[DatagramRelay]:
    made = await DatagramRelay.open([node.transport.get_extra_info("sockname")[1]])
    yield made
    made.close()


async def browser_at(relay: DatagramRelay) -> Browser:
    (port,) = relay.ports.values()
    _, made = await asyncio.get_running_loop().create_datagram_endpoint(
        Browser, remote_addr=(HERE, port)
    )
    return made


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - counters of the relay
            await asyncio.sleep(0)


async def test_each_address_of_the_browser_is_one_address_to_the_node(
    relay: DatagramRelay, node: Node
) -> None:
    first, second = await browser_at(relay), await browser_at(relay)
    for browser, data in ((first, b"a"), (second, b"b"), (first, b"c")):
        await browser.reach(data)
    by = dict(node.came)
    assert by[b"a"] == by[b"c"] != by[b"b"]


async def test_address_changes_while_the_browser_stays_where_it_is(
    relay: DatagramRelay, node: Node
) -> None:
    """Kills: a rebind that leaves the former address open."""
    browser = await browser_at(relay)
    await browser.reach(b"before")
    former = node.came[-1][1]
    await relay.rebind()
    node.transport.sendto(b"to the former address", former)
    await browser.reach(b"after")
    assert node.came[-1][1] != former
    assert browser.answers.empty()


async def test_stranded_browser_passes_from_another_socket_only(
    relay: DatagramRelay, node: Node
) -> None:
    stranded = await browser_at(relay)
    await stranded.reach(b"before")
    relay.strand()
    stranded.transport.sendto(b"lost")
    await until(lambda: relay.swallowed == 1)
    await (await browser_at(relay)).reach(b"after")
    assert b"lost" not in {data for data, _ in node.came}
    assert stranded.answers.empty()


async def test_what_is_sent_in_the_dark_is_lost(relay: DatagramRelay, node: Node) -> None:
    """Kills: keeping datagrams as TCP does."""
    browser = await browser_at(relay)
    await browser.reach(b"before")
    relay.black_out()
    browser.transport.sendto(b"lost")
    await until(lambda: relay.swallowed == 1)
    relay.mend()
    await browser.reach(b"after")
    assert b"lost" not in {data for data, _ in node.came}


async def test_datagrams_of_one_instant_keep_their_order(relay: DatagramRelay, node: Node) -> None:
    """Kills: a timer of its own for each: those of one instant run in any order."""
    browser = await browser_at(relay)
    await browser.reach(b"before")
    relay.impair(up=Conditions(delay=0.02, jitter=0.05))
    sent = [b"%d" % number for number in range(100)]
    for data in sent:
        browser.transport.sendto(data)
    await until(lambda: len(node.came) > len(sent))
    assert [data for data, _ in node.came[-len(sent) :]] == sent


async def test_impairment_counts_what_it_drops_and_delivers_the_rest_later(
    relay: DatagramRelay, node: Node
) -> None:
    browser = await browser_at(relay)
    await browser.reach(b"before")
    passed = relay.up.passed
    relay.impair(up=Conditions(loss=1.0))
    for _ in range(5):
        browser.transport.sendto(b"lost")
    await until(lambda: relay.up.lost == 5)
    assert relay.up.passed == passed
    relay.impair(down=Conditions(delay=0.05))
    asked = asyncio.get_running_loop().time()
    await browser.reach(b"late")
    assert asyncio.get_running_loop().time() - asked >= 0.05
    assert b"lost" not in {data for data, _ in node.came}
