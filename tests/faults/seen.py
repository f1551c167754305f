"""What the room looks like to one participant: the messages of the socket, taken in order.

Owns the view (people, who waits, the room, whose slot is whose) and its log. The same for a
scripted participant and for a browser whose frames are overheard. Knows no socket.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.faults.log import ClientLog, told_of


@dataclass
class Seen:
    """One participant's view. `last` is the newest (epoch, seq)."""

    log: ClientLog
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)
    room: dict[str, Any] = field(default_factory=dict)
    closing: dict[str, Any] = field(default_factory=dict)
    last: tuple[str, int] | None = None
    media_slots: int = 0
    names: dict[str, str] = field(default_factory=dict)
    owners: dict[int, str] = field(default_factory=dict)

    @property
    def roster(self) -> frozenset[str]:
        """The names in the room; its own among them."""
        return frozenset(person["name"] for person in self.people.values())

    @property
    def is_in_room(self) -> bool:
        return self.log.key in self.people

    def key_of(self, name: str) -> str:
        """The key under which somebody is known here. Raises KeyError for a stranger."""
        return {known: key for key, known in self.names.items()}[name]

    def owner_of(self, slot: int) -> str:
        """The name of the person whose slot this is; empty for nobody."""
        return self.names.get(self.owners.get(slot, ""), "")

    def take(self, message: dict[str, Any], at: float) -> None:
        """One message that is no reply."""
        told = told_of(message, at)
        if told is not None:
            self.log.told.append(told)
            self.last = (told.epoch, told.seq)
        if message["type"] == "media.closed":
            self.log.media_closed.append((at, message["reason"]))
        take = _TAKES.get(message["type"])
        if take is not None:
            take(self, message)


def _snapshot(seen: Seen, message: dict[str, Any]) -> None:
    seen.people = {person["key"]: person for person in message["participants"]}
    seen.waiting = {person["key"]: person for person in message["waiting"]}
    seen.room = message["room"]
    seen.log.key = message["me"]["key"]
    seen.media_slots = message["media_slots"]
    seen.names |= {key: person["name"] for key, person in seen.people.items()}


def _changed(seen: Seen, message: dict[str, Any]) -> None:
    person = message["participant"]
    seen.people[person["key"]] = person
    seen.names[person["key"]] = person["name"]


def _left(seen: Seen, message: dict[str, Any]) -> None:
    seen.people.pop(message["key"], None)


def _waits(seen: Seen, message: dict[str, Any]) -> None:
    seen.waiting[message["waiting"]["key"]] = message["waiting"]


def _waits_no_more(seen: Seen, message: dict[str, Any]) -> None:
    seen.waiting.pop(message["key"], None)


def _room(seen: Seen, message: dict[str, Any]) -> None:
    seen.room = message["room"]


def _owned(seen: Seen, message: dict[str, Any]) -> None:
    seen.owners[message["slot"]] = message["key"] or ""


def _closing(seen: Seen, message: dict[str, Any]) -> None:
    seen.closing = message


_TAKES = {
    "snapshot": _snapshot,
    "participant.changed": _changed,
    "participant.left": _left,
    "waiting.changed": _waits,
    "waiting.left": _waits_no_more,
    "room.changed": _room,
    "media.slot_owned": _owned,
    "closing": _closing,
}
