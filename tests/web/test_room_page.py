"""The door of the room, as a page: each refusal in words and in the audit log."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from sessions.core.admission import SeatState
from sessions.core.room_state import RoomState
from sessions.models import Person, Room, Seat, Session
from tests.web.conftest import Programme, signed_in
from tests.web.desk import last_event, says
from tests.web.pages import main


def set_room(session: Session, state: RoomState) -> None:
    room = Room.objects.get(session=session)
    room.state, room.started_at = state.value, session.starts_at
    room.ended_at = timezone.now() if state is RoomState.ENDED else None
    room.save()


def seat(session: Session, person: Person, state: SeatState) -> None:
    room = Room.objects.get(session=session)
    Seat.objects.create(
        room=room, person=person, display_name=person.display_name, state=state.value
    )


def long_before(programme: Programme) -> Person:
    """Two hours and no lobby yet."""
    session = programme.session
    Session.objects.filter(pk=session.pk).update(
        starts_at=session.starts_at + timedelta(hours=2),
        ends_at=session.ends_at + timedelta(hours=2),
    )
    return programme.sam


def long_after(programme: Programme) -> Person:
    session = programme.session
    Session.objects.filter(pk=session.pk).update(
        starts_at=session.starts_at - timedelta(hours=3),
        ends_at=session.ends_at - timedelta(hours=3),
    )
    return programme.sam


def ended(programme: Programme) -> Person:
    set_room(programme.session, RoomState.ENDED)
    return programme.sam


def cancelled(programme: Programme) -> Person:
    set_room(programme.session, RoomState.CANCELLED)
    return programme.dana


def removed(programme: Programme) -> Person:
    set_room(programme.session, RoomState.LIVE)
    seat(programme.session, programme.sam, SeatState.REMOVED)
    return programme.sam


def full(programme: Programme) -> Person:
    programme.track.seats = 1
    programme.track.save()
    set_room(programme.session, RoomState.LIVE)
    seat(programme.session, programme.maya, SeatState.ADMITTED)
    return programme.sam


CASES: Mapping[str, tuple[Callable[[Programme], Person], str]] = {
    "room.not_open": (long_before, "Not open yet"),
    "room.not_held": (long_after, "Not held"),
    "room.ended": (ended, "That’s it for today"),
    "room.cancelled": (cancelled, "Not today"),
    "seat.removed": (removed, "You’re out of today’s group"),
    "seat.full": (full, "No seat free"),
    "seat.not_on_roster": (lambda programme: programme.maya, "Not on your list"),
}


@pytest.mark.parametrize("code", sorted(CASES))
def test_door_refuses_in_words_before_a_camera_is_asked_for(
    code: str, programme: Programme
) -> None:
    """Killed by: rendering the room whatever the door says."""
    prepare, heading = CASES[code]
    somebody = prepare(programme)
    answer = signed_in(somebody).get(f"/rooms/{programme.session.public_id}/")
    assert answer.status_code == 403
    assert [one.text for one in main(answer).all("h1")] == [heading]
    assert says(main(answer).all("p")[0].text, code)
    event = last_event()
    assert (event.actor, event.verb, event.outcome, event.session) == (
        somebody,
        "room.page",
        code,
        programme.session,
    )


def test_manager_is_not_let_in(programme: Programme) -> None:
    answer = signed_in(programme.morgan).get(f"/rooms/{programme.session.public_id}/")
    assert (answer.status_code, last_event().outcome) == (403, "seat.not_on_roster")


def test_who_was_in_an_ended_room_may_come_back_to_its_page(programme: Programme) -> None:
    """Staff can open it again for ten minutes; the application says what is so."""
    set_room(programme.session, RoomState.ENDED)
    seat(programme.session, programme.sam, SeatState.ADMITTED)
    where = f"/rooms/{programme.session.public_id}/"
    came = [signed_in(one).get(where).status_code for one in (programme.sam, programme.dana)]
    assert came == [200, 200]


def test_open_door_gives_the_room_and_only_the_own_name(programme: Programme) -> None:
    page = signed_in(programme.sam).get(f"/rooms/{programme.session.public_id}/").content.decode()
    assert 'data-name="Sam"' in page
    assert [name for name in ("Dana", "Evening", "@mail.example") if name in page] == []


def test_signed_out_person_comes_to_the_room_after_signing_in(programme: Programme) -> None:
    where = f"/rooms/{programme.session.public_id}/"
    answer = signed_in(None).get(where)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/sign-in/?next={where}")


def test_sign_in_that_has_run_out_is_asked_for_again(programme: Programme) -> None:
    browser = signed_in(programme.sam)
    with time_machine.travel(timezone.now() + timedelta(hours=17)):
        assert browser.get("/").status_code == 302
