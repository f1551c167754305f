"""Rooms on real nodes that die, hang and come back: two processes, and scripted peers."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing

import pytest
import pytest_asyncio

from tests.nodes.media_nodes import Group, Nodes, running_nodes, until, watching, web_process

NAMES = ("ana", "ben", "cleo")


@pytest.fixture
def nodes() -> Iterator[Nodes]:
    with running_nodes("one", "two") as running:
        yield running


@pytest.fixture
def node() -> Iterator[Nodes]:
    """One alone."""
    with running_nodes("one") as running:
        yield running


@pytest_asyncio.fixture
async def group(nodes: Nodes) -> AsyncIterator[Group]:
    """Three people who hear each other."""
    async with a_group(nodes) as people:
        await people.hear_each_other()
        yield people


@asynccontextmanager
async def a_group(nodes: Nodes) -> AsyncIterator[Group]:
    """Three people whose media are connected."""
    async with web_process(nodes) as process:
        with closing(Group(process, nodes, "a-room", *NAMES)) as people:
            await people.join()
            yield people


async def asked_to_offer_again(group: Group, reason: str) -> None:
    await until(lambda: all(group.reasons(name) == [reason] for name in NAMES))


async def test_r8_killed_node_leaves_its_room_to_the_other(nodes: Nodes, group: Group) -> None:
    """Kills: waiting for the lease to run out; telling browsers before there is a place."""
    first, before = group.node, group.placement
    assert before is not None
    nodes.send(first, signal.SIGKILL)
    await asked_to_offer_again(group, "node_lost")
    assert group.node == nodes.other(first)
    await group.join()
    await group.hear_each_other()
    after = group.placement
    assert after is not None
    assert after.generation > before.generation


async def test_r9_stopped_node_is_fenced_when_it_wakes(nodes: Nodes, group: Group) -> None:
    """What lay in its socket while it slept is not forwarded, nor is what comes later.

    Kills: a fence that opens with the next beat; a fence that looks once for a batch.
    """
    first = group.node
    nodes.send(first, signal.SIGSTOP)
    await asked_to_offer_again(group, "node_lost")
    await group.join()
    await group.hear_each_other()
    former = group.former.values()
    arrived = [len(peer.arrived) for peer in former]
    for peer in former:
        peer.show(key=True, parts=5)
        peer.speak()
    nodes.send(first, signal.SIGCONT)
    async with watching(nodes.control(first)) as loads:
        await until(lambda: loads and loads[-1].peers == 0 and loads[-1].counters["slept"] == 1)
        for peer in former:
            peer.speak()
        seen = len(loads)
        await until(lambda: len(loads) >= seen + 2)
        assert loads[-1].counters["fenced"] >= 18
    assert [len(peer.arrived) for peer in former] == arrived
    assert [group.reasons(name) for name in NAMES] == [["node_lost"]] * 3
    await group.hear_each_other()


async def test_node_that_wakes_with_its_rooms_still_its_own_goes_on(node: Nodes) -> None:
    """Alone, nobody could take them. Kills: dropping rooms for the sleep itself."""
    async with a_group(node) as people:
        node.send("one", signal.SIGSTOP)
        await until(lambda: people.process.links._client_of("one") is None)
        node.send("one", signal.SIGCONT)
        await people.hear_each_other()
        assert [people.reasons(name) for name in NAMES] == [[]] * 3


async def test_r6_empty_store_learns_from_the_nodes_what_they_hold(
    nodes: Nodes, group: Group
) -> None:
    """The store is killed, media go on, and nobody is moved when it is back: by this process or
    by one that comes new. Kills: placing at once; a room that is dropped without the store."""
    before = group.placement
    assert before is not None
    nodes.end_store()
    await group.join("ana")
    await group.hear_each_other()
    await asyncio.to_thread(nodes.revive_store)
    group.want()
    await until(lambda: group.placement is not None)
    assert group.placement == before
    async with web_process(nodes) as fresh:
        assert await fresh.links.place(group.room, 20.0) == before
    assert [group.reasons(name) for name in NAMES] == [["replaced"], [], []]
    await group.hear_each_other()


async def test_r6_newcomer_is_let_in_at_once_after_the_store_was_lost(
    nodes: Nodes, group: Group
) -> None:
    """Not everybody has registered again: the value is not complete. It lets in, and closes
    nobody who is not in it yet."""
    nodes.end_store()
    await asyncio.to_thread(nodes.revive_store)
    group.want("dan", epoch="second", complete=False)
    await group.join("dan")
    await group.hear_each_other()
    assert [group.reasons(name) for name in NAMES] == [[]] * 3


async def test_r11_node_that_is_told_to_end_gives_its_room_away_first(
    nodes: Nodes, group: Group
) -> None:
    """The old connection carries sound until the new one does. Kills: closing on the signal."""
    first = group.node
    nodes.send(first, signal.SIGTERM)
    await asked_to_offer_again(group, "node_draining")
    await group.hear_each_other()
    assert group.node == nodes.other(first)
    await group.join()
    await group.hear_each_other()
    for peer in group.former.values():
        peer.leave()
    assert await asyncio.to_thread(nodes.processes[first].wait, 30) == os.EX_OK


async def test_single_node_that_is_started_again_gets_its_rooms_back(node: Nodes) -> None:
    """Another run of it, at the same address. Kills: waiting for the lease of the dead one."""
    async with a_group(node) as people:
        node.send("one", signal.SIGKILL)
        node.start("three", address="one")
        await asyncio.to_thread(node.wait_for, "three")
        await asked_to_offer_again(people, "node_lost")
        assert people.node == "three"
        await people.join()
        await people.hear_each_other()
