"""What staff does while PostgreSQL is away: at once on the live state, once in the rows later."""

from inspect import signature

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.core.admission import SeatState
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.live import presence, unsaved
from sessions.live.presence import Applied, Entry, Joined, Outcome
from sessions.live.store import Call
from sessions.live.stream import Kind
from sessions.live.unsaved import WITHOUT_ROWS, UnsavedVerbs
from sessions.models import AgendaMark, AuditEvent, Room, Seat
from sessions.rooms import settle
from sessions.rooms.verbs import RULES
from tests.rooms.live import (
    Connected,
    come_in,
    connect,
    do,
    name_of,
    roster_of,
    told_since,
    with_process,
)
from tests.rooms.planted import overwriting
from tests.signaling.evening import Evening
from tests.valkey import run

pytestmark = pytest.mark.django_db(transaction=True)


def act_unsaved(tonight: Evening, verb: Verb, seat: str, by: Connected) -> Applied | Refuse:
    """Staff's verb, as a process without PostgreSQL does it."""
    return run(
        unsaved.act_unsaved(
            tonight.room.key,
            verb,
            seat,
            by=by.seat,
            connection=by.connection,
            generation=by.generation,
        )
    )


def settled(tonight: Evening) -> int | Refuse:
    """Writes what is unsaved; how many verbs."""
    return with_process(lambda process: settle.settle(process, name_of(tonight)))


def group(tonight: Evening) -> tuple[Connected, Connected]:
    """Dana and Sam, in the room."""
    dana, sam = connect(tonight, "Dana"), connect(tonight, "Sam")
    do(Verb.ROOM_ADMIT, tonight["Dana"], tonight.address, key=sam.seat)
    return dana, sam


def entry_of(tonight: Evening, seat: str) -> Entry:
    entry = roster_of(tonight).of(seat)
    assert entry is not None
    return entry


def audit_rows(tonight: Evening) -> list[tuple[str, str]]:
    """Verb and outcome of every audit row of something that was unsaved, in order."""
    rows = AuditEvent.objects.filter(session=tonight.session, detail__has_key="owed")
    return list(rows.order_by("pk").values_list("verb", "outcome"))


def test_every_verb_that_acts_without_rows_has_its_rule() -> None:
    """A rule that is about one seat, as an unsaved verb is. Kills: a verb that acts on the live
    state and is never written."""
    about = [list(signature(RULES[verb]).parameters)[1:] for verb in WITHOUT_ROWS]
    assert about == [["key"]] * len(WITHOUT_ROWS)


@pytest.mark.parametrize("verb", WITHOUT_ROWS)
def test_unsaved_verb_is_for_the_connection_that_holds_a_seat_of_the_staff(
    tonight: Evening, verb: Verb
) -> None:
    """Kills: a script that takes the actor's word for it; an older tab of a facilitator."""
    dana, sam = group(tonight)
    older = Connected(dana.seat, dana.connection, dana.generation - 1)
    before = roster_of(tonight)
    for nobody in (sam, older, Connected("nobody", "c", 1)):
        assert act_unsaved(tonight, verb, sam.seat, by=nobody) == Refuse("permission.not_staff")
    assert roster_of(tonight).entries == before.entries
    assert settled(tonight) == 0


def test_unsaved_mute_acts_at_once_and_is_written_once(tonight: Evening) -> None:
    """Kills: a settling that writes again after a crash between commit and forgetting."""
    dana, sam = group(tonight)
    before = roster_of(tonight)
    assert isinstance(act_unsaved(tonight, Verb.ROOM_MUTE, sam.seat, by=dana), Applied)
    assert not entry_of(tonight, sam.seat).microphone_allowed
    seat = Seat.objects.get(key=sam.seat)
    assert seat.microphone_allowed
    (told,) = (one for one in told_since(tonight, before) if one.kind is Kind.ME_CHANGED)
    assert told.payload == {"seat": "admitted", "microphone_allowed": False}
    waiting = run(unsaved.unsaved_after(tonight.room.key, "", 0))
    assert isinstance(waiting, UnsavedVerbs)
    for _ in range(2):
        settle._write(name_of(tonight), waiting, timezone.now)
    seat.refresh_from_db()
    assert (seat.microphone_allowed, seat.version) == (False, told.version)
    assert audit_rows(tonight) == [("room.mute", "done")]
    assert settled(tonight) == 0
    assert roster_of(tonight).unsaved == 0
    assert not entry_of(tonight, sam.seat).microphone_allowed


def test_unsaved_removal_keeps_the_person_out_before_and_after_it_is_written(
    tonight: Evening,
) -> None:
    """Kills: a removal that is undone by the rows of before, at the door or in a tick."""
    dana, sam = group(tonight)
    assert isinstance(act_unsaved(tonight, Verb.ROOM_REMOVE, sam.seat, by=dana), Applied)
    assert roster_of(tonight).of(sam.seat) is None
    back = presence.join(tonight.room.key, sam.seat, "back", place=presence.Place.ROOM)
    assert run(back) == Refuse("seat.removed")
    assert come_in(tonight["Sam"], tonight.address) == Refuse("seat.removed")
    assert Seat.objects.get(key=sam.seat).state == SeatState.REMOVED.value
    assert audit_rows(tonight) == [("room.remove", "done")]
    assert run(back) == Refuse("seat.removed")


def test_unsaved_verbs_are_written_before_any_later_verb(tonight: Evening) -> None:
    """Kills: a mute of the outage that is written over the allowance of after it."""
    dana, sam = group(tonight)
    act_unsaved(tonight, Verb.ROOM_MUTE, sam.seat, by=dana)
    do(Verb.ROOM_ALLOW_MICROPHONE, tonight["Dana"], tonight.address, key=sam.seat)
    assert settled(tonight) == 0
    assert Seat.objects.get(key=sam.seat).microphone_allowed
    assert entry_of(tonight, sam.seat).microphone_allowed
    verbs = AuditEvent.objects.filter(session=tonight.session, verb__contains="mi")
    assert list(verbs.order_by("pk").values_list("verb", flat=True))[-1:] == [
        "room.allow_microphone"
    ]


def test_unsaved_verb_whose_right_is_gone_is_undone(tonight: Evening) -> None:
    """Kills: rows and room that differ for the rest of the evening."""
    dana, sam = group(tonight)
    act_unsaved(tonight, Verb.ROOM_MUTE, sam.seat, by=dana)
    act_unsaved(tonight, Verb.ROOM_REMOVE, sam.seat, by=dana)
    told = presence.join(tonight.room.key, sam.seat, "back", place=presence.Place.ROOM)
    assert run(told) == Refuse("seat.removed")
    tonight.session.members.filter(person=tonight["Dana"]).update(until=timezone.now())
    assert settled(tonight) == 2
    refused = "permission.not_staff"
    assert audit_rows(tonight) == [("room.mute", refused), ("room.remove", refused)]
    again = connect(tonight, "Sam")
    assert entry_of(tonight, again.seat).microphone_allowed


def test_unsaved_verb_that_its_rule_refuses_has_written_nothing(
    tonight: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: an undo that writes what the refused rule had made of the seat."""
    dana, sam = group(tonight)
    act_unsaved(tonight, Verb.ROOM_MUTE, sam.seat, by=dana)
    refused = Refuse("seat.full")
    planted = overwriting(RULES[Verb.ROOM_MUTE], refused)
    monkeypatch.setitem(RULES, Verb.ROOM_MUTE, planted)
    before = Room.objects.get(pk=tonight.room.pk)
    assert settled(tonight) == 1
    after, seat = Room.objects.get(pk=tonight.room.pk), Seat.objects.get(key=sam.seat)
    assert (after.version, after.state) == (before.version, before.state)
    assert (seat.microphone_allowed, seat.display_name) == (True, "Sam")
    assert not AgendaMark.objects.exists()
    assert audit_rows(tonight) == [("room.mute", refused.code)]
    assert entry_of(tonight, sam.seat).microphone_allowed


@pytest.mark.parametrize("verb", [Verb.ROOM_MUTE, Verb.ROOM_REMOVE])
def test_unsaved_verb_about_somebody_who_is_not_there_is_refused(
    tonight: Evening, verb: Verb
) -> None:
    dana = connect(tonight, "Dana")
    assert act_unsaved(tonight, verb, "nobody", by=dana) == Refuse("seat.not_in_room")


def test_unsaved_verb_that_changes_nothing_is_audited_all_the_same(tonight: Evening) -> None:
    """Kills: a verb that was answered and is in no audit row (I6)."""
    dana, sam = group(tonight)
    before = roster_of(tonight)
    assert isinstance(act_unsaved(tonight, Verb.ROOM_ALLOW_MICROPHONE, sam.seat, by=dana), Applied)
    assert told_since(tonight, before) == ()
    for _ in range(2):
        act_unsaved(tonight, Verb.ROOM_REMOVE, sam.seat, by=dana)
    assert settled(tonight) == 3
    removals = [("room.remove", "done")] * 2
    assert audit_rows(tonight) == [("room.allow_microphone", "done"), *removals]


def test_unsaved_removal_of_staff_is_refused(tonight: Evening) -> None:
    dana = connect(tonight, "Dana")
    assert act_unsaved(tonight, Verb.ROOM_REMOVE, dana.seat, by=dana) == Refuse("seat.staff")
    assert roster_of(tonight).of(dana.seat) is not None


def test_unsaved_verbs_are_bounded(tonight: Evening, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills: an outage of hours that fills the store."""
    monkeypatch.setattr("sessions.live.store.UNSAVED_LENGTH", 1)
    dana, sam = group(tonight)
    assert isinstance(act_unsaved(tonight, Verb.ROOM_MUTE, sam.seat, by=dana), Applied)
    late = act_unsaved(tonight, Verb.ROOM_ALLOW_MICROPHONE, sam.seat, by=dana)
    assert late == Refuse("store.down")
    assert not entry_of(tonight, sam.seat).microphone_allowed


# ---- two rows of one seat, told in another order than they were written ------------------------

orders = st.permutations(range(4)).map(list)


def steps(room: str, allowed: list[bool]) -> list[Call[Joined | Refuse] | Call[Applied]]:
    """What two verbs and a return make of a seat's rows 1, 2 and 3."""
    rows = list(enumerate(allowed, 1))
    join = presence.join(
        room,
        "ann",
        "c2",
        place=presence.Place.ROOM,
        microphone_allowed=rows[0][1],
        seat_version=rows[0][0],
    )
    changes = [
        presence.change(room, "ann", microphone_allowed=on, seat_version=version)
        for version, on in rows
    ]
    return [join, *changes]


@settings(max_examples=60, deadline=None)
@given(orders, st.lists(st.booleans(), min_size=3, max_size=3), st.uuids())
def test_newest_row_of_a_seat_counts_in_whatever_order_it_is_told(
    order: list[int], allowed: list[bool], name: object
) -> None:
    """Kills: `newest_row` that takes the last; a join that brings the row of before back."""
    room = f"order-{name}"
    run(presence.join(room, "ann", "c1", place=presence.Place.ROOM))
    calls = steps(room, allowed)
    for number in order:
        done = run(calls[number])
        assert not isinstance(done, Refuse)
        assert not isinstance(done, Applied) or done.outcome in (Outcome.DONE, Outcome.UNCHANGED)
    roster = run(presence.roster(room))
    assert isinstance(roster, presence.Roster)
    assert [entry.microphone_allowed for entry in roster.entries] == [allowed[-1]]
