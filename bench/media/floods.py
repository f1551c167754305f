"""`python -m bench.media.floods`: what strangers and a hostile member can do to a running node.

Each flood runs from a thread while two good people in a room of their own talk and see each
other. Prints, for each, what was sent, what the good pair lost, who was closed, and how much the
node grew. On loopback alone, a few seconds each. Owns the floods and their bounds;
docs/media.md names the rule that stops each. The tests run the same floods, smaller.
"""

import argparse
import asyncio
import random
import secrets
import socket
import struct
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from threading import Event
from typing import Any, Final

from bench.cores import born_on, split
from bench.reporting import finish, machine, progress, spread
from server.media import stun
from server.media.dtls import Handshake, Identity
from server.media.messages import PeerClosed
from tests.media.client_peer import ClientPeer
from tests.media.node_process import NodeProcess, running_node

GOOD_ROOM: Final = "good"
SPEAK_SECONDS: Final = 0.02
BURST_SECONDS: Final = 0.005
MOST_GROWN_MB: Final = 20.0
MOST_LOST: Final = 0.01
FLOOD_RATE: Final = 20_000  # datagrams a second
HELLO_RATE: Final = 100
ROOM_SIZE: Final = 10
SETTLE_SECONDS: Final = 1.0

Flood = Callable[[Event], int]  # sends until it has sent enough or is stopped; how many


class GoodPair:
    """Two peers that no flood may disturb."""

    def __init__(self, node: NodeProcess) -> None:
        self.node = node
        self.people: list[ClientPeer] = []

    async def join(self) -> None:
        """Both, connected, in a room of their own."""
        names = ["one", "other"]
        await self.node.want(GOOD_ROOM, names)
        self.people = [await self.node.join(GOOD_ROOM, name, 1) for name in names]

    async def talk_while(self, work: Awaitable[Any]) -> tuple[Any, int, int]:
        """Both speak and show until the work is done; its outcome, packets sent and arrived."""
        running = asyncio.ensure_future(work)
        sent, before = 0, [len(person.arrived) for person in self.people]
        while not running.done():
            for person in self.people:
                person.speak()
                person.show(key=True)
                sent += 2
            await asyncio.sleep(SPEAK_SECONDS)
        got = await self._arrived(before, sent)
        return await running, sent, got

    async def _arrived(self, before: list[int], sent: int) -> int:
        """How many came, as soon as all did or nothing came for SETTLE_SECONDS."""
        got = -1
        while True:
            now = sum(len(p.arrived) - b for p, b in zip(self.people, before, strict=True))
            if now in (got, sent):
                return now
            got = now
            await asyncio.sleep(SETTLE_SECONDS)


async def withstand(node: NodeProcess, pair: GoodPair, flood: Flood) -> dict[str, Any]:
    """One flood from a thread; what it did to the good pair and to the node."""
    stop = Event()
    before, closed = node.resident_bytes(), len(closed_good(node))
    counted = dict((await node.next_load()).counters)
    try:
        flooded, sent, got = await pair.talk_while(asyncio.to_thread(flood, stop))
    finally:
        stop.set()
    await node.next_load()
    after = (await node.next_load()).counters
    return {
        "datagrams": flooded,
        "good_sent": sent,
        "good_lost": round(1 - got / sent, 5),
        "good_closed": len(closed_good(node)) - closed,
        "grown_mb": round((node.resident_bytes() - before) / 2**20, 1),
        "counted": {name: n - counted[name] for name, n in after.items() if n != counted[name]},
    }


def closed_good(node: NodeProcess) -> list[PeerClosed]:
    """Who of the good pair was closed so far."""
    return [t for t in node.notifications if isinstance(t, PeerClosed) and t.room == GOOD_ROOM]


# ---- floods --------------------------------------------------------------------------------


def paced(
    send: Callable[[bytes], object], datagrams: Iterator[bytes], count: int, rate: float
) -> Flood:
    """`count` datagrams, in bursts, `rate` a second; `rate` 0: as fast as they go."""

    def flood(stop: Event) -> int:
        sent, start = 0, time.monotonic()
        while sent < count and not stop.is_set():
            due = count if not rate else min(count, int((time.monotonic() - start) * rate) + 1)
            for _ in range(min(due - sent, 1000)):
                send(next(datagrams))
                sent += 1
            if rate:
                stop.wait(BURST_SECONDS)
        return sent

    return flood


def stranger(address: tuple[str, int]) -> socket.socket:
    """A socket that belongs to nobody, aimed at the node."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.connect(address)
    return made


def garbage(seed: int) -> Iterator[bytes]:
    """Datagrams of every first byte and many sizes, the same ones for each seed."""
    chance = random.Random(seed)  # noqa: S311 - it must be the same again
    made = [chance.randbytes(chance.randrange(0, 1200)) for _ in range(500)]
    starts = [bytes((first,)) + chance.randbytes(60) for first in range(256)]
    return cycle(made + starts)


def client_hellos() -> Iterator[bytes]:
    """ClientHellos, a new one each time."""
    identity = Identity()
    while True:
        hello = Handshake(identity, b"", server=False)
        hello.advance()
        yield from hello.sending()


def hostile(peer: ClientPeer) -> Iterator[bytes]:
    """What a member can send on its own authenticated path: replays, forgeries and nonsense."""
    peer_ssrc = peer.audio.ssrc.to_bytes(4, "big")
    speech = peer.seal(b"\x80\x6f" + bytes(6) + peer_ssrc + b"|hostile|1|")
    slots = [
        ssrc for ssrc, (kind, _, again) in peer.slot_of.items() if kind == "video" and not again
    ]
    nack = struct.pack("!BBHII", 0x81, 205, 66, 1, slots[0] if slots else 1) + b"\0\0\xff\xff" * 64
    forged = bytearray(speech)
    forged[-1] ^= 1
    check = peer.check_request()
    made = [
        speech,  # replayed
        bytes(forged),
        b"\x80\x6f" + secrets.token_bytes(200),
        b"\x80\xc9" + secrets.token_bytes(100),
        b"\x16\xfe\xfd" + secrets.token_bytes(100),
        b"\x17\xfe\xfd\0\x01" + secrets.token_bytes(60),
        check,
        stun.request(secrets.token_bytes(12), f"{peer.remote[0]}:x", b"wrong", nominating=True),
        b"",
    ]
    made += [peer.seal_control(nack * 5) for _ in range(3)]
    made += [peer.check_request() for _ in range(20)]
    return cycle(made)


# ---- the run -------------------------------------------------------------------------------


async def join_among_hellos(node: NodeProcess, joins: int, *, hellos: bool) -> dict[str, Any]:
    """People join one by one while a third address sends ClientHellos; how long each took."""
    prefix = "hello" if hellos else "calm"
    took: list[float] = []
    joined: list[ClientPeer] = []
    rooms = [f"{prefix}-{n}" for n in range(-(-joins // ROOM_SIZE))]
    names = [f"peer-{n}" for n in range(ROOM_SIZE)]
    for room in rooms:
        await node.want(room, names)
    address = (await node.join(rooms[0], names[0], 1)).node
    stop, nobody = Event(), stranger(address)
    flood = paced(nobody.send, client_hellos(), sys.maxsize, HELLO_RATE)
    flooding = asyncio.create_task(asyncio.to_thread(flood, stop)) if hellos else None
    try:
        for number in range(joins):
            start = time.perf_counter()
            peer = await node.join(rooms[number // ROOM_SIZE], names[number % ROOM_SIZE], 1)
            took.append(time.perf_counter() - start)
            joined.append(peer)
    finally:
        stop.set()
        sent = await flooding if flooding else 0
        nobody.close()
        for peer in joined:
            peer.leave()
            peer.close()
    return {"hellos": sent, "joined": len(joined), "asked": joins, **spread(took)}


async def run(sizes: argparse.Namespace, node: NodeProcess) -> dict[str, Any]:
    """All floods, one after the other, on one node."""
    pair = GoodPair(node)
    await pair.join()
    address = pair.people[0].node
    count = int(FLOOD_RATE * sizes.seconds)
    found: dict[str, Any] = {}
    progress(f"{sizes.empty} empty datagrams")
    with stranger(address) as nobody:
        flood = paced(nobody.send, cycle([b""]), sizes.empty, 0)
        found["empty"] = await withstand(node, pair, flood)
    progress(f"{count} datagrams of garbage from a stranger")
    with stranger(address) as nobody:
        flood = paced(nobody.send, garbage(1), count, FLOOD_RATE)
        found["garbage_off_path"] = await withstand(node, pair, flood)
    progress(f"{count} datagrams from a hostile member")
    await node.want("hostile", ["liar", "victim"])
    liar, victim = [await node.join("hostile", name, 1) for name in ("liar", "victim")]
    victim.show(key=True)
    found["garbage_on_path"] = await withstand(
        node, pair, paced(liar.send_raw, hostile(liar), count, FLOOD_RATE)
    )
    progress("joins, calm and among ClientHellos")
    found["joins_calm"] = await join_among_hellos(node, sizes.joins, hellos=False)
    found["joins_among_hellos"] = await join_among_hellos(node, sizes.joins, hellos=True)
    return found


def missed(found: dict[str, Any]) -> list[str]:
    """The bounds that are missed, as sentences."""
    out = []
    for name, one in found.items():
        if "grown_mb" in one:
            if one["grown_mb"] > MOST_GROWN_MB:
                out.append(f"{name}: grown by {one['grown_mb']} MB")
            if one["good_lost"] >= MOST_LOST:
                out.append(f"{name}: the good pair lost {one['good_lost']}")
            if one["good_closed"]:
                out.append(f"{name}: closed {one['good_closed']} of the good pair")
            if one["counted"].get("faults"):
                out.append(f"{name}: {one['counted']['faults']} faults")
        elif one["joined"] != one["asked"]:
            out.append(f"{name}: {one['joined']} of {one['asked']} joined")
    return out


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The sizes of a run."""
    parser = argparse.ArgumentParser(prog="python -m bench.media.floods", description=__doc__)
    parser.add_argument("--empty", type=int, default=1_000_000, help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=8.0, help="default: %(default)s")
    parser.add_argument("--joins", type=int, default=200, help="default: %(default)s")
    return parser.parse_args(arguments)


async def measured(sizes: argparse.Namespace) -> dict[str, Any]:
    """The floods against a node that has a core to itself."""
    cores = split()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, born_on(cores.others):
        async with running_node(Path(folder), cores.measured) as node:
            return await run(sizes, node)


def main(arguments: Sequence[str]) -> int:
    """Runs them; the exit code."""
    sizes = parse(arguments)
    before = machine()
    found = asyncio.run(measured(sizes))
    return finish({"bench": "media_floods", "machine": before, **found}, missed(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
