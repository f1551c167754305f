"""One participant's view of the room, from messages in order."""

from typing import Any

from tests.faults.log import ClientLog, Told
from tests.faults.seen import Seen


def person(name: str, **change: Any) -> dict[str, Any]:
    return {"key": f"k-{name}", "name": name, "away": False, **change}


def snapshot(*names: str, epoch: str = "e1", seq: int = 1) -> dict[str, Any]:
    return {
        "type": "snapshot",
        "epoch": epoch,
        "seq": seq,
        "room": {"version": 1},
        "me": {"key": "k-Sam"},
        "participants": [person(name) for name in names],
        "waiting": [],
        "media_slots": 13,
    }


def changed(name: str, seq: int, **change: Any) -> dict[str, Any]:
    stamp = {"type": "participant.changed", "epoch": "e1", "seq": seq}
    return {**stamp, "participant": person(name, **change)}


def test_roster_follows_the_messages() -> None:
    seen = Seen(ClientLog("Sam"))
    seen.take(snapshot("Sam", "Joe"), 1.0)
    seen.take(changed("Ana", 2), 2.0)
    seen.take({"type": "participant.left", "epoch": "e1", "seq": 3, "key": "k-Joe"}, 3.0)
    assert seen.roster == {"Sam", "Ana"}
    assert (seen.is_in_room, seen.last) == (True, ("e1", 3))


def test_log_has_whom_an_event_is_about_and_when() -> None:
    """Kills: taking a snapshot's list of who waits for the person it is about."""
    seen = Seen(ClientLog("Sam"))
    seen.take(snapshot("Sam"), 1.0)
    seen.take(changed("Joe", 2, away=True), 2.0)
    assert seen.log.told == [
        Told(1.0, "snapshot", "e1", 1, people=frozenset({"k-Sam"})),
        Told(2.0, "participant.changed", "e1", 2, "k-Joe", away=True),
    ]


def test_slot_is_known_by_its_owners_name() -> None:
    seen = Seen(ClientLog("Sam"))
    seen.take(snapshot("Sam", "Joe"), 1.0)
    seen.take({"type": "media.slot_owned", "slot": 4, "key": "k-Joe", "csrc": 7}, 2.0)
    assert (seen.owner_of(4), seen.owner_of(5)) == ("Joe", "")
    seen.take({"type": "media.slot_owned", "slot": 4, "key": None, "csrc": 0}, 3.0)
    assert seen.owner_of(4) == ""


def test_media_closed_is_logged_with_its_reason() -> None:
    seen = Seen(ClientLog("Sam"))
    seen.take({"type": "media.closed", "reason": "node_lost", "again": True}, 5.0)
    assert seen.log.media_closed == [(5.0, "node_lost")]
