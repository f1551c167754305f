"""What a room wants of its media node: who may be there, and what each may send.

Owns the desired value of a room and the fencing numbers in it. The value is level-triggered: it
is written to Valkey, where the nodes look by themselves; what goes over the links is only a
wake-up. The rows' part of it is an argument (`RowFacts`). Knows seats by key and generation,
never a name; must not know rows or messages to browsers.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, cast

from server.media.client import DesiredPeer, DesiredRoom, desired_json, desired_key
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.presence import Place, Roster
from sessions.live.store import AWAY, DOWN, KEEP_S, LEASE_MS, Store
from sessions.nodes.links import NodeLinks

FIRST_MS: Final = 3_000  # from the first seat's row to the first value of the room's first epoch
FOREVER: Final = 2**53 - 1  # a generation above any other: revoked, a peer never comes back


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What the rows say of a room: that media is `wanted`, that it is `on` (no break), and when
    the first seat was taken (ms since 1970; None: nobody was in yet). `room_version` and
    `read_ms`, on the rooms' clock, say which of two readings is the later one."""

    wanted: bool
    on: bool
    first_in_ms: int | None = None
    room_version: int = 0
    read_ms: int = 0


@dataclass(frozen=True, slots=True)
class _Number:
    """A fresh version, and since when (ms) values of its epoch are written. `facts`: what the
    rows said for the newest value, as JSON of `_Kept`; empty: there is none."""

    version: int
    now_ms: int
    epoch: str
    began_ms: int
    facts: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of the rows beside a value. `complete`: everybody who was in has had the time
    to register again."""

    wanted: bool
    on: bool
    complete: bool
    room_version: int = 0
    read_ms: int = 0


class Late:
    """Another value was put meanwhile, with a higher number or from rows that were read later,
    and not with both."""


class DesiredRooms:
    """Writes the values of all rooms of one process."""

    def __init__(self, store: Store, links: NodeLinks) -> None:
        self._store = store
        self._links = links
        self._incomplete: set[str] = set()  # rooms whose value this process wrote incomplete

    async def write(self, room: str, facts: RowFacts) -> DesiredRoom | Refuse:
        """Writes what the room wants of the node now, and wakes the node. Refuses `store.down`
        when Valkey is away."""
        return await self._write(room, facts)

    async def write_without_rows(self, room: str) -> DesiredRoom | Refuse:
        """`write` while PostgreSQL is away: presence says who is in the room and may speak; the
        rest is what the rows said last. Refuses `store.down` when they said nothing since Valkey
        began."""
        return await self._write(room, None)

    def is_incomplete(self, room: str) -> bool:
        """Whether the room's value has to be written again: Valkey had come back empty, and not
        everybody had registered again when it was written."""
        return room in self._incomplete

    async def generation_of(self, room: str, seat: str, *, known: int, new: bool) -> int | Refuse:
        """The fencing number of a seat's media, which outlives a dropped websocket.

        `new`: another page has taken the seat, and what an older page sends ends. `known` is the
        number that this connection had before, for a Valkey that came back empty; 0: none.
        """
        arguments: list[Any] = [KEEP_S, seat, known, "new" if new else "keep"]
        try:
            found = await self._store.evaluate("media/generation", [_peers_key(room)], arguments)
        except AWAY:
            return DOWN
        return int(found)

    async def end_generation(self, room: str, seat: str) -> int | None:
        """Ends the generation that a seat's media has now; which one. None, the newest that the
        node knows, when Valkey cannot say."""
        try:
            following = int(
                await cast("Any", self._store.client.hincrby(_peers_key(room), seat, 1))
            )
            await self._store.client.expire(_peers_key(room), KEEP_S)
        except AWAY:
            return None
        return following - 1

    async def _write(self, room: str, facts: RowFacts | None) -> DesiredRoom | Refuse:
        try:
            while isinstance(written := await self._try(room, facts), Late):
                pass  # the next number is the highest, and comes with the rows that were put
        except AWAY:
            return DOWN
        if isinstance(written, Refuse):
            return written
        (self._incomplete.discard if written.complete else self._incomplete.add)(room)
        self._links.apply(written)
        return written

    async def _try(self, room: str, facts: RowFacts | None) -> "DesiredRoom | Refuse | Late":
        """The number is taken before presence is read, so a value with a higher number has read
        all that a lower one has; of two readings of the rows the later one counts."""
        number = await self._take_number(room)
        roster = await self._store.run(presence.roster(room))
        if isinstance(roster, Refuse):
            return roster
        kept = _newest(facts, roster, number)
        if kept is None:
            return DOWN
        desired = desired_of(roster, await self._generations(room), room, number.version, kept)
        return desired if await self._put(desired, number, kept) else Late()

    async def _take_number(self, room: str) -> _Number:
        found = await self._store.evaluate("media/number", [_numbers_key(room)], [KEEP_S])
        return _Number(**json.loads(found))

    async def _generations(self, room: str) -> dict[str, int]:
        found = await cast("Any", self._store.client.hgetall(_peers_key(room)))
        return {seat: int(value) for seat, value in found.items()}

    async def _put(self, desired: DesiredRoom, number: _Number, kept: _Kept) -> bool:
        """False: the value that stands there has either a higher number or later rows."""
        began_ms = number.began_ms if desired.epoch == number.epoch else number.now_ms
        keys = [_numbers_key(desired.room), desired_key(desired.room)]
        value, facts = desired_json(desired), json.dumps(asdict(kept))
        order = [kept.room_version, kept.read_ms]
        arguments = [KEEP_S, desired.version, desired.epoch, began_ms, value, facts, *order]
        return int(await self._store.evaluate("media/put", keys, arguments)) >= 0


def desired_of(
    roster: Roster, generations: Mapping[str, int], room: str, version: int, kept: _Kept
) -> DesiredRoom:
    """The value, pure: everyone in the room while it is `wanted`; nothing is sent unless media
    is `on` (a break), and no sound by somebody whose microphone is not allowed. Where a link is
    narrow, staff are seen and heard last of all to go."""
    peers = {
        entry.seat: DesiredPeer(
            generation=generations.get(entry.seat, entry.generation),
            send_audio=kept.on and entry.microphone_allowed,
            send_video=kept.on,
            receive=kept.on,
            priority=entry.staff,
        )
        for entry in (roster.at(Place.ROOM) if kept.wanted else ())
    }
    return DesiredRoom(
        room=room, epoch=roster.epoch, version=version, complete=kept.complete, peers=peers
    )


def _newest(facts: RowFacts | None, roster: Roster, number: _Number) -> _Kept | None:
    """What the rows say: as they were read for this value, or for one before it, whichever was
    read later. None: they were never read since Valkey began."""
    before = _Kept(**json.loads(number.facts)) if number.facts else None
    if facts is None or (before and _order(before) > _order(facts)):
        return before and _kept_before(before, roster, number)
    return _kept(facts, roster.epoch, number)


def _order(facts: RowFacts | _Kept) -> tuple[int, int]:
    return facts.room_version, facts.read_ms


def _kept(facts: RowFacts, epoch: str, number: _Number) -> _Kept:
    """A value of an empty Valkey counts once everybody has had a lease's time to register again;
    the node closes nobody before that. A room that nobody was in before is complete at once."""
    complete = _has_lasted(epoch, number)
    if not complete:
        began_ms = number.began_ms if epoch == number.epoch else number.now_ms
        complete = facts.first_in_ms is None or facts.first_in_ms >= began_ms - FIRST_MS
    return _Kept(facts.wanted, facts.on, complete, facts.room_version, facts.read_ms)


def _kept_before(before: _Kept, roster: Roster, number: _Number) -> _Kept:
    """A value that was complete stays so within its epoch."""
    same = roster.epoch == number.epoch
    return replace(before, complete=_has_lasted(roster.epoch, number) or (same and before.complete))


def _has_lasted(epoch: str, number: _Number) -> bool:
    return epoch == number.epoch and number.now_ms - number.began_ms >= LEASE_MS


def _numbers_key(room: str) -> str:
    return f"media:{{{room}}}:numbers"


def _peers_key(room: str) -> str:
    return f"media:{{{room}}}:generations"
