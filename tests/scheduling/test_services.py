"""Tracks and their sessions: what is made, what a change may touch, what is refused."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from sessions.audit.services import OPERATOR
from sessions.core.agenda import Segment, SegmentKind
from sessions.core.permissions import Role
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomState
from sessions.models import AuditEvent, Room, Session, Track
from sessions.scheduling.services import (
    program_add,
    session_cancel,
    template_add,
    track_change,
    track_create,
    track_move_date,
    track_restore_date,
    track_skip_date,
)
from tests.audit.outcomes import code, last_audit
from tests.people.accounts import account, facilitator, manager
from tests.scheduling.tracks import AS_PLANNED, MONDAY, NEW_YORK, THIRDS, dates, plan, track

pytestmark = pytest.mark.django_db

WEDNESDAY, THURSDAY = MONDAY + timedelta(2), MONDAY + timedelta(3)
A_WEEK = timedelta(weeks=1)


def set_room(session: Session, state: RoomState) -> None:
    Room.objects.filter(session=session).update(state=state)


def wall_times(made: Track) -> set[time]:
    zone = ZoneInfo(made.zone)
    return {one.starts_at.astimezone(zone).time() for one in made.sessions.all()}


# ---- making ------------------------------------------------------------------------------------


def test_track_becomes_sessions_with_room_and_agenda() -> None:
    made = track()
    assert dates(made) == [
        MONDAY + timedelta(weeks=week, days=day) for week in range(4) for day in (0, 2, 3)
    ]
    sessions = list(made.sessions.order_by("starts_at"))
    assert [one.number for one in sessions] == list(range(1, 13))
    assert sessions[0].starts_at == datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
    assert {one.ends_at - one.starts_at for one in sessions} == {timedelta(minutes=90)}
    assert {one.room.state for one in sessions} == {RoomState.SCHEDULED}
    assert [
        [(row.position, row.kind, row.share) for row in one.segments.all()] for one in sessions
    ] == [[(n, row.kind, 1) for n, row in enumerate(THIRDS)]] * 12
    assert last_audit() == ("track.add", "done")


def test_evening_stays_at_its_wall_time_across_a_clock_change() -> None:
    """New York's clocks go forward on 14 March 2027. Kills: a fixed offset to UTC."""
    made = track(first_date=date(2027, 3, 8), weeks=2)
    assert wall_times(made) == {time(18)}
    assert {one.starts_at.hour for one in made.sessions.all()} == {22, 23}


def test_topics_come_from_the_curriculum_where_it_is_wanted() -> None:
    made = track(uses_curriculum=True)
    topics = list(made.sessions.order_by("number").values_list("topic_code", "topic")[:3])
    assert topics == [
        ("FX1", "Agreements and goals"),
        ("RP1", "My triggers map"),
        ("CF4", "Sober support network"),
    ]
    assert set(track().sessions.values_list("topic_code", flat=True)) == {""}


def test_past_of_a_pattern_is_not_made() -> None:
    made = track(first_date=MONDAY - A_WEEK)
    assert dates(made)[0] == MONDAY
    assert made.sessions.order_by("number")[0].number == 4


def test_track_has_its_staff_in_order_and_its_roster() -> None:
    dana, luis, sam = facilitator("Dana"), facilitator("Luis"), account("Sam")
    made = track(facilitators=(luis, dana), roster=(sam,))
    assert [one.person for one in made.staffings.all()] == [luis, dana]
    assert [(one.person, one.display_name, one.starts_on) for one in made.enrolments.all()] == [
        (sam, "Sam", MONDAY)
    ]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": " "}, "track.name"),
    ({"name": "x" * 61}, "track.name"),
    ({"weekdays": frozenset()}, "track.no_days"),
    ({"weekdays": frozenset({7})}, "track.no_days"),
    ({"minutes": 0}, "track.ends_before_start"),
    ({"minutes": -30}, "track.ends_before_start"),
    ({"minutes": 10}, "track.minutes"),
    ({"zone": "America/Nowhere"}, "track.zone_unknown"),
    ({"zone": "EST"}, "track.zone_without_place"),
    ({"first_date": MONDAY - 52 * A_WEEK}, "track.past"),
    ({"weeks": 0}, "track.weeks"),
    ({"first_date": date(1999, 1, 1)}, "track.first_date"),
    ({"seats": 0}, "track.seats"),
    ({"seats": 16}, "track.seats"),
    ({"facilitators": ()}, "track.facilitator_none"),
]


@pytest.mark.parametrize(("wrong", "refused"), WRONG)
def test_track_create_refuses(wrong: dict[str, Any], refused: str) -> None:
    wanted = plan(**wrong)
    assert code(track_create(OPERATOR, wanted)) == refused
    assert last_audit() == ("track.add", refused)
    assert (Track.objects.count(), Session.objects.count()) == (0, 0)


@pytest.mark.parametrize(("wrong", "refused"), WRONG)
def test_track_change_refuses_and_changes_nothing(wrong: dict[str, Any], refused: str) -> None:
    made = track()
    before = (Track.objects.values().get(), list(Session.objects.values()))
    assert code(track_change(OPERATOR, made, plan(**wrong))) == refused
    assert last_audit() == ("track.change", refused)
    assert (Track.objects.values().get(), list(Session.objects.values())) == before


def test_agenda_that_does_not_fit_is_refused() -> None:
    long = template_add(OPERATOR, "Long", [Segment(SegmentKind.TOPIC, minutes=120)], 120)
    assert code(track_create(OPERATOR, plan(template=long))) == "agenda.too_long"


def test_people_without_the_role_are_refused() -> None:
    sam, dana = account("Sam"), facilitator("Dana")
    assert code(track_create(OPERATOR, plan(facilitators=(sam,)))) == "track.not_facilitator"
    assert code(track_create(OPERATOR, plan(roster=(dana,)))) == "track.not_client"


def test_roster_larger_than_the_seats_is_refused() -> None:
    two = (account("Sam"), account("Tess"))
    assert code(track_create(OPERATOR, plan(seats=1, roster=two))) == "track.full"


def test_two_of_one_name_on_a_roster_are_refused() -> None:
    two = (account("Sam"), account("SAM"))
    refused = track_create(OPERATOR, plan(roster=two))
    assert refused == Refuse("person.name_taken", {"suggestion": "SAM 2"})


@pytest.mark.parametrize("roles", [{Role.CLIENT}, {Role.FACILITATOR}])
def test_only_a_program_manager_writes_tracks(roles: set[Role]) -> None:
    actor, made = account("Ana", roles), track()
    session = made.sessions.all()[0]
    writes: list[Callable[[], object]] = [
        lambda: track_create(actor, plan()),
        lambda: track_change(actor, made, plan()),
        lambda: track_skip_date(actor, made, MONDAY),
        lambda: track_move_date(actor, made, MONDAY, MONDAY + timedelta(1)),
        lambda: track_restore_date(actor, made, MONDAY),
        lambda: session_cancel(actor, session),
        lambda: program_add(actor, "Other"),
        lambda: template_add(actor, "Other", THIRDS, 90),
    ]
    assert [code(write()) for write in writes] == ["permission.role"] * len(writes)
    refused = AuditEvent.objects.filter(actor=actor, outcome="permission.role")
    assert refused.count() == len(writes)


def test_program_manager_writes_tracks() -> None:
    morgan = manager()
    assert isinstance(track_create(morgan, plan()), Track)
    assert AuditEvent.objects.latest("pk").actor == morgan


def test_template_of_a_name_that_is_taken_is_refused() -> None:
    assert not isinstance(template_add(OPERATOR, "Mine", THIRDS, 90), Refuse)
    assert code(template_add(OPERATOR, "Mine", THIRDS, 90)) == "track.name"


# ---- changing ----------------------------------------------------------------------------------


def test_change_of_time_moves_what_is_to_come_and_keeps_its_addresses() -> None:
    made = track()
    before = list(made.sessions.order_by("number").values_list("public_id", "room__key"))
    changed = track_change(OPERATOR, made, plan(local_start=time(19)))
    assert isinstance(changed, Track)
    assert wall_times(changed) == {time(19)}
    assert list(made.sessions.order_by("number").values_list("public_id", "room__key")) == before


def stay_as_they_are(made: Track) -> list[dict[str, Any]]:
    return [
        dict(row)
        for row in made.sessions.filter(number__lte=4).order_by("number").values(*AS_PLANNED)
    ]


def test_change_touches_nothing_that_is_past_open_live_or_cancelled(
    clock: time_machine.Traveller,
) -> None:
    """Session 1 is past, 2 ended early, 3's door is open, 4 is cancelled; 5 is to come.

    Kills: comparing with the start instead of the lobby; forgetting cancelled ones.
    """
    made = track()
    sessions = {one.number: one for one in made.sessions.all()}
    session_cancel(OPERATOR, sessions[4])
    set_room(sessions[1], RoomState.ENDED)
    set_room(sessions[2], RoomState.ENDED)
    clock.move_to(sessions[3].starts_at - timedelta(minutes=15))
    before = stay_as_they_are(made)
    track_change(OPERATOR, made, plan(local_start=time(20)))
    assert stay_as_they_are(made) == before
    later = made.sessions.filter(number__gte=5)
    zone = ZoneInfo(NEW_YORK)
    assert {one.starts_at.astimezone(zone).time() for one in later} == {time(20)}
    assert dates(made) == [
        MONDAY + timedelta(weeks=week, days=day)
        for week in range(4)
        for day in (0, 2, 3)
        if (week, day) != (1, 0)
    ]


def test_change_of_days_half_way_numbers_what_follows(clock: time_machine.Traveller) -> None:
    made = track()
    past = list(made.sessions.filter(number__lte=3).order_by("number").values(*AS_PLANNED))
    clock.shift(timedelta(days=5))  # Friday of the first week
    track_change(OPERATOR, made, plan(weekdays=frozenset({1})))
    assert list(made.sessions.filter(number__lte=3).order_by("number").values(*AS_PLANNED)) == past
    to_come = made.sessions.filter(number__gt=3).order_by("starts_at")
    assert [(one.number, one.local_date) for one in to_come] == [
        (3 + week, MONDAY + A_WEEK * week + timedelta(1)) for week in (1, 2, 3)
    ]


def test_change_to_fewer_weeks_takes_the_rest_away() -> None:
    made = track()
    track_change(OPERATOR, made, plan(weeks=1))
    assert dates(made) == [MONDAY, WEDNESDAY, THURSDAY]


def test_change_of_agenda_reaches_what_is_to_come() -> None:
    made = track()
    topic = template_add(OPERATOR, "Topic", [Segment(SegmentKind.TOPIC, share=1)], 90)
    track_change(OPERATOR, made, plan(template=topic))
    assert {tuple(row.kind for row in one.segments.all()) for one in made.sessions.all()} == {
        ("topic",)
    }


def test_change_twice_is_the_same_as_once() -> None:
    made, wanted = track(), plan(local_start=time(19))
    track_change(OPERATOR, made, wanted)
    before = list(Session.objects.order_by("pk").values())
    track_change(OPERATOR, made, wanted)
    assert list(Session.objects.order_by("pk").values()) == before


def test_change_keeps_skipped_dates_that_the_pattern_still_has() -> None:
    made = track()
    track_skip_date(OPERATOR, made, WEDNESDAY)
    track_skip_date(OPERATOR, made, THURSDAY)
    track_change(OPERATOR, made, plan(weekdays=frozenset({0, 2})))
    assert dates(made)[:3] == [MONDAY, MONDAY + A_WEEK, WEDNESDAY + A_WEEK]
    assert list(made.exceptions.values_list("local_date", flat=True)) == [WEDNESDAY]


def test_change_without_people_leaves_people() -> None:
    sam = account("Sam")
    made = track(roster=(sam,))
    staff = list(made.staffings.values())
    track_change(OPERATOR, made, plan(facilitators=None, roster=None))
    assert (list(made.staffings.values()), [one.person for one in made.enrolments.all()]) == (
        staff,
        [sam],
    )


def test_session_that_starts_in_a_minute_is_made(clock: time_machine.Traveller) -> None:
    """Kills: leaving out what is to come because its door is open."""
    clock.move_to(datetime(2026, 11, 30, 22, 59, tzinfo=UTC))
    assert dates(track())[0] == MONDAY
    clock.move_to(datetime(2026, 11, 30, 23, 0, tzinfo=UTC))
    assert dates(track())[0] == WEDNESDAY
