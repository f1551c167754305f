"""Two transactions at once: the second waits for the first, and is refused by what it wrote."""

import threading
from collections.abc import Callable
from datetime import time, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from sessions.audit.services import OPERATOR
from sessions.core.refusal import Refuse
from sessions.models import Enrolment
from sessions.scheduling.services import track_change, track_create, track_move_date
from sessions.scheduling.services_roster import enrol, staff
from sessions.scheduling.versions import track_state
from tests.people.accounts import account, facilitator
from tests.scheduling.tracks import MONDAY, plan, staffed_by, track

pytestmark = pytest.mark.django_db(transaction=True)


def outcome(result: object) -> str:
    return result.code if isinstance(result, Refuse) else "done"


def in_thread(job: Callable[[], None]) -> threading.Thread:
    def run() -> None:
        try:
            job()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def overlapping(first: Callable[[], object], second: Callable[[], object]) -> list[str]:
    """Begins the second while the first has written and not yet committed; the outcomes."""
    written, commit = threading.Event(), threading.Event()
    outcomes = dict[int, str]()

    def hold() -> None:
        with transaction.atomic():
            outcomes[0] = outcome(first())
            written.set()
            assert commit.wait(30)

    def follow() -> None:
        outcomes[1] = outcome(second())

    threads = [in_thread(hold)]
    assert written.wait(30)
    threads.append(in_thread(follow))
    while threads[1].is_alive() and not waits_for_a_lock():
        pass
    commit.set()
    for thread in threads:
        thread.join(30)
    return [outcomes[0], outcomes[1]]


def test_two_tracks_of_one_facilitator() -> None:
    """Kills: looking for other groups without a lock."""
    dana, luis = facilitator("Dana"), facilitator("Luis")
    one, two = plan(facilitators=(dana, luis)), plan(facilitators=(luis, dana))
    assert overlapping(
        lambda: track_create(OPERATOR, one), lambda: track_create(OPERATOR, two)
    ) == [
        "done",
        "track.facilitator_busy",
    ]


def test_two_changes_into_the_same_time() -> None:
    dana = facilitator()
    one = staffed_by(dana, local_start=time(8))
    two = staffed_by(dana, local_start=time(11))
    wanted = plan(facilitators=None, local_start=time(15))
    assert overlapping(
        lambda: track_change(OPERATOR, one, wanted), lambda: track_change(OPERATOR, two, wanted)
    ) == ["done", "track.facilitator_busy"]


def test_move_and_staffing_into_the_same_time() -> None:
    dana = facilitator()
    moving = staffed_by(dana, weekdays=frozenset({0}))
    tuesdays = track(weekdays=frozenset({1}))
    assert overlapping(
        lambda: track_move_date(OPERATOR, moving, MONDAY, MONDAY + timedelta(1)),
        lambda: staff(OPERATOR, tuesdays, dana),
    ) == ["done", "track.facilitator_busy"]


def test_two_changes_made_from_one_state() -> None:
    """Kills: comparing the state before the track's lock is held."""
    made = track()
    seen = track_state(made, timezone.now())
    wanted = plan(facilitators=None, name="Late"), plan(facilitators=None, name="Noon")
    assert overlapping(
        lambda: track_change(OPERATOR, made, wanted[0], seen),
        lambda: track_change(OPERATOR, made, wanted[1], seen),
    ) == ["done", "form.stale"]
    made.refresh_from_db()
    assert made.name == "Late"


def test_change_made_before_somebody_was_added() -> None:
    made, sam = track(), account("Sam")
    seen = track_state(made, timezone.now())
    assert overlapping(
        lambda: enrol(OPERATOR, made, sam),
        lambda: track_change(OPERATOR, made, plan(facilitators=None, roster=()), seen),
    ) == ["done", "form.stale"]
    assert Enrolment.objects.get().ends_on is None


def test_two_clients_for_the_last_seat() -> None:
    """Kills: counting seats without the track's lock."""
    made, sam, tess = track(seats=1), account("Sam"), account("Tess")
    assert overlapping(lambda: enrol(OPERATOR, made, sam), lambda: enrol(OPERATOR, made, tess)) == [
        "done",
        "track.full",
    ]
    assert Enrolment.objects.get().person == sam
