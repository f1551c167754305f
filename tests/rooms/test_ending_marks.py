"""The end of a session writes its own joins and leaves: the record does not wait for the worker."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions.audit.sheets import CLOSED, changed_sheets
from sessions.audit.verifying import words
from sessions.core.audit_chain import Finding, Wrong
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.models import AgendaMark, AttendanceMark, AuditEvent, Room
from sessions.record.selectors import attendance
from sessions.rooms.marks import write_all_marks
from sessions.rooms.selectors import RoomNow
from sessions.rooms.ticker import active_rooms
from tests.rooms.live import connect, do, name_of, with_process
from tests.signaling.evening import Evening
from tests.valkey import connection


def outstanding(tonight: Evening) -> bool:
    return Room.objects.get(pk=tonight.room.pk).marks_outstanding


def end(tonight: Evening) -> None:
    assert isinstance(do(Verb.ROOM_END, tonight["Dana"], tonight.address), RoomNow)


def marks() -> list[tuple[str, str, str]]:
    rows = AttendanceMark.objects.order_by("seq")
    return [(row.person.display_name, row.kind, row.reason) for row in rows]


def test_end_writes_the_marks_with_no_worker(live: Evening) -> None:
    """Kills: a client who was there all the time and is absent, since the worker hung."""
    assert (outstanding(live), marks()) == (True, [])
    end(live)
    assert [one for one in marks() if one[0] == "Sam"] == [
        ("Sam", "join", ""),
        ("Sam", "leave", "ended"),
    ]
    assert not outstanding(live)
    sheet = attendance(live.session, timezone.now())
    assert [(one.name, one.attendance.absent) for one in sheet.people if one.name == "Sam"] == [
        ("Sam", False)
    ]
    assert not sheet.outstanding


def test_room_with_unwritten_marks_is_looked_after_whatever_its_age(live: Evening) -> None:
    """The worker was stopped in the session and goes on a day later. Kills: 45 minutes."""
    name = name_of(live)
    Room.objects.filter(pk=name.pk).update(state="ended", ended_at=timezone.now())
    tomorrow = timezone.now() + timedelta(days=1)
    (room,) = active_rooms(tomorrow)
    assert (room.name, room.is_closing) == (name, True)
    assert attendance(live.session, tomorrow).outstanding

    with_process(lambda process: process.store.run(presence.close(name.key)))
    with_process(lambda process: write_all_marks(process, name))
    assert (active_rooms(tomorrow), outstanding(live)) == ([], False)
    assert ("Sam", "leave", "ended") in marks()


def test_marks_that_an_empty_valkey_lost_make_nobody_absent(live: Evening) -> None:
    """Nothing was written, and then everything was forgotten. Kills: absent without a word."""
    connection().delete(*presence.sweep(live.room.key).keys())
    end(live)
    assert (marks(), outstanding(live)) == ([], False)
    sheet = attendance(live.session, timezone.now())
    (sam,) = [one.attendance for one in sheet.people if one.name == "Sam"]
    assert (sam.absent, sam.late, sam.left_early, sam.uncertain) == (False, False, False, True)


def test_sheet_stays_open_while_somebody_is_connected_still(live: Evening) -> None:
    """Kills: closed between the end's commit and its leaves."""
    Room.objects.filter(pk=live.room.pk).update(state="ended", ended_at=timezone.now())
    with_process(lambda process: write_all_marks(process, name_of(live)))
    assert outstanding(live)
    assert not AuditEvent.objects.filter(verb=CLOSED).exists()


def test_valkey_away_at_the_end_leaves_the_sheet_outstanding(
    live: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> Refuse:
        return Refuse("store.down")

    with monkeypatch.context() as outage:
        outage.setattr("sessions.rooms.effects.write_all_marks", away)
        end(live)
    assert outstanding(live)
    assert attendance(live.session, timezone.now()).outstanding


@pytest.fixture
def closed(live: Evening) -> Evening:
    end(live)
    return live


def test_closed_sheet_has_its_digest_in_the_audit(closed: Evening) -> None:
    event = AuditEvent.objects.get(verb=CLOSED)
    assert event.session == closed.session
    assert len(str(event.detail["digest"])) == 64
    assert list(changed_sheets()) == []


def taken_away(tonight: Evening) -> None:
    AttendanceMark.objects.filter(person=tonight["Sam"]).delete()


def moved(tonight: Evening) -> None:
    for mark in AttendanceMark.objects.filter(person=tonight["Sam"], kind="leave"):
        mark.at += timedelta(minutes=10)
        mark.save()


def made_longer(tonight: Evening) -> None:
    AgendaMark.objects.filter(room=tonight.room, kind="end").update(at=timezone.now())


def taken_off(tonight: Evening) -> None:
    tonight.session.members.filter(person=tonight["Sam"]).delete()


@pytest.mark.parametrize("change", [taken_away, moved, made_longer, taken_off])
def test_change_of_a_closed_sheet_shows(closed: Evening, change) -> None:  # type: ignore[no-untyped-def]
    """Kills: a digest of the minutes alone, or of a part of the facts."""
    change(closed)
    (event,) = changed_sheets()
    assert event.session == closed.session
    assert str(event.pk) in words(Finding(Wrong.SHEET, event=event.pk))


def test_reopened_sheet_is_closed_again_with_another_digest(closed: Evening) -> None:
    assert isinstance(do(Verb.ROOM_REOPEN, closed["Dana"], closed.address), RoomNow)
    connect(closed, "Dana")
    assert (outstanding(closed), list(changed_sheets())) == (True, [])
    end(closed)
    digests = AuditEvent.objects.filter(verb=CLOSED).values_list("detail__digest", flat=True)
    assert len(set(digests)) == 2
    assert list(changed_sheets()) == []
