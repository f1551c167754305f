"""`python -m bench.media`: rooms of people who all send to all, through one node on one core.

Opus and VP8 packets sealed beforehand go through real ICE, DTLS and SRTP to the running node, a
process of its own that has a core to itself; the load runs on the others. On loopback alone.
Prints microseconds of the node's processor time for each packet it forwards, what arrived and
how late, memory of each peer, and beside it, from the same run and core, what sealing and
sending cost alone. Owns the order of the run, the result's fields and the bounds.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.cores import Split, born_on, split
from bench.media.floor import measured
from bench.media.janus import JanusAbsentError
from bench.media.load import RATES, SIZES, Load
from bench.media.turns import missed_beside, node_room, turns
from bench.reporting import finish, machine, percentile, progress
from server.media.client import NodeLoad
from tests.media.node_process import NodeProcess, running_node

BOUND: Final = 2.7  # processor time of a forwarded packet, in times of the floor of the same run
LEAST_DELIVERY: Final = 0.999
WARM_SECONDS: Final = 3.0
TAIL_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Mark:
    """The node's processor seconds, used and waited for, when it sent its counters."""

    cpu: tuple[float, float]
    load: NodeLoad


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The sizes of a run."""
    parser = argparse.ArgumentParser(prog="python -m bench.media", description=__doc__)
    parser.add_argument("--rooms", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--peers", type=int, default=12, help="in each; default: %(default)s")
    parser.add_argument("--seconds", type=float, default=15.0, help="default: %(default)s")
    parser.add_argument("--bound", type=float, default=BOUND, help="ratio; default: %(default)s")
    beside = "run in turns with the node: janus, which a person installs (apt-get install janus)"
    parser.add_argument("--peer", choices=["janus"], help=beside)
    parser.add_argument("--turns", type=int, default=3, help="of each; default: %(default)s")
    return parser.parse_args(arguments)


async def measure(node: NodeProcess, sizes: argparse.Namespace) -> dict[str, Any]:
    """Joins the rooms and runs them; everything that was found."""
    empty = node.resident_bytes()
    progress(f"{sizes.rooms} rooms of {sizes.peers} join")
    rooms = [await node_room(node, f"room-{room}", sizes.peers) for room in range(sizes.rooms)]
    joined = node.resident_bytes()
    seconds = WARM_SECONDS + sizes.seconds + TAIL_SECONDS
    progress("sealing what will be sent")
    load = Load(rooms, seconds)
    progress(f"running for {seconds:g} s")
    running = asyncio.create_task(asyncio.to_thread(load.run))
    marks = await _marks(node, sizes.seconds)
    ran = node.resident_bytes()
    await running
    load.close()
    people = sizes.rooms * sizes.peers
    return {
        **_costs(marks, sizes.seconds),
        **_arrivals(load, sizes.seconds),
        "switched_off": load.switched_off(),
        "node_kb_per_peer_joined": round((joined - empty) / people / 1024, 1),
        "node_kb_per_peer_after": round((ran - empty) / people / 1024, 1),
        "counters": {name: n for name, n in marks[1].load.counters.items() if n},
    }


async def _marks(node: NodeProcess, seconds: float) -> tuple[Mark, Mark]:
    """Two of the node's words about its load, about so far apart, once it runs evenly."""
    await asyncio.sleep(WARM_SECONDS - 1)
    first = Mark(load=await node.next_load(), cpu=node.cpu_seconds())
    await asyncio.sleep(seconds - 1.5)
    second = Mark(load=await node.next_load(), cpu=node.cpu_seconds())
    return first, second


def _costs(marks: tuple[Mark, Mark], seconds: float) -> dict[str, Any]:
    """Of the whole process, RTCP, checks, timers and control included."""
    first, second = marks
    forwarded = second.load.counters["forwarded"] - first.load.counters["forwarded"]
    received = second.load.counters["received"] - first.load.counters["received"]
    used, waited = (after - before for before, after in zip(first.cpu, second.cpu, strict=True))
    return {
        "cpu_us_per_packet": round(used / max(1, forwarded) * 1e6, 2),
        "cpu_seconds": round(used, 2),
        "waited_for_core_seconds": round(waited, 2),
        "forwarded": forwarded,
        "received": received,
        "seconds": seconds,
    }


def _arrivals(load: Load, seconds: float) -> dict[str, Any]:
    expected, arrived, latencies = load.delivery(WARM_SECONDS, WARM_SECONDS + seconds)
    late = [ns / 1e9 for ns in load.late]
    return {
        "expected": expected,
        "delivery": round(arrived / expected, 6),
        "latency_p50_ms": round(percentile(latencies, 0.5) / 1e6, 3),
        "latency_p99_ms": round(percentile(latencies, 0.99) / 1e6, 3),
        "decrypted": load.sampled,
        "wrong": load.wrong,
        "load_late_p99_ms": round(percentile(late, 0.99) * 1000, 2),
    }


def missed(result: dict[str, Any], bound: float) -> list[str]:
    """The bounds that are missed, as sentences."""
    found = []
    if result["ratio_to_floor"] > bound:
        found.append(
            f"a packet costs {result['ratio_to_floor']} times the floor, at most {bound:g}"
        )
    if result["delivery"] < LEAST_DELIVERY:
        found.append(f"delivery {result['delivery']}, at least {LEAST_DELIVERY}")
    found += result["switched_off"]
    if result["wrong"]:
        found.append(f"{result['wrong']} packets were not what was sent")
    return found


async def run(sizes: argparse.Namespace, cores: Split) -> dict[str, Any]:
    """The node and the load, each on its cores, then the floor on the node's."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, born_on(cores.others):
        async with running_node(Path(folder), cores.measured) as node:
            result = await measure(node, sizes)
        progress("measuring the floor")
        floor = await asyncio.to_thread(measured, cores.measured)
    result["floor_us_per_packet"] = round(floor, 2)
    result["ratio_to_floor"] = round(result["cpu_us_per_packet"] / floor, 2)
    return result


def main(arguments: Sequence[str]) -> int:
    """Runs the benchmark; the exit code."""
    sizes = parse(arguments)
    cores = split()
    described = {
        "bench": "media",
        "machine": machine(),
        "node_alone_on_its_core": cores.pinned,
        "rooms": sizes.rooms,
        "peers": sizes.peers,
        "packets_per_second": dict(RATES),
        "payload_bytes": dict(SIZES),
    }
    if sizes.peer:
        return _beside(described, sizes, cores)
    result = {**described, **asyncio.run(run(sizes, cores))}
    return finish(result, missed(result, sizes.bound))


def _beside(described: dict[str, Any], sizes: argparse.Namespace, cores: Split) -> int:
    """The node in turns with another server."""
    try:
        result = {**described, "peer": sizes.peer, **asyncio.run(turns(sizes, cores))}
    except JanusAbsentError as absent:
        return finish(described, [str(absent)])
    return finish(result, missed_beside(result))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
