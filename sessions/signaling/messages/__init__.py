"""Every message between the room in the browser and the server: one frozen class each.

A module for each subject owns its names, fields, verbs and rule ids; here they are gathered:
what a browser may send, and what the server may. Nothing else lists them: the dispatcher, the
TypeScript types, docs/protocol.md and the tests go over these two tuples. Knows no Django and no
rules. Instants are milliseconds since 1970 (UTC), lengths are milliseconds: a browser reads both
without parsing. People appear as `key`s, opaque ids that lead nowhere outside the room.
"""

from functools import reduce
from operator import or_
from typing import Annotated, Any, Final

from pydantic import Field

from sessions.signaling.messages import agenda, connection, door, me, media, parts, people, room
from sessions.signaling.messages.base import declared_in, is_command

_SUBJECTS: Final = (connection, media, me, door, room, agenda, people, parts)
_ALL: Final = tuple(kind for subject in _SUBJECTS for kind in declared_in(subject))

COMMANDS: Final = tuple(kind for kind in _ALL if is_command(kind))
EVENTS: Final = tuple(kind for kind in _ALL if not is_command(kind))


def _one_of(kinds: tuple[type, ...]) -> Any:
    """Their union, discriminated by `type`."""
    by_type: Any = Field(discriminator="type")
    return Annotated[reduce(or_, kinds), by_type]


Command: Final = _one_of(COMMANDS)
Event: Final = _one_of(EVENTS)
