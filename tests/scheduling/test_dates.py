"""Single dates: skipped, moved, restored, cancelled; and a facilitator in two places."""

from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine

from sessions.audit.services import OPERATOR
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomState
from sessions.models import AuditEvent, Room, Session, Track
from sessions.scheduling.services import (
    session_cancel,
    track_change,
    track_create,
    track_move_date,
    track_restore_date,
    track_skip_date,
)
from tests.audit.outcomes import code, last_audit
from tests.people.accounts import facilitator
from tests.scheduling.tracks import MONDAY, dates, plan, staffed_by, track

pytestmark = pytest.mark.django_db

WEDNESDAY, THURSDAY = MONDAY + timedelta(2), MONDAY + timedelta(3)


def set_room(session: Session, state: RoomState) -> None:
    Room.objects.filter(session=session).update(state=state)


# ---- dates -------------------------------------------------------------------------------------


def test_skipped_date_is_gone_and_comes_back() -> None:
    made = track()
    assert isinstance(track_skip_date(OPERATOR, made, WEDNESDAY), Track)
    assert dates(made)[:2] == [MONDAY, THURSDAY]
    assert last_audit() == ("session.move", "done")
    track_restore_date(OPERATOR, made, WEDNESDAY)
    assert dates(made)[:3] == [MONDAY, WEDNESDAY, THURSDAY]


def test_moved_date_keeps_number_and_address_and_moves_again() -> None:
    made = track()
    session = made.sessions.get(local_date=WEDNESDAY)
    track_move_date(OPERATOR, made, WEDNESDAY, WEDNESDAY + timedelta(2), time(10))
    moved = made.sessions.get(pk=session.pk)
    assert (moved.number, moved.local_date) == (session.number, WEDNESDAY + timedelta(2))
    assert moved.starts_at == datetime(2026, 12, 4, 15, 0, tzinfo=UTC)
    track_move_date(OPERATOR, made, WEDNESDAY, WEDNESDAY - timedelta(1))
    assert dates(made)[:3] == [MONDAY, MONDAY + timedelta(1), THURSDAY]


def test_date_that_is_not_of_the_pattern_is_refused() -> None:
    made = track()
    friday = MONDAY + timedelta(4)
    assert code(track_skip_date(OPERATOR, made, friday)) == "recurrence.not_a_day"
    assert last_audit() == ("session.move", "recurrence.not_a_day")


def test_skipping_the_only_session_is_refused() -> None:
    made = track(weeks=1, weekdays=frozenset({0}))
    assert code(track_skip_date(OPERATOR, made, MONDAY)) == "recurrence.none_left"


def test_moving_onto_another_session_is_refused() -> None:
    made = track()
    result = track_move_date(OPERATOR, made, MONDAY, WEDNESDAY, time(18, 30))
    assert code(result) == "recurrence.overlap"


def test_moving_onto_the_date_of_a_session_that_stays_is_refused() -> None:
    made = track()
    session_cancel(OPERATOR, made.sessions.get(local_date=WEDNESDAY))
    result = track_move_date(OPERATOR, made, MONDAY, WEDNESDAY, time(8))
    assert code(result) == "recurrence.overlap"


def test_moving_into_the_past_is_refused() -> None:
    made = track()
    result = track_move_date(OPERATOR, made, MONDAY, MONDAY - timedelta(2))
    assert code(result) == "session.past"


@pytest.mark.parametrize("state", [RoomState.LIVE, RoomState.PAUSED, RoomState.ENDED])
def test_session_that_has_begun_is_not_moved_skipped_or_cancelled(state: RoomState) -> None:
    made = track()
    session = made.sessions.get(local_date=MONDAY)
    set_room(session, state)
    assert code(track_skip_date(OPERATOR, made, MONDAY)) == "session.started"
    moved = track_move_date(OPERATOR, made, MONDAY, MONDAY + timedelta(1))
    assert code(moved) == "session.started"
    assert code(session_cancel(OPERATOR, session)) == "session.started"


def test_session_whose_door_is_open_is_not_moved(clock: time_machine.Traveller) -> None:
    made = track()
    clock.move_to(made.sessions.get(local_date=MONDAY).starts_at - timedelta(minutes=15))
    assert code(track_skip_date(OPERATOR, made, MONDAY)) == "session.started"


def test_cancelled_session_stays_as_a_row_with_a_new_version() -> None:
    made = track()
    session = made.sessions.get(local_date=MONDAY)
    assert isinstance(session_cancel(OPERATOR, session), Session)
    session = made.sessions.get(pk=session.pk)
    assert session.cancelled_at is not None
    assert (session.room.state, session.room.version) == (RoomState.CANCELLED, 1)
    row = AuditEvent.objects.latest("pk")
    assert (row.verb, row.outcome, row.session) == ("session.cancel", "done", session)


def test_cancelling_twice_is_refused() -> None:
    session = track().sessions.all()[0]
    session_cancel(OPERATOR, session)
    assert code(session_cancel(OPERATOR, session)) == "room.cancelled"


def test_session_with_an_open_door_can_be_cancelled(clock: time_machine.Traveller) -> None:
    session = track().sessions.get(local_date=MONDAY)
    clock.move_to(session.starts_at - timedelta(minutes=5))
    assert isinstance(session_cancel(OPERATOR, session), Session)


def test_session_that_was_never_started_is_not_cancelled_after_its_end(
    clock: time_machine.Traveller,
) -> None:
    session = track().sessions.get(local_date=MONDAY)
    clock.move_to(session.ends_at)
    assert code(session_cancel(OPERATOR, session)) == "session.started"


# ---- a facilitator in two places ---------------------------------------------------------------


def busy_on(result: object) -> str:
    assert code(result) == "track.facilitator_busy"
    assert isinstance(result, Refuse)
    return str(result.detail["date"])


def test_facilitator_of_an_overlapping_track_is_refused_with_the_date() -> None:
    dana = facilitator()
    staffed_by(dana, weekdays=frozenset({2}))
    wanted = plan(facilitators=(facilitator("Luis"), dana), local_start=time(19, 29))
    assert busy_on(track_create(OPERATOR, wanted)) == WEDNESDAY.isoformat()


def test_facilitator_of_an_adjoining_track_is_not_busy() -> None:
    """Kills: counting an end that is another's start as an overlap."""
    dana = facilitator()
    staffed_by(dana)
    after = plan(facilitators=(dana,), local_start=time(19, 30))
    before = plan(facilitators=(dana,), local_start=time(16, 30))
    assert isinstance(track_create(OPERATOR, after), Track)
    assert isinstance(track_create(OPERATOR, before), Track)


def test_facilitator_busy_is_compared_by_instant_not_by_wall_time() -> None:
    dana = facilitator()
    staffed_by(dana)
    denver = {"zone": "America/Denver", "facilitators": (dana,)}
    assert isinstance(track_create(OPERATOR, plan(**denver)), Track)
    refused = track_create(OPERATOR, plan(local_start=time(16), **denver))
    assert busy_on(refused) == MONDAY.isoformat()


def test_change_into_another_group_of_the_same_facilitator_is_refused() -> None:
    dana = facilitator()
    staffed_by(dana)
    made = staffed_by(dana, local_start=time(9))
    kept = plan(facilitators=None)
    assert busy_on(track_change(OPERATOR, made, kept)) == MONDAY.isoformat()


def test_change_within_ones_own_track_is_not_busy() -> None:
    made = track()
    changed = track_change(OPERATOR, made, plan(facilitators=None, local_start=time(18, 30)))
    assert isinstance(changed, Track)


def test_move_into_another_group_of_the_same_facilitator_is_refused() -> None:
    dana = facilitator()
    staffed_by(dana, weekdays=frozenset({1}))
    made = staffed_by(dana)
    result = track_move_date(OPERATOR, made, MONDAY, MONDAY + timedelta(1))
    assert busy_on(result) == (MONDAY + timedelta(1)).isoformat()


def test_cancelled_session_does_not_keep_a_facilitator_busy() -> None:
    dana = facilitator()
    other = staffed_by(dana, weeks=1, weekdays=frozenset({0}))
    session_cancel(OPERATOR, other.sessions.get())
    assert isinstance(track_create(OPERATOR, plan(facilitators=(dana,))), Track)


def test_facilitator_of_a_running_group_does_not_take_over_one_whose_door_is_open(
    clock: time_machine.Traveller,
) -> None:
    """Kills: looking at what is to come only."""
    dana = facilitator()
    staffed_by(dana, weeks=1, weekdays=frozenset({0}))
    made = track(local_start=time(18, 30))
    clock.move_to(made.sessions.get(local_date=MONDAY).starts_at - timedelta(minutes=10))
    wanted = plan(local_start=time(20), facilitators=(dana,))
    assert busy_on(track_change(OPERATOR, made, wanted)) == MONDAY.isoformat()
