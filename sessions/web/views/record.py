"""The attendance page of a session: minutes as computed, and staff's corrections beside them.

The address holds opaque ids only: a client is named by the public id of the account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sessions.audit.services import record
from sessions.core.attendance import PersonAttendance
from sessions.core.permissions import Verb, allowed
from sessions.core.room_state import OVER, RoomState
from sessions.models import AttendanceCorrection, Person, Session, SessionSegment
from sessions.people.selectors import public_ids
from sessions.record.selectors import Attendance, AttendanceRow, attendance, corrections_of
from sessions.record.services import correct_minutes
from sessions.rooms.selectors import state_of
from sessions.scheduling.selectors import standing
from sessions.web import words
from sessions.web.access import session_page, signed_in
from sessions.web.forms import CorrectionForm, place_refusal
from sessions.web.navigation import desk

SEGMENT_WORDS = {
    "check_in": "Check-in",
    "topic": "Topic",
    "wrap_up": "Wrap-up",
    "break": "Break",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A session's attendance, with the opaque id of each person on it."""

    session: Session
    attendance: Attendance
    keys: dict[int, str]  # person id → public id

    def find(self, key: str, position: int | None) -> "tuple[AttendanceRow, int] | None":
        """The row and the segment index that an address or a form names; counted ones only."""
        row = next((row for row in self.attendance.people if self.keys[row.person_id] == key), None)
        segments = self.attendance.segments
        index = next((n for n, one in enumerate(segments) if one.position == position), None)
        if row is None or index is None or segments[index].kind == "break":
            return None
        return row, index


@require_http_methods(["GET", "HEAD", "POST"])
@session_page(Verb.ATTENDANCE_READ)
def attendance_page(request: HttpRequest, session: Session) -> HttpResponse:
    person, now = signed_in(request), timezone.now()
    sheet = read_sheet(session, now)
    may_correct = allowed(Verb.ATTENDANCE_CORRECT, standing(person, session)) is None
    form = CorrectionForm(request.POST) if request.method == "POST" else asked_form(request, sheet)
    if form.is_bound and form.is_valid() and save(request, sheet, form, now):
        return redirect(request.path)
    record(person, Verb.ATTENDANCE_READ, session=session)
    picked = sheet.find(str(form["person"].value()), number(form["segment"].value()))
    shown = form if may_correct and (picked or form.is_bound) else None
    context = {
        **page_context(sheet, now),
        "can_correct": may_correct and state_at(session, now) is RoomState.ENDED,
        "form": shown,
        "correcting": correcting(sheet, picked) if picked else None,
    }
    status = 422 if form.is_bound else 200
    return desk(request, "record/attendance.html", context, current="home", status=status)


def asked_form(request: HttpRequest, sheet: Sheet) -> CorrectionForm:
    """The empty form for the cell that the address names, if it names one."""
    key, position = request.GET.get("person", ""), number(request.GET.get("segment"))
    found = sheet.find(key, position)
    minutes = found[0].attendance.segments[found[1]].minutes if found else None
    return CorrectionForm(initial={"person": key, "segment": position, "minutes": minutes})


def save(request: HttpRequest, sheet: Sheet, form: CorrectionForm, now: datetime) -> bool:
    """Saves the correction; a refusal is put into the form."""
    typed = form.cleaned_data
    found = sheet.find(typed["person"], typed["segment"])
    if found is None:
        form.add_error(None, "That cell is not on this page any more. Pick it once more.")
        return False
    row, index = found
    segment = sheet.attendance.segments[index]
    saved = correct_minutes(
        signed_in(request),
        sheet.session,
        Person.objects.get(pk=row.person_id),
        segment,
        minutes=typed["minutes"],
        reason=typed["reason"],
        now=now,
    )
    if not isinstance(saved, AttendanceCorrection):
        place_refusal(form, saved, CorrectionForm.refusal_fields)
        return False
    messages.success(request, f"{row.name}: {saved.minutes} min in {title(segment)}.")
    return True


def read_sheet(session: Session, now: datetime) -> Sheet:
    read = attendance(session, now)
    return Sheet(session, read, public_ids(row.person_id for row in read.people))


def page_context(sheet: Sheet, now: datetime) -> dict[str, object]:
    session, read = sheet.session, sheet.attendance
    zone = ZoneInfo(session.track.zone)
    start, end = session.starts_at.astimezone(zone), session.ends_at.astimezone(zone)
    counted = [n for n, segment in enumerate(read.segments) if segment.kind != "break"]
    over = state_at(session, now) in OVER
    return {
        "when": f"{start:%A, %B} {start.day}, {words.times(start, end)}",
        "topic": session.topic,
        "note": notes_of(sheet, now),
        "segments": [{"title": title(read.segments[n])} for n in counted],
        "rows": [row_view(sheet, row, counted, over=over) for row in read.people],
        "corrections": correction_views(sheet, zone),
    }


def notes_of(sheet: Sheet, now: datetime) -> str:
    """What to know before reading the numbers."""
    return {
        RoomState.SCHEDULED: "The session has not started.",
        RoomState.LOBBY_OPEN: "The session has not started.",
        RoomState.LIVE: "The session goes on. Minutes are counted up to the last full minute.",
        RoomState.PAUSED: "The session goes on. Minutes are counted up to the last full minute.",
        RoomState.ENDED: "",
        RoomState.NOT_HELD: "The session was not held.",
        RoomState.CANCELLED: "The session was cancelled.",
    }[state_at(sheet.session, now)]


def state_at(session: Session, now: datetime) -> RoomState:
    """The room's state; the session was read with its room."""
    return state_of(session.room, now)


def row_view(
    sheet: Sheet, row: AttendanceRow, counted: Sequence[int], *, over: bool
) -> dict[str, object]:
    cells = {cell.segment: cell for cell in row.attendance.segments}
    return {
        "name": row.name,
        "key": sheet.keys[row.person_id],
        "cells": [
            {
                "title": title(sheet.attendance.segments[n]),
                "segment": sheet.attendance.segments[n].position,
                "minutes": cells[n].minutes if n in cells else 0,
                "corrected": n in cells and cells[n].correction is not None,
                "uncertain": n in cells and cells[n].uncertain and cells[n].correction is None,
            }
            for n in counted
        ],
        "total": row.attendance.minutes,
        "chips": chips(row.attendance, over=over),
    }


def chips(person: PersonAttendance, *, over: bool) -> list[dict[str, str]]:
    """What happened, in words; nothing is said of an absence while the session can still fill."""
    said = []
    if person.absent and over:
        said.append({"text": "absent", "tone": "caution"})
    if person.late:
        said.append({"text": "late", "tone": ""})
    if person.left_early and over:
        said.append({"text": "left early", "tone": ""})
    if person.uncertain:
        said.append({"text": "a minute is uncertain", "tone": ""})
    return said


def correcting(sheet: Sheet, picked: tuple[AttendanceRow, int]) -> dict[str, object]:
    row, index = picked
    cell = row.attendance.segments[index] if index < len(row.attendance.segments) else None
    return {
        "name": row.name,
        "segment": title(sheet.attendance.segments[index]),
        "minutes": round(cell.seconds / 60) if cell else 0,
    }


def correction_views(sheet: Sheet, zone: ZoneInfo) -> list[dict[str, object]]:
    names = {row.person_id: row.name for row in sheet.attendance.people}
    return [
        {
            "name": names.get(one.person_id, ""),
            "segment": title(one.segment),
            "minutes": one.minutes,
            "reason": one.reason,
            "by": one.by.display_name,
            "at": f"{words.short_date(one.at.astimezone(zone))}, "
            f"{words.clock(one.at.astimezone(zone))}",
        }
        for one in corrections_of(sheet.session)
    ]


def title(segment: SessionSegment) -> str:
    return segment.title or SEGMENT_WORDS[segment.kind]


def number(value: object) -> int | None:
    """A whole number of an address or a field, if it is one."""
    text = str(value)
    return int(text) if text.isdecimal() else None
