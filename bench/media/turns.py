"""Node and Janus in turns on the same load and core: what each costs, and the node's share of it.

Owns the order of the turns, the figures of one turn and the ratios. CPU time is the whole
process's, for each packet that arrived; both are read over the same seconds.
"""

import asyncio
import statistics
import tempfile
import time
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from bench.cores import Split, born_on, processor_seconds
from bench.media.floor import measured
from bench.media.janus import installed, running_janus
from bench.media.load import Load, Member
from bench.reporting import percentile, progress
from tests.media.node_process import NodeProcess, running_node

WARM_SECONDS: Final = 3.0
TAIL_SECONDS: Final = 0.5
JOINS_AT_ONCE: Final = 6
Joining = Callable[[int], Awaitable[list[Member]]]  # a room of so many, by its number


@dataclass(frozen=True, slots=True)
class Turn:
    """One server's figures. `waited` is how long it was ready to run while others had the core."""

    server: str
    cpu_us_per_packet: float
    latency_p50_ms: float
    latency_p99_ms: float
    delivery: float
    wrong: int
    kb_per_person_joined: float
    kb_per_person_after: float
    waited: float
    switched_off: list[str]


async def turns(sizes: Namespace, cores: Split) -> dict[str, Any]:
    """`sizes.turns` of each, the node first, and what the machine's kernel takes for a packet.
    Raises JanusAbsentError."""
    installed()
    done: list[Turn] = []
    for number in range(sizes.turns):
        progress(f"turn {number + 1} of {sizes.turns}")
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, born_on(cores.others):
            async with running_node(Path(folder), cores.measured) as node:
                joining = _node_rooms(node, sizes.peers)
                done.append(await _turn("node", node.kernel, joining, sizes))
            async with running_janus(Path(folder), cores.measured) as janus:
                names = [str(number) for number in range(sizes.peers)]
                joining = _numbered(janus.room, names)
                done.append(await _turn("janus", janus.kernel, joining, sizes))
    sending = await asyncio.to_thread(measured, cores.measured, sealing=False)
    return {
        "turns": [asdict(turn) for turn in done],
        "sendto_us": round(sending, 2),
        **ratios(done),
    }


def _numbered(
    room: Callable[[int, Sequence[str]], Awaitable[list[Member]]], names: Sequence[str]
) -> Joining:
    return lambda number: room(number + 1, names)


def _node_rooms(node: NodeProcess, peers: int) -> Joining:
    return lambda number: node_room(node, f"room-{number}", peers)


async def node_room(node: NodeProcess, room: str, size: int) -> list[Member]:
    """One room of connected peers with a slot for each other."""
    names = [f"peer-{number}" for number in range(size)]
    await node.want(room, names)
    at_once = asyncio.Semaphore(JOINS_AT_ONCE)

    async def join(name: str) -> Member:
        async with at_once:
            peer = await node.join(room, name, size - 1)
        return Member(peer, peer)

    return list(await asyncio.gather(*(join(name) for name in names)))


async def _turn(server: str, kernel: psutil.Process, joining: Joining, sizes: Namespace) -> Turn:
    """Joins, runs and measures one server."""
    empty = kernel.memory_info().rss
    progress(f"{server}: {sizes.rooms} rooms of {sizes.peers} join")
    rooms = [await joining(number) for number in range(sizes.rooms)]
    joined = kernel.memory_info().rss
    load = Load(rooms, WARM_SECONDS + sizes.seconds + TAIL_SECONDS)
    running = asyncio.create_task(asyncio.to_thread(load.run))
    await asyncio.sleep(WARM_SECONDS)
    began, before = time.monotonic(), processor_seconds(kernel)
    await asyncio.sleep(sizes.seconds)
    took, after = time.monotonic() - began, processor_seconds(kernel)
    grown = kernel.memory_info().rss
    await running
    load.close()
    expected, arrived, latencies = load.delivery(WARM_SECONDS, WARM_SECONDS + sizes.seconds)
    people = sizes.rooms * sizes.peers * 1024
    return Turn(
        server=server,
        cpu_us_per_packet=round((after[0] - before[0]) / took * sizes.seconds / arrived * 1e6, 2),
        latency_p50_ms=round(percentile(latencies, 0.5) / 1e6, 3),
        latency_p99_ms=round(percentile(latencies, 0.99) / 1e6, 3),
        delivery=round(arrived / expected, 6),
        wrong=load.wrong,
        kb_per_person_joined=round((joined - empty) / people, 1),
        kb_per_person_after=round((grown - empty) / people, 1),
        waited=round(after[1] - before[1], 2),
        switched_off=load.switched_off() if server == "node" else [],
    )


def ratios(done: Sequence[Turn]) -> dict[str, float]:
    """Of the node to Janus, each by the median of its turns."""

    def ratio(figure: str) -> float:
        node, janus = (
            statistics.median(getattr(turn, figure) for turn in done if turn.server == server)
            for server in ("node", "janus")
        )
        return float(round(node / janus, 3))

    return {
        "cpu_ratio": ratio("cpu_us_per_packet"),
        "p99_ratio": ratio("latency_p99_ms"),
        "memory_ratio": ratio("kb_per_person_after"),
    }


BOUNDS: Final = {"cpu_ratio": 0.65, "p99_ratio": 0.3, "memory_ratio": 0.4}
LEAST_DELIVERY: Final = 0.999


def missed_beside(result: dict[str, Any]) -> list[str]:
    """The bounds that are missed, as sentences."""
    found = [
        f"{name} {result[name]}, at most {most:g}"
        for name, most in BOUNDS.items()
        if result[name] > most
    ]
    for turn in result["turns"]:
        if turn["delivery"] < LEAST_DELIVERY:
            found.append(
                f"{turn['server']}: delivery {turn['delivery']}, at least {LEAST_DELIVERY}"
            )
        found += [f"{turn['server']}: {sentence}" for sentence in turn["switched_off"]]
        if turn["wrong"]:
            found.append(f"{turn['server']}: {turn['wrong']} packets were not what was sent")
    return found
