"""Verbs of staff that were done while no row could be written, and wait for PostgreSQL.

Owns which verbs may act at once on the live state, what they do there, and how they wait, beside
the room's stream, until `rooms.settle` writes them. The script checks who asks: the connection
that holds a seat of the staff, in the room. Knows no rows. When Valkey is lost before the rows
are back, what was unsaved is lost with it; the node's revocation of a removed person stays.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sessions.core.permissions import Verb
from sessions.core.reasons import LeaveReason
from sessions.core.refusal import Refuse
from sessions.live.presence import Applied, Outcome
from sessions.live.store import Answer, Call

READ_LIMIT: Final = 100

WITHOUT_ROWS: Final[Mapping[Verb, Mapping[str, Any]]] = {
    Verb.ROOM_MUTE: {"effect": "microphone", "allowed": False, "reason": "seat.muted"},
    Verb.ROOM_ALLOW_MICROPHONE: {"effect": "microphone", "allowed": True, "reason": ""},
    Verb.ROOM_REMOVE: {
        "effect": "bar",
        "reason": "seat.removed",
        "reason_left": LeaveReason.REMOVED.value,
    },
}
"""The verbs that must not wait: what each does to presence."""

_REFUSED: Final[Mapping[str, str]] = {
    "not_staff": "permission.not_staff",
    "absent": "seat.not_in_room",
    "staff": "seat.staff",
    "full": "store.down",
}


@dataclass(frozen=True, slots=True)
class Unsaved:
    """A verb that was done to the live state, the `number`th of its epoch. `seat` and `by` are
    seats' keys; `version` is what the seat's row was told to have then."""

    number: int
    verb: Verb
    seat: str
    by: str
    at_ms: int
    version: int


@dataclass(frozen=True, slots=True)
class UnsavedVerbs:
    """The oldest verbs that wait, in their order; at most READ_LIMIT."""

    epoch: str
    verbs: tuple[Unsaved, ...]


def act_unsaved(
    room: str,
    verb: Verb,
    seat: str,
    *,
    by: str,
    connection: str,
    generation: int,
    clock_ms: int | None = None,
) -> Call[Applied | Refuse]:
    """Does a verb of WITHOUT_ROWS to the live state now and keeps it until it is written.

    Refuses `permission.not_staff`, `seat.not_in_room`, `seat.staff`, or `store.down`.
    """
    arguments = {
        "verb": verb.value,
        "seat": seat,
        "by": by,
        "connection": connection,
        "generation": generation,
        **WITHOUT_ROWS[verb],
    }
    return Call("act_unsaved", room, _applied, arguments, clock_ms=clock_ms)


def unsaved_after(room: str, epoch: str, number: int) -> Call[UnsavedVerbs]:
    """What waits to be written; forgets what is written, up to (epoch, number)."""
    arguments = {"seen_epoch": epoch, "after": number, "limit": READ_LIMIT}
    return Call("unsaved", room, _unsaved, arguments)


def _applied(answer: Answer) -> Applied | Refuse:
    code = _REFUSED.get(answer["outcome"])
    if code is not None:
        return Refuse(code)
    return Applied(
        Outcome(answer["outcome"]),
        answer["epoch"],
        answer["seq"],
        answer["now_ms"],
        answer["wrote"],
    )


def _unsaved(answer: Answer) -> UnsavedVerbs:
    verbs = tuple(
        Unsaved(number=item["number"], **{**item["unsaved"], "verb": Verb(item["unsaved"]["verb"])})
        for item in json.loads(answer["unsaved"])
    )
    return UnsavedVerbs(answer["epoch"], verbs)
