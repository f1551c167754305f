"""The table of verbs: what each one does to a locked room.

One rule a verb, for signaling (`perform`), for what had to act while PostgreSQL was away
(`settle`) and for the clock alike. A rule takes the locked room and the fields of its message.
"""

from collections.abc import Callable, Mapping
from typing import Final

from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.rooms.locked_room import Change
from sessions.rooms.verbs import agenda, door, ending, people

Rule = Callable[..., Change | Refuse]  # (locked room, the message's fields by name)

RULES: Final[Mapping[Verb, Rule]] = {
    Verb.ROOM_ADMIT: door.admit,
    Verb.ROOM_ADMIT_ALL: door.admit_all,
    Verb.ROOM_START: agenda.start,
    Verb.ROOM_ADVANCE: agenda.advance,
    Verb.ROOM_BACK: agenda.back,
    Verb.ROOM_EXTEND: agenda.extend,
    Verb.ROOM_SHORTEN: agenda.shorten,
    Verb.ROOM_PAUSE: agenda.pause,
    Verb.ROOM_RESUME: agenda.resume,
    Verb.ROOM_END_LATER: agenda.end_later,
    Verb.ROOM_END: ending.end,
    Verb.ROOM_REOPEN: ending.reopen,
    Verb.ROOM_MUTE: people.mute,
    Verb.ROOM_ALLOW_MICROPHONE: people.allow_microphone,
    Verb.ROOM_RAISE_HAND: people.raise_hand,
    Verb.ROOM_LOWER_HAND: people.lower_hand,
    Verb.ROOM_REMOVE: people.remove,
}
