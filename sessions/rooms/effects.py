"""What a verb leaves to be done once its rows are committed: events, presence, media.

Owns the kinds of effect and the order in which the event loop carries them out. A verb decides
on its thread and returns its effects; nothing here decides. A crash before an effect is healed by
the ticker, which publishes a room whose version is ahead of its stream.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, assert_never

from sessions.core.refusal import Refuse
from sessions.live.presence import Applied
from sessions.live.store import Call
from sessions.live.stream import Draft
from sessions.nodes.desired import FOREVER, RowFacts
from sessions.rooms.marks import write_all_marks
from sessions.rooms.names import RoomName

if TYPE_CHECKING:
    from sessions.rooms.process import Process

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Publish:
    """An event for the room's stream."""

    draft: Draft


@dataclass(frozen=True, slots=True)
class ChangePresence:
    """A change of who is connected, or of a connection's live fields."""

    call: Call[Applied]


@dataclass(frozen=True, slots=True)
class RevokeMedia:
    """The end of a seat's media for good, directly at the node."""

    seat: str


@dataclass(frozen=True, slots=True)
class WriteDesired:
    """What the room wants of the node from now on."""

    facts: RowFacts


@dataclass(frozen=True, slots=True)
class WriteMarks:
    """The joins and leaves of a room that is over. The ticker would write them too; so that the
    record of a session does not depend on the worker, the end of the session does."""

    room: RoomName


Effect = Publish | ChangePresence | RevokeMedia | WriteDesired | WriteMarks


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What a verb came to in its transaction. `room` is the room's key."""

    value: T
    room: str = ""
    effects: Sequence[Effect] = ()


async def finish(process: "Process", decided: Callable[[], Outcome[T]]) -> T | Refuse:
    """Decides on a thread, then carries the effects out; also of a call that was given up on and
    committed after all. A caller that ends meanwhile (its socket is gone) ends neither."""

    def afterwards(outcome: Outcome[T]) -> None:
        process.tasks.keep(carry_out(process, outcome.room, outcome.effects))

    async def finishing() -> T | Refuse:
        outcome = await process.database.run_to_the_end(decided, afterwards)
        if isinstance(outcome, Refuse):
            return outcome
        await carry_out(process, outcome.room, outcome.effects)
        return outcome.value

    return await asyncio.shield(process.tasks.keep(finishing()))


async def carry_out(process: "Process", room: str, effects: Sequence[Effect]) -> None:
    """Does them in their order. A fault in one does not keep the others from being done."""
    for effect in effects:
        try:
            await _carry_out(process, room, effect)
        except Exception:
            log.exception("an effect of a verb could not be carried out")


async def _carry_out(process: "Process", room: str, effect: Effect) -> None:
    match effect:
        case Publish(draft):
            await process.broadcast.publish(room, draft)
        case ChangePresence(call):
            await process.broadcast.send(room, call)
        case RevokeMedia(seat):
            process.links.revoke(room, seat, FOREVER)
        case WriteDesired(facts):
            await process.desired.write(room, facts)
        case WriteMarks(name):
            await write_all_marks(process, name)
        case _:
            assert_never(effect)
