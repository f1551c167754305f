"""A room's row, locked: what somebody reads who had to wait for it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from sessions.audit.services import OPERATOR
from sessions.core.agenda import MarkKind
from sessions.rooms.locked_room import locked_room
from sessions.scheduling.services_roster import unenrol
from tests.locks import somebody_waits
from tests.rooms.live import name_of, roster_of
from tests.server.wire import until
from tests.signaling.evening import Evening, evening

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_waited_for_the_lock_reads_what_was_done_meanwhile(tonight: Evening) -> None:
    """Kills: reading before the row is locked and not after it: two facilitators who tap at once
    would both go by the agenda of before."""
    name, roster = name_of(tonight), roster_of(tonight)

    def second() -> tuple[int, list[MarkKind]]:
        try:
            with locked_room(name, tonight["Dana"], roster, timezone.now) as late:
                return late.room.version, [mark.kind for mark in late.marks]
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with locked_room(name, tonight["Dana"], roster, timezone.now) as first:
            waiting = thread.submit(second)
            until(somebody_waits)
            first.mark(MarkKind.START)
            first.publish()
        assert waiting.result() == (tonight.room.version + 1, [MarkKind.START])


def members(tonight: Evening) -> list[tuple[str, bool]]:
    return sorted(tonight.session.members.values_list("display_name", "is_staff"))


def test_past2_first_lock_after_the_lobby_opened_writes_the_session_down(
    transactional_db: None,
) -> None:
    """Kills: written down before, when everything may change yet; twice; by the worker alone."""
    later = evening(starts_in=timedelta(minutes=16))
    name, roster = name_of(later), roster_of(later)
    with locked_room(name, later["Dana"], roster, timezone.now):
        pass
    assert members(later) == []
    for _ in range(2):
        with locked_room(name, None, roster, lambda: timezone.now() + timedelta(minutes=2)):
            pass
    assert [name for name, staff in members(later) if staff] == ["Dana"]
    assert {"Sam", "Ana"} <= {name for name, staff in members(later) if not staff}
    assert len(members(later)) == len(set(members(later)))


def test_past2_change_under_way_as_the_lobby_opens_is_waited_for(transactional_db: None) -> None:
    """Kills: a roster read before the change was committed, by a process that is a bit ahead."""
    later = evening(starts_in=timedelta(minutes=15, seconds=30))
    name, roster = name_of(later), roster_of(later)

    def ahead() -> None:
        try:
            with locked_room(name, None, roster, lambda: timezone.now() + timedelta(minutes=1)):
                pass
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            unenrol(OPERATOR, later.session.track, later["Sam"])
            waiting = thread.submit(ahead)
            until(somebody_waits)
        waiting.result()
    names = [name for name, _ in members(later)]
    assert ("Ana" in names, "Sam" in names) == (True, False)


def test_room_that_is_there_no_more_is_a_fault(tonight: Evening) -> None:
    name, roster = name_of(tonight), roster_of(tonight)
    tonight.session.delete()
    with (
        pytest.raises(type(tonight.room).DoesNotExist),
        locked_room(name, None, roster, timezone.now),
    ):
        pass
