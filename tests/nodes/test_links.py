"""The lines of a web process, against a node that only talks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from django.conf import LazySettings

from server.media.client import (
    NODES_KEY,
    CloseReason,
    DesiredRoom,
    PeerClosed,
    Placement,
    SlotOwned,
    Speaking,
    lease_key,
    placement_key,
)
from server.media.messages import NodeLoad
from sessions.nodes import desired as bridge
from sessions.nodes import links, placement
from sessions.nodes.links import Heard
from tests.nodes.media_nodes import until
from tests.signaling.node import TalkingNode
from tests.valkey import connection

ROOM = "a-room-of-lines"


async def test_lines_end_though_a_cancellation_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """As asyncio.wait_for loses one (cpython#86296). Kills: following for ever."""
    asked = asyncio.Event()

    async def loses_it() -> None:
        with suppress(asyncio.CancelledError):
            asked.set()
            await asyncio.Event().wait()

    monkeypatch.setattr(placement, "leases", loses_it)
    following = links.NodeLinks(asyncio.get_running_loop())
    await asked.wait()
    async with asyncio.timeout(30):
        await following.close()


async def test_lines_end_though_a_room_that_is_nowhere_lost_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Kills: asking for ever where the room is, for somebody who is in it, while Redis is away."""
    asked = asyncio.Event()

    async def loses_it(_room: str) -> None:
        with suppress(asyncio.CancelledError):
            asked.set()
            await asyncio.Event().wait()

    monkeypatch.setattr(placement, "find", loses_it)
    asking = links.NodeLinks(asyncio.get_running_loop())
    asking.listeners[ROOM, "ana"] = lambda _: None
    asking.attach(ROOM, "ana", 1, new=True)
    await asked.wait()
    async with asyncio.timeout(30):
        await asking.close()


@pytest_asyncio.fixture
async def nodes(
    tmp_path: Path, settings: LazySettings
) -> AsyncIterator[tuple[TalkingNode, TalkingNode]]:
    """Two, and nothing of this room in the store."""
    connection().delete(placement_key(ROOM), NODES_KEY)
    both = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        both.append(await TalkingNode.start(folder, settings.THIRDS_MEDIA_SECRET))
    yield (both[0], both[1])
    await links.links().close()
    for node in both:
        await node.stop()


async def placed_on(
    nodes: tuple[TalkingNode, TalkingNode], told: list[Heard]
) -> tuple[TalkingNode, TalkingNode]:
    """One person is in the room: the node that has it, and the other one."""
    bridge.listen(ROOM, "ana", told.append)
    bridge.attach(ROOM, "ana", 1)
    first, second = nodes
    await until(lambda: first.attached or second.attached)
    return (first, second) if first.attached else (second, first)


def owned(owner: str) -> SlotOwned:
    return SlotOwned(room=ROOM, peer="ana", slot=0, owner=owner, csrc=1)


async def test_room_is_placed_for_the_first_who_comes_and_stays(
    nodes: tuple[TalkingNode, TalkingNode],
) -> None:
    told: list[Heard] = []
    node, _ = await placed_on(nodes, told)
    found = await placement.find(ROOM)
    assert found is not None
    assert found.record is not None
    assert found.record.node == node.name
    assert await links.links().place(ROOM, 5) == found.record
    assert told == []


async def test_news_of_a_node_that_has_not_the_room_is_out_of_date(
    nodes: tuple[TalkingNode, TalkingNode],
) -> None:
    """A node that woke up speaks of slots and closings. Kills: a face under another's name."""
    told: list[Heard] = []
    node, other = await placed_on(nodes, told)
    await until(lambda: links.links()._client_of(other.name) is not None)
    other.tell(owned("wrong"))
    other.tell(Speaking(room=ROOM, peers=["wrong"]))
    other.tell(PeerClosed(room=ROOM, peer="ana", generation=1, reason=CloseReason.MOVED))
    loads = NodeLoad(node=other.name, peers=77, packets_per_second=0)
    other.tell(loads)
    await until(lambda: links.links()._loads.get(other.name) == loads)
    node.tell(owned("right"))
    await until(lambda: told)
    assert told == [owned("right")]


async def test_room_that_another_process_moved_is_followed(
    nodes: tuple[TalkingNode, TalkingNode],
) -> None:
    """Everybody here is told. Kills: a web process that goes by its own memory."""
    told: list[Heard] = []
    _, other = await placed_on(nodes, told)
    record = await placement.move(ROOM, other.name, 2**52)
    await until(lambda: links.links()._client_of(other.name) is not None)
    assert await links.links().place(ROOM, 5) == record
    assert [news.reason for news in told if isinstance(news, PeerClosed)] == ["moved"]


async def test_draining_node_gives_its_rooms_to_the_other(
    nodes: tuple[TalkingNode, TalkingNode],
) -> None:
    told: list[Heard] = []
    node, other = await placed_on(nodes, told)
    await until(lambda: links.links()._client_of(other.name) is not None)
    node.tell(NodeLoad(node=node.name, peers=1, packets_per_second=0, draining=True))
    await until(lambda: told)
    closed = PeerClosed(room=ROOM, peer="ana", generation=0, reason=CloseReason.NODE_DRAINING)
    assert told == [closed]
    found = await placement.find(ROOM)
    assert found is not None
    assert isinstance(found.record, Placement)
    assert found.record.node == other.name


async def test_revocation_reaches_every_node(nodes: tuple[TalkingNode, TalkingNode]) -> None:
    """Kills: telling the room's node alone while the room is moving."""
    await placed_on(nodes, [])
    await until(lambda: all(links.links()._client_of(node.name) for node in nodes))
    bridge.end_here(ROOM, "ana", 1)
    await until(lambda: all((ROOM, "ana") in node.revoked for node in nodes))


async def test_value_goes_to_the_rooms_node_alone(nodes: tuple[TalkingNode, TalkingNode]) -> None:
    node, other = await placed_on(nodes, [])
    value = DesiredRoom(room=ROOM, epoch="e", version=1, complete=True, peers={})
    links.send(lambda mine: mine.apply(value))
    await until(lambda: ROOM in node.rooms)
    assert ROOM not in other.rooms


async def test_node_whose_lease_is_gone_is_used_as_long_as_its_line_stands(
    nodes: tuple[TalkingNode, TalkingNode],
) -> None:
    """Kills: a Redis that lost its leases moves every room."""
    told: list[Heard] = []
    node, _ = await placed_on(nodes, told)
    connection().delete(*(lease_key(one.name) for one in nodes))
    links.links()._looked_at = float("-inf")
    await links.links().look()
    assert links.links()._leases == {}
    placed = await links.links().place(ROOM, 5)
    assert placed is not None
    assert placed.node == node.name
    assert told == []


async def test_room_that_nobody_is_in_any_more_is_forgotten_here(
    nodes: tuple[TalkingNode, TalkingNode],
) -> None:
    """Kills: a web process that grows with every room it ever served."""
    told: list[Heard] = []
    listener = told.append
    bridge.listen(ROOM, "ana", listener)
    assert await links.links().place(ROOM, 20) is not None
    bridge.unlisten(ROOM, "ana", listener)
    assert links.links()._placed == {}
