"""One sample of the arguments of each verb of a room."""

from collections.abc import Mapping
from typing import Any

from sessions.core.permissions import Verb

ARGUMENTS: Mapping[Verb, Mapping[str, Any]] = {
    Verb.ROOM_ADMIT: {"key": "nobody"},
    Verb.ROOM_ADMIT_ALL: {},
    Verb.ROOM_START: {},
    Verb.ROOM_ADVANCE: {"index": 0},
    Verb.ROOM_BACK: {"index": 1},
    Verb.ROOM_EXTEND: {"minutes": 5},
    Verb.ROOM_SHORTEN: {"minutes": 5},
    Verb.ROOM_PAUSE: {},
    Verb.ROOM_RESUME: {},
    Verb.ROOM_END_LATER: {"minutes": 10},
    Verb.ROOM_END: {},
    Verb.ROOM_REOPEN: {},
    Verb.ROOM_MUTE: {"key": "nobody"},
    Verb.ROOM_ALLOW_MICROPHONE: {"key": "nobody"},
    Verb.ROOM_RAISE_HAND: {"raised": True},
    Verb.ROOM_LOWER_HAND: {"key": "nobody"},
    Verb.ROOM_REMOVE: {"key": "nobody"},
}


def arguments(verb: Verb, key: str) -> dict[str, Any]:
    """The sample of a verb; one that is about somebody is about the seat of this key."""
    sample = dict(ARGUMENTS[verb])
    return sample | {"key": key} if "key" in sample else sample
