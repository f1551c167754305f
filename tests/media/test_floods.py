"""The floods of `python -m bench.media.floods` against a running node, smaller; and its doors.

What is asserted holds on a busy machine too: nobody good is closed, nothing grows, no exception.
How much the good lose is a figure of the bench, which has a core to itself.
"""

import tempfile
from collections.abc import AsyncIterator
from itertools import cycle
from pathlib import Path

import pytest

from bench.media.floods import (
    FLOOD_RATE,
    MOST_GROWN_MB,
    Flood,
    GoodPair,
    garbage,
    hostile,
    join_among_hellos,
    paced,
    stranger,
    withstand,
)
from tests.media.node_process import NodeProcess, running_node

EMPTY = 100_000
GARBAGE = 20_000
JOINS = 20


@pytest.fixture
async def node() -> AsyncIterator[NodeProcess]:
    with tempfile.TemporaryDirectory(prefix="media-") as folder:
        async with running_node(Path(folder)) as running:
            yield running


async def stands(node: NodeProcess, pair: GoodPair, flood: Flood) -> dict[str, int]:
    """What the node counted, once it is sure that the flood did no harm."""
    found = await withstand(node, pair, flood)
    assert found["good_closed"] == 0
    assert found["grown_mb"] <= MOST_GROWN_MB
    counted: dict[str, int] = found["counted"]
    assert counted.get("faults", 0) == 0
    _, sent, got = await pair.talk_while(node.next_load())
    assert 0 < got <= sent
    return counted


async def test_empty_datagrams_end_nobodys_session(node: NodeProcess) -> None:
    """S1: a hundred thousand of them here, a million in the bench."""
    pair = GoodPair(node)
    await pair.join()
    with stranger(pair.people[0].node) as nobody:
        counted = await stands(node, pair, paced(nobody.send, cycle([b""]), EMPTY, 0))
    assert counted["dropped"] >= EMPTY


async def test_garbage_of_a_stranger_ends_nobodys_session(node: NodeProcess) -> None:
    """S3: off the path; what the kernel lets through costs one look-up."""
    pair = GoodPair(node)
    await pair.join()
    with stranger(pair.people[0].node) as nobody:
        counted = await stands(node, pair, paced(nobody.send, garbage(1), GARBAGE, FLOOD_RATE))
    assert counted["dropped"] > GARBAGE // 2
    assert counted.keys() <= {
        "received", "dropped", "unknown_address", "dtls_unknown", "stun_malformed", "forwarded",
        "key_frames_asked", "slept", "fenced",  # the last two on a machine that stands still
    }  # fmt: skip


async def test_hostile_member_harms_no_other_room(node: NodeProcess) -> None:
    """S3: on its own authenticated path: replays, forgeries, nonsense, reports without end."""
    pair = GoodPair(node)
    await pair.join()
    await node.want("hostile", ["liar", "victim"])
    liar, victim = [await node.join("hostile", name, 1) for name in ("liar", "victim")]
    victim.show(key=True)
    counted = await stands(node, pair, paced(liar.send_raw, hostile(liar), GARBAGE, FLOOD_RATE))
    assert counted["srtp_refused"] > 0
    assert counted.get("moved", 0) == 0
    liar.close()
    victim.close()


async def test_client_hellos_of_a_third_address_stop_no_join(node: NodeProcess) -> None:
    """S2: twenty joins here, two hundred in the bench."""
    found = await join_among_hellos(node, JOINS, hellos=True)
    assert found["joined"] == JOINS
    assert found["hellos"] > 0
