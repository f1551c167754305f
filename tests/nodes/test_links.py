"""The links of a web process, against nodes that only talk."""

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
    DesiredPeer,
    DesiredRoom,
    Lease,
    PeerClosed,
    Placement,
    SlotOwned,
    Speaking,
    desired_json,
    desired_key,
    lease_key,
    placement_key,
)
from server.media.messages import NodeLoad
from sessions.nodes.links import Heard, NodeLinks
from sessions.nodes.placement import Found, Placements
from sessions.rooms.process import Process
from tests.conftest import AGES
from tests.nodes.media_nodes import PATIENCE, until
from tests.signaling.node import TalkingNode
from tests.valkey import connection

ROOM = "a-room-of-links"
VALUE = DesiredRoom(
    room=ROOM,
    epoch="e",
    version=1,
    complete=True,
    peers={"ana": DesiredPeer(generation=1, send_audio=True, send_video=True, receive=True)},
)


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes and store answer, however slow the machine is."""
    monkeypatch.setattr("sessions.nodes.placement.PLACEMENT_ANSWER_S", AGES)
    monkeypatch.setattr("sessions.nodes.links.PLACE_S", AGES)
    monkeypatch.setattr("sessions.nodes.links.OFFER_ANSWER_S", AGES)
    monkeypatch.setattr("server.media.client.CALL_SECONDS", AGES)


class LosesOne(Placements):
    """The first cancellation of a reading is lost, as asyncio.wait_for loses one
    (cpython#86296)."""

    def __init__(self, process: Process) -> None:
        super().__init__(process.store)
        self.asked = asyncio.Event()

    async def find(self, room: str) -> Found | None:
        """Nothing, after a cancellation."""
        await self._lose_it()
        return None

    async def leases(self) -> dict[str, Lease] | None:
        """Nothing, after a cancellation."""
        await self._lose_it()
        return None

    async def _lose_it(self) -> None:
        with suppress(asyncio.CancelledError):
            self.asked.set()
            await asyncio.Event().wait()


async def test_links_end_though_a_cancellation_was_lost(process: Process) -> None:
    """Kills: following for ever."""
    placements = LosesOne(process)
    links = NodeLinks(placements, "secret")
    links.begin()
    await placements.asked.wait()
    async with asyncio.timeout(PATIENCE):
        await links.close()


async def test_links_end_though_a_room_that_is_nowhere_lost_one(process: Process) -> None:
    """Kills: asking for ever where the room is, for somebody who is in it, while Redis is away."""
    placements = LosesOne(process)
    links = NodeLinks(placements, "secret")
    links.listeners[ROOM, "ana"] = lambda _: None
    links.attach(ROOM, "ana", 1, new=True)
    await placements.asked.wait()
    async with asyncio.timeout(PATIENCE):
        await links.close()


# ---- two nodes ---------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def nodes(
    tmp_path: Path, settings: LazySettings, process: Process
) -> AsyncIterator[tuple[TalkingNode, TalkingNode]]:
    """Two, and nothing of this room in the store."""
    connection().delete(placement_key(ROOM), desired_key(ROOM), NODES_KEY)
    both = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        both.append(await TalkingNode.start(folder, settings.THIRDS_MEDIA_SECRET))
    yield (both[0], both[1])
    await process.links.close()
    for node in both:
        await node.stop()


@pytest.fixture
def links(process: Process) -> NodeLinks:
    """This process's."""
    return process.links


@pytest_asyncio.fixture
async def other() -> AsyncIterator[Process]:
    """A process without a socket: a page, a command."""
    process = Process.of_settings()
    yield process
    await process.close()


async def placed_on(
    nodes: tuple[TalkingNode, TalkingNode], links: NodeLinks, heard: list[Heard]
) -> tuple[TalkingNode, TalkingNode]:
    """One person is in the room: the node that has it, and the other one."""
    links.listen(ROOM, "ana", heard.append)
    links.attach(ROOM, "ana", 1)
    first, second = nodes
    await until(lambda: first.attached or second.attached)
    return (first, second) if first.attached else (second, first)


def owned(owner: str) -> SlotOwned:
    return SlotOwned(room=ROOM, peer="ana", slot=0, owner=owner, csrc=1)


async def test_room_is_placed_for_the_first_who_comes_and_stays(
    nodes: tuple[TalkingNode, TalkingNode], process: Process, links: NodeLinks
) -> None:
    heard: list[Heard] = []
    node, _ = await placed_on(nodes, links, heard)
    found = await Placements(process.store).find(ROOM)
    assert found is not None
    assert found.record is not None
    assert found.record.node == node.name
    assert await links.place(ROOM, PATIENCE) == found.record
    assert heard == []


async def test_news_of_a_node_that_has_not_the_room_is_out_of_date(
    nodes: tuple[TalkingNode, TalkingNode], links: NodeLinks
) -> None:
    """A node that woke up speaks of slots and closings. Kills: a face under another's name."""
    heard: list[Heard] = []
    node, other = await placed_on(nodes, links, heard)
    await until(lambda: links._client_of(other.name) is not None)
    other.tell(owned("wrong"))
    other.tell(Speaking(room=ROOM, peers=["wrong"]))
    other.tell(PeerClosed(room=ROOM, peer="ana", generation=1, reason=CloseReason.MOVED))
    loads = NodeLoad(node=other.name, peers=77, packets_per_second=0)
    other.tell(loads)
    await until(lambda: links._loads.get(other.name) == loads)
    node.tell(owned("right"))
    await until(lambda: heard)
    assert heard == [owned("right")]


async def test_room_that_another_process_moved_is_followed(
    nodes: tuple[TalkingNode, TalkingNode], process: Process, links: NodeLinks
) -> None:
    """Everybody here hears of it. Kills: a web process that goes by its own memory."""
    heard: list[Heard] = []
    _, other = await placed_on(nodes, links, heard)
    record = await Placements(process.store).move(ROOM, other.name, 2**52)
    await until(lambda: links._client_of(other.name) is not None)
    assert await links.place(ROOM, PATIENCE) == record
    assert [news.reason for news in heard if isinstance(news, PeerClosed)] == ["moved"]


async def test_draining_node_gives_its_rooms_to_the_other(
    nodes: tuple[TalkingNode, TalkingNode], process: Process, links: NodeLinks
) -> None:
    heard: list[Heard] = []
    node, other = await placed_on(nodes, links, heard)
    await until(lambda: links._client_of(other.name) is not None)
    node.tell(NodeLoad(node=node.name, peers=1, packets_per_second=0, draining=True))
    await until(lambda: heard)
    closed = PeerClosed(room=ROOM, peer="ana", generation=0, reason=CloseReason.NODE_DRAINING)
    assert heard == [closed]
    found = await Placements(process.store).find(ROOM)
    assert found is not None
    assert isinstance(found.record, Placement)
    assert found.record.node == other.name


async def test_value_goes_to_the_rooms_node_alone(
    nodes: tuple[TalkingNode, TalkingNode], links: NodeLinks
) -> None:
    node, other = await placed_on(nodes, links, [])
    links.apply(VALUE)
    await until(lambda: ROOM in node.rooms)
    assert ROOM not in other.rooms


async def test_node_whose_lease_is_gone_is_used_as_long_as_its_connection_lasts(
    nodes: tuple[TalkingNode, TalkingNode], links: NodeLinks
) -> None:
    """Kills: a Redis that lost its leases moves every room."""
    heard: list[Heard] = []
    node, _ = await placed_on(nodes, links, heard)
    connection().delete(*(lease_key(one.name) for one in nodes))
    links._looked_at = float("-inf")
    await links.look()
    assert links._leases == {}
    placed = await links.place(ROOM, PATIENCE)
    assert placed is not None
    assert placed.node == node.name
    assert heard == []


async def test_room_that_nobody_is_in_any_more_is_forgotten_here(
    nodes: tuple[TalkingNode, TalkingNode], links: NodeLinks
) -> None:
    """Kills: a web process that grows with every room it ever served."""
    heard: list[Heard] = []
    listener = heard.append
    links.listen(ROOM, "ana", listener)
    assert await links.place(ROOM, PATIENCE) is not None
    links.unlisten(ROOM, "ana", listener)
    assert links._placed == {}


async def test_another_run_of_a_node_hears_nothing_of_the_former_ones_peers(
    nodes: tuple[TalkingNode, TalkingNode],
    links: NodeLinks,
    tmp_path: Path,
    settings: LazySettings,
) -> None:
    """Each page is asked once to offer again. Kills: a link that speaks for them there, whose
    answer "not here" comes after the move, so that the new connection is made twice."""
    heard: list[Heard] = []
    node, other = await placed_on(nodes, links, heard)
    await other.stop()
    await until(lambda: links._client_of(other.name) is None)
    await node.stop()
    folder = Path(node.address.removeprefix("unix:")).parent
    again = await TalkingNode.start(folder, settings.THIRDS_MEDIA_SECRET)
    await until(lambda: heard)
    links.revoke(ROOM, "ben", 1)
    await until(lambda: (ROOM, "ben") in again.revoked)  # so all that was sent before has come
    assert again.attached == {}
    assert heard == [PeerClosed(room=ROOM, peer="ana", generation=0, reason=CloseReason.NODE_LOST)]
    await links.close()
    await again.stop()


# ---- when links begin --------------------------------------------------------------------------


async def test_links_begin_with_the_first_listener_and_once(links: NodeLinks) -> None:
    """Kills: a page's or a command's process that connects to every node."""
    before = asyncio.all_tasks()
    links.apply(VALUE)
    links.revoke(ROOM, "ana", 1)
    assert asyncio.all_tasks() == before
    links.listen(ROOM, "ana", lambda _: None)
    links.listen(ROOM, "ben", lambda _: None)
    assert len(asyncio.all_tasks() - before) == 1
    await links.close()


async def test_links_begin_with_the_first_offer(
    nodes: tuple[TalkingNode, TalkingNode], links: NodeLinks
) -> None:
    """Nobody listens yet. Kills: a process that looks for nodes while it offers, and no more."""
    connection().set(desired_key(ROOM), desired_json(VALUE))
    assert links._following is None
    assert await links.offer(ROOM, "ana", 1, "hers") == "answer to hers"
    assert links._following is not None


async def test_links_that_never_began_end(links: NodeLinks) -> None:
    before = asyncio.all_tasks()
    await links.close()
    assert asyncio.all_tasks() == before


# ---- revocation --------------------------------------------------------------------------------


def connections(nodes: tuple[TalkingNode, TalkingNode]) -> list[int]:
    """How many each node ever had."""
    return [len(node._writers) for node in nodes]


async def test_revocation_reaches_every_node(
    nodes: tuple[TalkingNode, TalkingNode], links: NodeLinks
) -> None:
    """Kills: ending it at the room's node alone while the room is moving."""
    await placed_on(nodes, links, [])
    await until(lambda: all(links._client_of(node.name) for node in nodes))
    links.revoke(ROOM, "ana", 1)
    await until(lambda: all((ROOM, "ana") in node.revoked for node in nodes))


async def test_revocation_everywhere_uses_the_connections_that_are_there(
    nodes: tuple[TalkingNode, TalkingNode], links: NodeLinks
) -> None:
    """Kills: another connection to each node for each person who signs out."""
    await placed_on(nodes, links, [])
    await until(lambda: all(links._client_of(node.name) for node in nodes))
    await links.revoke_everywhere(ROOM, "ana", 1)
    await until(lambda: all((ROOM, "ana") in node.revoked for node in nodes))
    assert connections(nodes) == [1, 1]


async def test_revocation_everywhere_finds_each_node_where_there_are_no_connections(
    nodes: tuple[TalkingNode, TalkingNode], other: Process
) -> None:
    """From a command. Kills: revoking at the nodes that this process knows, which are none; a
    process that stays connected for one revocation; a connection that is closed before what was
    written has gone."""
    before = asyncio.all_tasks()
    await other.links.revoke_everywhere(ROOM, "ana", 7)
    await until(lambda: all(node.burned.get((ROOM, "ana")) == 7 for node in nodes))
    assert connections(nodes) == [1, 1]
    assert other.links._clients == {}
    assert other.links._following is None
    await until(lambda: asyncio.all_tasks() == before)  # the nodes' own end too


async def test_revocation_everywhere_without_nodes_or_store_does_nothing(tmp_path: Path) -> None:
    """The desired value says the same to a node that is up later."""
    connection().delete(NODES_KEY)
    for url in (None, f"unix://{tmp_path}/nobody.sock"):
        process = Process.of_settings() if url is None else Process(url, "secret", 1)
        await process.links.revoke_everywhere(ROOM, "ana", None)
        assert process.links._clients == {}
        await process.close()
