"""`python -m bench.room`: rooms of twelve over websockets; from a tap to the last receipt.

Forty rooms of twelve real websockets through the real web process, which has a core to itself;
PostgreSQL (every commit on disk), Valkey, worker, media node and the browsers share the others.
Each browser pings as the room's page does, each facilitator taps a verb every two seconds.
Owns the order of the run, the result's fields and the bound.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

from bench.cores import split
from bench.reporting import finish, machine, progress, spread
from bench.stack import Stack, running_stack

BOUND: Final = 4.0  # a verb at p99, in times of the two floors of the same run
EVERY_S: Final = 2.0  # between two verbs of one room
WARM_S: Final = 3.0
SETTLE_S: Final = 2.0
ENVELOPE: Final = 80  # bytes around the room in a message: type, epoch, seq


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The sizes of a run."""
    parser = argparse.ArgumentParser(prog="python -m bench.room", description=__doc__)
    parser.add_argument("--rooms", type=int, default=40, help="default: %(default)s")
    parser.add_argument("--people", type=int, default=12, help="in each; default: %(default)s")
    parser.add_argument("--seconds", type=float, default=25.0, help="default: %(default)s")
    parser.add_argument("--joins", type=float, default=15.0, help="a second; default: %(default)s")
    parser.add_argument("--no-floors", action="store_true", help="leave out what it is held to")
    parser.add_argument("--floor-seconds", type=float, default=6.0, help="default: %(default)s")
    parser.add_argument("--bound", type=float, default=BOUND, help="ratio; default: %(default)s")
    return parser.parse_args(arguments)


async def measure(stack: Stack, groups: list[Any], sizes: argparse.Namespace) -> dict[str, Any]:
    """Joins, opens and runs the rooms; everything that was found."""
    from bench.room import load

    rooms = [load.LiveRoom(stack.origin, group) for group in groups]
    connections = sizes.rooms * sizes.people
    before = stack.resident_bytes("web")
    joined = load.Times()
    progress(f"{connections} people join, {sizes.joins:g} a second")
    await load.join_all(rooms, 1 / sizes.joins, joined)
    await load.begin_all(rooms)
    await asyncio.sleep(SETTLE_S)
    grown = stack.resident_bytes("web") - before
    await load.tap_all(rooms, WARM_S, EVERY_S)
    progress(f"{sizes.rooms} facilitators tap for {sizes.seconds:g} s")
    tapped, used = await _busy(stack, load.tap_all(rooms, sizes.seconds, EVERY_S))
    pongs = [took for room in rooms for member in room.members for took in member.browser.pongs]
    load.drop_all(rooms)
    shown = json.dumps(rooms[0].members[0].room, separators=(",", ":"))
    return {
        "room_changed_bytes": len(shown) + ENVELOPE,
        "connections": connections,
        "join_to_snapshot": spread(joined.joins),
        "joins_tried_again": joined.refused,
        "verb_to_last_receipt": spread(tapped.verbs),
        "verb_to_first_receipt": spread(tapped.firsts),
        "verb_to_reply": spread(tapped.replies),
        "ping_to_pong": spread(pongs),
        "bytes_per_connection": round(grown / connections),
        **used,
    }


async def _busy(stack: Stack, work: Any) -> tuple[Any, dict[str, Any]]:
    """The work's outcome; meanwhile, of each process, the share of a core that it used, and the
    seconds for which it was ready to run and others had its core."""
    began, own = time.perf_counter(), time.process_time()
    used, waited = stack.cpu_seconds(), stack.waited_seconds()
    outcome = await work
    took = time.perf_counter() - began
    shares = {name: (now - used[name]) / took for name, now in stack.cpu_seconds().items()}
    shares["browsers"] = (time.process_time() - own) / took
    since = {name: now - waited[name] for name, now in stack.waited_seconds().items()}
    return outcome, {"cpu_share": _rounded(shares), "waited_for_core_seconds": _rounded(since)}


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(figure, 3) for name, figure in figures.items()}


def floors(stack: Stack, sizes: argparse.Namespace, size: int) -> dict[str, Any]:
    """The bare transaction, and the bare broadcast with the web process out of the way."""
    from bench.room import floors

    progress(f"the floors, for {sizes.floor_seconds:g} s each")
    stack.stop("web")
    bare = floors.broadcasts(
        stack,
        sizes.rooms,
        sizes.people,
        seconds=sizes.floor_seconds,
        every_s=EVERY_S,
        size=size,
    )
    return {
        "transaction": floors.transactions(stack.database, sizes.floor_seconds),
        "broadcast": asyncio.run(bare),
    }


def ratio(found: dict[str, Any], share: str) -> float:
    """How many times the two floors together a verb takes."""
    bare = sum(floor[share] for floor in found["floors"].values())
    return round(float(found["verb_to_last_receipt"][share]) / float(bare), 2)


def missed(result: dict[str, Any], bound: float) -> list[str]:
    """The bound as a sentence, if it is missed. Without floors there is nothing to hold it to."""
    if result["verb_to_last_receipt"]["p99_ms"] is None:
        return ["no verb was received by everybody"]
    found = result.get("ratio_to_floors_p99")
    if found is None or found <= bound:
        return []
    return [f"verb_to_last_receipt p99 is {found} times the floors, at most {bound:g}"]


def main(arguments: Sequence[str]) -> int:
    """Runs the benchmark; the exit code."""
    sizes = parse(arguments)
    cores = split()
    before = machine()
    progress("starting PostgreSQL, Valkey, web, worker and media")
    with running_stack(cores) as stack:
        from bench.room import programme

        groups = programme.make(sizes.rooms, sizes.people)
        with stack.explained("web"):
            result = asyncio.run(measure(stack, groups, sizes))
        if not sizes.no_floors:
            result["floors"] = floors(stack, sizes, result["room_changed_bytes"])
            result |= {
                f"ratio_to_floors_{one}": ratio(result, f"{one}_ms") for one in ("p50", "p99")
            }
    result = {
        "bench": "room",
        "machine": before,
        "web_alone_on_its_core": cores.pinned,
        "rooms": sizes.rooms,
        "people": sizes.people,
        "seconds": sizes.seconds,
        **result,
    }
    return finish(result, missed(result, sizes.bound))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
