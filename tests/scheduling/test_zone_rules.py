"""New rules of a time zone move planned sessions, and nothing else of them."""

from datetime import UTC, date, datetime, time, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db.models import F

from sessions.audit.services import OPERATOR
from sessions.core.room_state import RoomState
from sessions.models import AuditEvent, Room, Session, SessionSegment, Track
from sessions.scheduling.services import track_skip_date, tracks_replan
from tests.scheduling.tracks import MONDAY, NOW, dates, track

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def vancouver() -> Track:
    return track(zone="America/Vancouver", weekdays=frozenset({0, 3}), weeks=2)


def planned_by_old_rules(of: Track) -> None:
    """The rows as a release with older rules has made them: an hour later."""
    of.sessions.update(starts_at=F("starts_at") + HOUR, ends_at=F("ends_at") + HOUR)


def instants(of: Track) -> list[datetime]:
    return [one.starts_at for one in of.sessions.order_by("starts_at")]


def test_planned_sessions_follow_and_the_track_says_so() -> None:
    there = vancouver()
    wanted = instants(there)
    before = list(Session.objects.order_by("pk").values_list("pk", "number", "topic"))
    agendas = list(SessionSegment.objects.order_by("pk").values_list("pk", flat=True))
    planned_by_old_rules(there)
    assert datetime(2026, 12, 4, 2, 0, tzinfo=UTC) in instants(there)
    said = StringIO()
    call_command("follow_zone_rules", stdout=said)
    assert said.getvalue().startswith("1 tracks have sessions at other instants by tzdata 20")
    assert instants(there) == wanted
    assert datetime(2026, 12, 4, 1, 0, tzinfo=UTC) in wanted
    assert list(Session.objects.order_by("pk").values_list("pk", "number", "topic")) == before
    assert list(SessionSegment.objects.order_by("pk").values_list("pk", flat=True)) == agendas
    there.refresh_from_db()
    assert (there.replanned_at, there.replanned) == (NOW, 4)
    event = AuditEvent.objects.order_by("pk").last()
    assert event is not None
    assert (event.verb, event.detail["sessions"]) == ("track.replan", 4)


def test_second_time_changes_nothing() -> None:
    planned_by_old_rules(vancouver())
    assert [tracks_replan(NOW), tracks_replan(NOW)] == [1, 0]


def test_past_open_and_cancelled_sessions_stay(clock: time_machine.Traveller) -> None:
    """Kills: the record of a held session moves with the rules."""
    there = vancouver()
    planned_by_old_rules(there)
    held, opened, cancelled, planned = there.sessions.order_by("starts_at")
    Room.objects.filter(session=cancelled).update(state=RoomState.CANCELLED.value)
    clock.move_to(opened.starts_at - timedelta(minutes=10))
    was = instants(there)
    tracks_replan(opened.starts_at - timedelta(minutes=10))
    assert instants(there) == [*was[:3], planned.starts_at - HOUR]
    assert held.starts_at == was[0]


def test_session_of_the_demo_stays_where_it_was_put() -> None:
    there = vancouver()
    there.sessions.update(is_demo=True)
    planned_by_old_rules(there)
    assert tracks_replan(NOW) == 0


def test_skipped_dates_stay_skipped() -> None:
    there = vancouver()
    assert isinstance(track_skip_date(OPERATOR, there, MONDAY), Track)
    planned_by_old_rules(there)
    tracks_replan(NOW)
    assert dates(there) == [date(2026, 12, 3), date(2026, 12, 7), date(2026, 12, 10)]


def test_zone_that_no_package_knows_any_more_moves_nothing() -> None:
    there = vancouver()
    Track.objects.filter(pk=there.pk).update(zone="America/Atlantis", local_start=time(3))
    assert tracks_replan(NOW) == 0
