"""The six rules against logs in which one thing is wrong. Each test names the mutation it kills:
a checker that does not look, or looks in the wrong place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.invariants import (
    Mark,
    absences,
    audit_is_complete,
    marks_pair,
    nobody_after,
    nobody_invisible,
    numbers_hold,
    roster_is_live,
)
from tests.faults.log import Asked, ClientLog, Told

SAM, JOE = "key-sam", "key-joe"
BOTH = frozenset({SAM, JOE})


def snapshot(seq: int, at: float = 0.0, epoch: str = "e1", people: frozenset[str] = BOTH) -> Told:
    return Told(at, "snapshot", epoch, seq, people=people)


def changed(seq: int, at: float = 1.0, key: str = SAM, epoch: str = "e1") -> Told:
    return Told(at, "participant.changed", epoch, seq, key)


def hands(seq: int, at: float = 1.0) -> Told:
    return Told(at, "part.changed", "e1", seq)


def left(seq: int, at: float, key: str = SAM) -> Told:
    return Told(at, "participant.left", "e1", seq, key)


def log(name: str, *told: Told, key: str = "") -> ClientLog:
    return ClientLog(name, key, told=list(told))


# ---- I1 ----------------------------------------------------------------------------------------


def test_i1_ghost_and_missing_person_are_both_named() -> None:
    """Kills: comparing sizes."""
    live = frozenset({"Sam", "Joe"})
    shown = {"Sam": live, "Joe": frozenset({"Joe", "Ana"})}
    assert roster_is_live(shown, live) == ["Joe misses ['Sam'] and shows ['Ana']"]


# ---- I2 ----------------------------------------------------------------------------------------


def test_i2_holds_for_what_everyone_is_told_once_and_in_order() -> None:
    whole = [snapshot(3), changed(4), changed(5), changed(6)]
    assert numbers_hold([log("Sam", *whole), log("Joe", *whole)]) == []


def test_i2_event_that_others_were_told_is_missed() -> None:
    """Kills: looking for holes in one's own log alone."""
    sam = log("Sam", snapshot(3), changed(4), changed(5), changed(6))
    joe = log("Joe", snapshot(3), changed(4), changed(6))
    assert numbers_hold([sam, joe]) == ["Joe was not told [5] of its epoch"]


def test_i2_change_of_a_part_that_others_were_told_is_missed() -> None:
    """Kills: raised hands that are no longer counted since they are a part of the room."""
    sam = log("Sam", snapshot(3), hands(4), changed(5))
    joe = log("Joe", snapshot(3), changed(5))
    assert numbers_hold([sam, joe]) == ["Joe was not told [4] of its epoch"]


def test_i2_event_after_the_last_is_missed_by_whoever_has_settled() -> None:
    """Kills: judging only up to the client's own last number."""
    sam = log("Sam", snapshot(3), changed(4), changed(5))
    joe = log("Joe", snapshot(3), changed(4))
    assert numbers_hold([sam, joe]) == []
    found = numbers_hold([sam, joe], settled=frozenset({"Joe"}))
    assert found == ["Joe was not told [5] of its epoch"]


def test_i2_tab_that_was_refused_at_once_was_told_nothing_and_misses_nothing() -> None:
    assert numbers_hold([log("Sam", snapshot(3), changed(4)), log("Sam, tab 2")]) == []


def test_i2_number_told_twice_is_found() -> None:
    sam = log("Sam", snapshot(3), changed(4), changed(4))
    assert numbers_hold([sam]) == ["Sam was told participant.changed 4 twice"]


def test_i2_number_that_goes_back_is_found() -> None:
    sam = log("Sam", snapshot(3), changed(5), changed(4, key=JOE))
    assert numbers_hold([sam]) == ["Sam was told participant.changed 4 after 5"]


def test_i2_two_messages_of_one_event_are_no_repetition() -> None:
    """One event of the stream tells others of a person and that person of itself."""
    mine = Told(1.0, "me.changed", "e1", 4, SAM)
    assert numbers_hold([log("Sam", snapshot(3), changed(4), mine)]) == []


def test_i2_snapshot_may_jump_and_a_new_epoch_begins_anew() -> None:
    """Kills: comparing numbers of different epochs."""
    sam = log("Sam", snapshot(3), changed(4), changed(5), snapshot(1, epoch="e2"))
    joe = log("Joe", snapshot(3), snapshot(5), snapshot(1, epoch="e2"))
    assert numbers_hold([sam, joe]) == []


def test_i2_whoever_is_at_the_door_need_not_hear_of_people() -> None:
    sam = log("Sam", snapshot(3), changed(4))
    door = log("Joe", snapshot(3, people=frozenset()))
    assert numbers_hold([sam, door], settled=frozenset({"Joe"})) == []


@given(st.integers(2, 30), st.data())
def test_i2_any_one_event_taken_from_a_log_is_missed(count: int, data: st.DataObject) -> None:
    """The rule: whatever one client is not told and another is, is found. Kills: looking only at
    the neighbours of a hole."""
    events = [changed(seq) for seq in range(1, count + 1)]
    lost = data.draw(st.integers(0, count - 1))
    sam = log("Sam", snapshot(0), *events)
    joe = log("Joe", snapshot(0), *events[:lost], *events[lost + 1 :])
    found = numbers_hold([sam, joe], settled=frozenset({"Joe"}))
    assert found == [f"Joe was not told [{lost + 1}] of its epoch"]


# ---- I3 ----------------------------------------------------------------------------------------


def marks(*kinds: str, epoch: str = "e1") -> list[Mark]:
    return [Mark("Sam", f"c{seq}", kind, epoch, seq) for seq, kind in enumerate(kinds)]


def test_i3_join_and_leave_in_turn_hold() -> None:
    assert marks_pair(marks("join", "leave", "join", "leave")) == []


def test_i3_order_is_the_streams_not_that_of_the_rows() -> None:
    """Kills: reading the rows as they come."""
    assert marks_pair(list(reversed(marks("join", "leave")))) == []


@pytest.mark.parametrize("kinds", [("join", "join"), ("leave",), ("join", "leave", "leave")])
def test_i3_two_of_a_kind_in_a_row_are_found(kinds: tuple[str, ...]) -> None:
    assert len(marks_pair(marks(*kinds), frozenset({"Sam"}))) == 1


def test_i3_open_join_is_only_for_who_is_here() -> None:
    """Kills: forgiving every open join."""
    assert marks_pair(marks("join"), frozenset({"Sam"})) == []
    assert marks_pair(marks("join")) == ["Sam: the last join has no leave"]


def test_i3_epoch_that_was_lost_forgives_its_last_join_and_no_more_epochs() -> None:
    rows = [*marks("join", epoch="e1"), *marks("join", epoch="e2")]
    assert marks_pair(rows, frozenset({"Sam"}), lost_epochs=1) == []
    assert marks_pair(rows, frozenset({"Sam"})) == ["2 epochs, 0 lost"]


# ---- I4, I5 ------------------------------------------------------------------------------------


def hearing(name: str, key: str, *times: float) -> ClientLog:
    """Somebody who sees both all the time, and heard Joe then."""
    heard = log(name, snapshot(1, at=0.0), key=key)
    for tick, at in enumerate(times):
        heard.sound("Joe").add(tick, at)
    return heard


def test_i4_absences_are_the_gaps_between_all_stays() -> None:
    joe = log("Joe", snapshot(1, at=1.0), left(2, at=5.0), changed(3, at=9.0))
    ana = log("Ana", snapshot(1, at=4.0), left(2, at=6.0), changed(3, at=9.5))
    assert absences(SAM, [joe, ana]) == [(float("-inf"), 1.0), (6.0, 9.0)]


def test_i4_whoever_hears_while_on_no_roster_is_found() -> None:
    """Kills: looking at the listener's own roster."""
    joe = log("Joe", snapshot(1, at=0.0), left(2, at=5.0), key=JOE)
    sam = hearing("Sam", SAM, 1.0, 4.0, 5.5, 8.0, 8.02)
    found = nobody_invisible([sam, joe], since=0.0)
    assert found == ["Sam received 2 packets in 60.0 s"]


def test_i4_whoever_is_on_one_roster_is_not_invisible() -> None:
    joe = log("Joe", snapshot(1, at=0.0), left(2, at=5.0), key=JOE)
    ana = log("Ana", snapshot(1, at=0.0), key="key-ana")
    assert nobody_invisible([hearing("Sam", SAM, 8.0), joe, ana], since=0.0) == []


@pytest.mark.parametrize("event", [changed(3, at=7.0, key=JOE), hands(3, at=7.0)])
def test_i4_hearing_of_the_room_while_on_no_roster_is_found(event: Told) -> None:
    joe = log("Joe", snapshot(1, at=0.0), left(2, at=5.0), key=JOE)
    sam = log("Sam", snapshot(1), event, key=SAM)
    found = nobody_invisible([sam, joe], since=0.0)
    assert found == ["Sam was told 1 events of the room, the first 1.0 s late"]


def test_i5_packet_a_second_after_the_right_was_taken_is_found() -> None:
    """Kills: leaving the grace out, and giving it twice."""
    sam = hearing("Sam", SAM, 9.0, 10.9)
    assert nobody_after([sam], {"Sam": 10.0}) == []
    sam.sound("Joe").add(3, 11.1)
    assert nobody_after([sam], {"Sam": 10.0}) == ["Sam received 1 packets in 60.0 s"]
    assert nobody_after([sam], {"Joe": 10.0}) == []


# ---- I6 ----------------------------------------------------------------------------------------


def test_i6_verb_that_was_answered_ok_without_a_row_is_found() -> None:
    """Kills: counting refusals, and verbs about oneself, which leave no row."""
    luis = ClientLog("Luis")
    for verb, code in (("room.mute", "ok"), ("room.mute", "ok"), ("room.pause", "store.down")):
        luis.asked.append(Asked(0.0, verb, 0.1, code))
    luis.asked.append(Asked(0.0, "me.hand", 0.1, "ok"))
    assert audit_is_complete([luis], {("Luis", "room.mute"): 2}) == []
    assert audit_is_complete([luis], {("Luis", "room.mute"): 1, ("Ana", "room.mute"): 5}) == [
        "Luis: 2 times room.mute, 1 rows"
    ]
