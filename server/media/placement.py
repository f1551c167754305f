"""Which node has which room: leases, placements, and who must let go of what.

Pure, and shared by both sides: web processes decide where a room goes (`decide`), nodes decide
whether they still have it (`fate`) and whether they may forward at all (`Fence`). A placement
bears a generation, which only rises: of two that name different nodes the higher counts. Owns
the keys and the one script that writes a placement. Must not know how the store is reached.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from importlib.resources import files
from typing import Final

from pydantic import TypeAdapter, ValidationError

from server.media.messages import Generation, Id, message

LEASE_MS: Final = 3000  # renewed each second
NODES_KEY: Final = "media:nodes"  # the set of all nodes that ever had a lease here
BORN_KEY: Final = "media:born"  # when (ms) the first lease was taken in this store
SETTLE_MS: Final = 1500  # so long after that every node has announced the rooms it holds
KEEP_S: Final = 24 * 3600  # a room that is never placed again is forgotten
PEERS_OF_A_ROOM: Final = 12  # what a room that was just placed will weigh
SLEPT_SECONDS: Final = 1.5  # below the two seconds after which a silent node's rooms are moved

PLACE: Final = (files(__package__) / "place.lua").read_text()


@message
class Placement:
    """The room is on this node; a higher generation replaces a lower one."""

    node: Id
    generation: Generation


@message
class Load:
    """How busy a node is: connected peers, and packets sent in a second."""

    peers: int
    packets_per_second: int


@message
class Lease:
    """A live node: where web processes connect to, its UDP port, and whether it takes rooms."""

    control: str
    port: int
    load: Load
    draining: bool = False


_PLACEMENT: TypeAdapter[Placement] = TypeAdapter(Placement)
_LEASE: TypeAdapter[Lease] = TypeAdapter(Lease)


def placement_key(room: str) -> str:
    """Where the room's placement is kept; the braces are a hash tag."""
    return f"media:{{{room}}}:placement"


def lease_key(node: str) -> str:
    """Where a live node's lease is."""
    return f"media:node:{node}"


def lease_json(lease: Lease) -> bytes:
    """What `lease_key(node)` holds."""
    return _LEASE.dump_json(lease)


def read_lease(value: bytes | str | None) -> Lease | None:
    """None when there is none, or it is none."""
    try:
        return None if value is None else _LEASE.validate_json(value)
    except ValidationError:
        return None


def read_placement(value: bytes | str | None) -> Placement | None:
    """None when there is none, or it is none."""
    try:
        return None if value is None else _PLACEMENT.validate_json(value)
    except ValidationError:
        return None


# ---- where a room goes ---------------------------------------------------------------------


class NodeState(Enum):
    """What a web process knows of a node, by its own control connection to it."""

    UP = "up"
    DRAINING = "draining"  # up, but it gives its rooms away
    TRYING = "trying"  # not heard yet, and not failed yet
    LOST = "lost"  # the connection broke or fell silent and could not be made again


@dataclass(frozen=True, slots=True)
class Seen:
    """A node as a web process sees it. `weight` is peers, those that will come included."""

    state: NodeState
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Stay:
    """The room is where it should be."""

    placement: Placement


@dataclass(frozen=True, slots=True)
class Hold:
    """The store lost a placement that this process remembers: write it back."""

    placement: Placement


@dataclass(frozen=True, slots=True)
class Move:
    """Place the room on this node; `after` is the generation that this follows."""

    node: str
    after: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be said yet: look again when something changes."""


Decision = Stay | Hold | Move | Wait


def decide(
    room: str,
    record: Placement | None,
    known: Placement | None,
    nodes: Mapping[str, Seen],
    *,
    settled: bool,
) -> Decision:
    """Where the room goes. `record` is the store's word, `known` what this process went by
    last, `nodes` all that are leased or connected. `settled`: the store is old enough for every
    node to have announced itself and what it holds; then one that is not among them is lost."""
    if record is None:
        if known is not None and _is(nodes, known.node, NodeState.UP):
            return Hold(known)
        target = choose(room, nodes)
        after = known.generation if known else 0
        return Move(target, after) if target is not None and settled else Wait()
    unseen = NodeState.LOST if settled else NodeState.TRYING
    seen = nodes.get(record.node, Seen(unseen))
    if seen.state is NodeState.UP:
        return Stay(record)
    if seen.state is NodeState.TRYING:
        return Wait()
    target = choose(room, nodes)
    if target is not None:
        return Move(target, record.generation)
    return Stay(record) if seen.state is NodeState.DRAINING else Wait()


def choose(room: str, nodes: Mapping[str, Seen]) -> str | None:
    """The least loaded node that is up. Ties are broken by room, so that many rooms that
    open at once spread, and two web processes choose alike."""
    up = [name for name, seen in nodes.items() if seen.state is NodeState.UP]
    return min(up, key=lambda name: (nodes[name].weight, _rank(room, name)), default=None)


def _is(nodes: Mapping[str, Seen], node: str, state: NodeState) -> bool:
    return node in nodes and nodes[node].state is state


def _rank(room: str, node: str) -> bytes:
    return hashlib.blake2b(f"{room} {node}".encode(), digest_size=8).digest()


# ---- what a node lets go of ----------------------------------------------------------------


class Fate(Enum):
    """What a node does with a room that it has."""

    KEEP = "keep"
    ANNOUNCE = "announce"  # the store does not know it, or knows less than we
    DROP = "drop"  # it is another node's


def fate(node: str, held: int, record: Placement | None) -> Fate:
    """`held` is the generation under which `node` was last given the room; 0: by nobody."""
    if record is None:
        return Fate.ANNOUNCE if held else Fate.KEEP
    if record.node == node:
        return Fate.KEEP
    return Fate.DROP if record.generation >= held else Fate.ANNOUNCE


class Fence:
    """Whether a node may send anything, by its own clock. Closed by a sleep of SLEPT_SECONDS or
    more between two beats (a stopped process, a paused machine), during which its rooms may
    have been moved; opened by a look at the placements that began after the sleep was noticed.

    `until` is for the packet path: after that instant nothing may be sent.
    """

    def __init__(self, now: float) -> None:
        self.until = now + SLEPT_SECONDS
        self._beat_at = now
        self._slept_at: float | None = None  # when the last sleep was noticed, until a look

    @property
    def closed(self) -> bool:
        """A sleep was noticed, and no look at the placements came after it."""
        return self._slept_at is not None

    def beat(self, now: float) -> bool:
        """Many times a second. False when this is the first after a sleep."""
        slept = now - self._beat_at > SLEPT_SECONDS
        self._beat_at = now
        if slept:
            self._slept_at = now
        self.until = float("-inf") if self.closed else now + SLEPT_SECONDS
        return not slept

    def looked(self, asked_at: float, now: float) -> None:
        """The placements were read, asked for at `asked_at`, and obeyed."""
        self.beat(now)
        if self._slept_at is not None and asked_at >= self._slept_at:
            self._slept_at = None
            self.until = now + SLEPT_SECONDS
