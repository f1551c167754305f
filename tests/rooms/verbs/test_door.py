"""The door over real rows: who is let in, who waits, who is refused, and what is told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions.core.admission import SeatState, Wait, WaitReason
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomState
from sessions.live import presence
from sessions.live.presence import Place, Roster
from sessions.live.stream import Kind
from sessions.models import AuditEvent, Seat
from sessions.rooms.verbs.door import Entered
from tests.rooms.live import come_in, connect, do, roster_of, told_since
from tests.signaling.evening import Evening, evening
from tests.valkey import run
from tests.world import enrol, person

pytestmark = pytest.mark.django_db(transaction=True)


def entered(outcome: Entered | Refuse) -> Entered:
    assert isinstance(outcome, Entered)
    return outcome


def audit_of(tonight: Evening) -> list[tuple[str, str]]:
    rows = AuditEvent.objects.filter(session=tonight.session)
    return [(row.verb, row.outcome) for row in rows]


def test_enter_of_a_facilitator_with_the_lobby_open(tonight: Evening) -> None:
    came = entered(come_in(tonight["Dana"], tonight.address))
    assert (came.place, came.seat.state, came.seat.staff) == (Place.ROOM, SeatState.ADMITTED, True)
    assert audit_of(tonight) == [("room.enter", "done")]


def test_enter_of_a_client_waits_under_the_name_of_the_roster(tonight: Evening) -> None:
    tonight["Sam"].enrolments.update(display_name="Sam K")
    came = entered(come_in(tonight["Sam"], tonight.address))
    assert (came.place, came.waiting) == (Place.LOBBY, Wait(WaitReason.LOBBY))
    assert (came.seat.name, came.seat.state) == ("Sam K", SeatState.WAITING)


def test_enter_again_keeps_the_seat_and_its_version(tonight: Evening) -> None:
    first = entered(come_in(tonight["Sam"], tonight.address))
    again = entered(come_in(tonight["Sam"], tonight.address))
    assert again.seat == first.seat
    assert Seat.objects.count() == 1


@pytest.mark.parametrize("name", ["Luis", "Joe", "Morgan"])
def test_enter_of_someone_who_is_not_of_this_session(tonight: Evening, name: str) -> None:
    assert come_in(tonight[name], tonight.address) == Refuse("seat.not_on_roster")
    assert audit_of(tonight) == [("room.enter", "seat.not_on_roster")]
    assert not Seat.objects.exists()


def test_enter_of_a_deactivated_person(tonight: Evening) -> None:
    tonight["Sam"].is_active = False
    tonight["Sam"].save()
    refused = come_in(tonight["Sam"], tonight.address)
    assert refused == Refuse("permission.signed_out")


def test_enter_of_someone_whose_enrolment_ended_yesterday(tonight: Evening) -> None:
    yesterday = tonight.session.local_date - timedelta(days=1)
    tonight["Sam"].enrolments.update(starts_on=yesterday, ends_on=yesterday)
    assert come_in(tonight["Sam"], tonight.address) == Refuse("seat.not_on_roster")


def test_enter_before_the_lobby_opens(transactional_db: None) -> None:
    later = evening(starts_in=timedelta(minutes=16))
    assert come_in(later["Dana"], later.address) == Refuse("room.not_open")


def test_enter_of_an_address_that_is_nobodys(tonight: Evening) -> None:
    assert come_in(tonight["Dana"], "nowhere") == Refuse("room.unknown")


@pytest.mark.parametrize(
    ("minutes", "waiting"),
    [
        (4, Wait(WaitReason.DOOR)),
        (6, Wait(WaitReason.DOOR, late=True)),
        (16, Wait(WaitReason.LATE, late=True)),
    ],
)
def test_enter_after_the_start_waits_longer_the_later_it_is(
    transactional_db: None, minutes: int, waiting: Wait
) -> None:
    tonight = evening(starts_in=-timedelta(minutes=minutes))
    tonight.room.state = RoomState.LIVE.value
    tonight.room.save()
    start = timezone.now() - timedelta(minutes=minutes)
    tonight.room.agenda_marks.create(number=1, at=start, kind="start")
    came = entered(come_in(tonight["Sam"], tonight.address))
    assert (came.place, came.waiting) == (Place.LOBBY, waiting)


def test_admit_moves_the_person_in_and_tells_everybody(tonight: Evening) -> None:
    dana, sam = connect(tonight, "Dana"), connect(tonight, "Sam")
    before = roster_of(tonight)
    do(Verb.ROOM_ADMIT, tonight["Dana"], tonight.address, key=sam.seat)
    entry = roster_of(tonight).of(sam.seat)
    assert entry is not None
    assert entry.place is Place.ROOM
    kinds = [(event.kind, event.subject) for event in told_since(tonight, before)]
    assert kinds == [
        (Kind.ME_CHANGED, sam.seat),
        (Kind.WAITING_LEFT, sam.seat),
        (Kind.PARTICIPANT_CHANGED, sam.seat),
        (Kind.ROOM_CHANGED, ""),
    ]
    assert dana.seat != sam.seat


def test_admit_twice_is_done_once(tonight: Evening) -> None:
    connect(tonight, "Dana")
    sam = connect(tonight, "Sam")
    first = do(Verb.ROOM_ADMIT, tonight["Dana"], tonight.address, key=sam.seat)
    again = do(Verb.ROOM_ADMIT, tonight["Dana"], tonight.address, key=sam.seat)
    assert not isinstance(first, Refuse)
    assert not isinstance(again, Refuse)
    assert (first.version, again.version) == (1, 1)


def test_admit_of_a_key_of_nobody(tonight: Evening) -> None:
    refused = do(Verb.ROOM_ADMIT, tonight["Dana"], tonight.address, key="nobody")
    assert refused == Refuse("seat.unknown")


def test_admit_into_a_room_with_no_seat_left(transactional_db: None) -> None:
    tonight = evening(seats=1)
    for name in ("Dana", "Sam", "Ana"):
        connect(tonight, name)
    keys = {seat.display_name: seat.key for seat in Seat.objects.all()}
    do(Verb.ROOM_ADMIT, tonight["Dana"], tonight.address, key=keys["Sam"])
    refused = do(Verb.ROOM_ADMIT, tonight["Dana"], tonight.address, key=keys["Ana"])
    assert refused == Refuse("seat.full")


def test_admit_all_lets_in_who_is_at_the_door_and_nobody_else(tonight: Evening) -> None:
    """Kills: everyone who ever waited is let in, also who went away unseen."""
    for name in ("Dana", "Sam"):
        connect(tonight, name)
    come_in(tonight["Ana"], tonight.address)
    do(Verb.ROOM_ADMIT_ALL, tonight["Dana"], tonight.address)
    states = {seat.display_name: seat.state for seat in Seat.objects.all()}
    assert states == {"Dana": "admitted", "Sam": "admitted", "Ana": "waiting"}


def test_someone_let_in_comes_back_without_waiting(tonight: Evening) -> None:
    connect(tonight, "Dana")
    sam = connect(tonight, "Sam")
    do(Verb.ROOM_ADMIT, tonight["Dana"], tonight.address, key=sam.seat)
    run(presence.remove(tonight.room.key, sam.seat, bar=False))
    assert entered(come_in(tonight["Sam"], tonight.address)).place is Place.ROOM


def test_enter_of_someone_who_is_client_and_staff_comes_as_staff(tonight: Evening) -> None:
    both = person("Kim", *tonight["Dana"].role_set, *tonight["Sam"].role_set)
    enrol(tonight.session.track, both, tonight.session)
    tonight.session.track.staffings.create(person=both, position=1)
    assert entered(come_in(both, tonight.address)).seat.staff


def test_roster_without_connections_is_empty(tonight: Evening) -> None:
    roster = run(presence.roster(tonight.room.key))
    assert isinstance(roster, Roster)
    assert roster.entries == ()


def test_start_and_advance_change_what_those_at_the_door_wait_for(tonight: Evening) -> None:
    """Kills: somebody at the door who reads all evening that the group has not begun."""
    connect(tonight, "Dana")
    sam = connect(tonight, "Sam")
    do(Verb.ROOM_START, tonight["Dana"], tonight.address)
    entry = roster_of(tonight).of(sam.seat)
    assert entry is not None
    assert entry.waiting == Wait(WaitReason.DOOR)
    run(presence.change(tonight.room.key, sam.seat, waiting=Wait(WaitReason.LATE, late=True)))
    before = roster_of(tonight)
    do(Verb.ROOM_ADVANCE, tonight["Dana"], tonight.address, index=0)
    entry = roster_of(tonight).of(sam.seat)
    assert entry is not None
    assert entry.waiting == Wait(WaitReason.DOOR, late=True)
    kinds = [event.kind for event in told_since(tonight, before)]
    assert kinds == [Kind.WAITING_CHANGED, Kind.ME_CHANGED, Kind.ROOM_CHANGED]
