"""One sample of every command, which feeds every test that goes over all of them: services,
permissions, sockets, frames.

A command without a sample fails `tests/signaling/test_frames.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sessions.core.permissions import Verb
from sessions.signaling.messages import COMMANDS, agenda, connection, door, me, media, people, room
from sessions.signaling.messages.base import name_of, verb_of


@dataclass(frozen=True)
class About:
    """What a sample is about: the key of somebody's seat, and the segment on the clock."""

    key: str = "nobody"
    index: int = 0


Arguments = dict[str, Any]
NOBODY: Final = About()

SAMPLES: Final[Mapping[type, Callable[[About], Arguments]]] = {
    connection.Hello: lambda _: {},
    connection.Ping: lambda _: {},
    connection.Resync: lambda _: {},
    media.MediaOffer: lambda _: {"sdp": "v=0"},
    media.AskRelay: lambda _: {},
    media.MediaView: lambda _: {"tiles": [{"slot": 0, "width": 320, "height": 180}]},
    me.SetMicrophone: lambda _: {"on": True},
    me.SetCamera: lambda _: {"on": True},
    me.SetHand: lambda _: {"raised": True},
    door.Admit: lambda about: {"key": about.key},
    door.AdmitAll: lambda _: {},
    room.Start: lambda _: {},
    agenda.Advance: lambda about: {"index": about.index},
    agenda.Back: lambda about: {"index": about.index + 1},
    agenda.Extend: lambda _: {"minutes": 5},
    agenda.Shorten: lambda _: {"minutes": 5},
    agenda.Pause: lambda _: {},
    agenda.Resume: lambda _: {},
    agenda.EndLater: lambda _: {"minutes": 5},
    people.Mute: lambda about: {"key": about.key},
    people.AllowMicrophone: lambda about: {"key": about.key},
    people.LowerHand: lambda about: {"key": about.key},
    people.ShowLarge: lambda about: {"key": about.key},
    people.Remove: lambda about: {"key": about.key},
    room.End: lambda _: {},
    room.Reopen: lambda _: {},
    me.Leave: lambda _: {},
}
"""In an order in which none keeps a later one from being asked."""


def sample(kind: type, about: About = NOBODY) -> Arguments:
    """What the command says beside its `type` and `id`."""
    return SAMPLES[kind](about)


def frame(kind: type, number: int = 1, about: About = NOBODY) -> Arguments:
    """The whole command as it travels."""
    return {"type": name_of(kind), "id": number, **sample(kind, about)}


def sample_of(verb: Verb, about: About = NOBODY) -> Arguments:
    """The arguments of a verb that one command alone asks for."""
    (kind,) = (kind for kind in COMMANDS if verb_of(kind) is verb)
    return sample(kind, about)
