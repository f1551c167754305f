"""The attendance page of a session: minutes as computed, and staff's corrections beside them.

The URL holds opaque ids only: a client is identified by the public id of the account.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sessions.audit.services import record
from sessions.core.agenda import SegmentKind
from sessions.core.attendance import PersonAttendance, SegmentAttendance, whole_minutes
from sessions.core.permissions import Verb, allowed
from sessions.core.reader_clock import Span
from sessions.core.room_state import RoomState
from sessions.core.versions import written
from sessions.models import AttendanceCorrection, Person, Session, SessionSegment
from sessions.people.selectors import public_ids
from sessions.record.selectors import (
    Attendance,
    AttendanceRow,
    attendance,
    correction_state,
    corrections_of,
)
from sessions.record.services import correct_minutes
from sessions.rooms.selectors import state_of
from sessions.scheduling.plans import span_of
from sessions.scheduling.selectors import principal
from sessions.web.access import refused, session_page, signed_in
from sessions.web.forms import CorrectionForm, place_refusal
from sessions.web.navigation import desk

SEGMENT_WORDS: Final[Mapping[SegmentKind, str]] = {
    SegmentKind.CHECK_IN: "Check-in",
    SegmentKind.TOPIC: "Topic",
    SegmentKind.WRAP_UP: "Wrap-up",
    SegmentKind.BREAK: "Break",
}


Picked = tuple[AttendanceRow, int]  # somebody's row, and the index of a segment


@dataclass(frozen=True, slots=True)
class Sheet:
    """A session's attendance, with the opaque id of each person on it."""

    session: Session
    attendance: Attendance
    keys: dict[int, str]  # person id → public id

    def find(self, key: str, position: int | None) -> Picked | None:
        """The row and the segment index that a URL or a form names, if that cell counts."""
        row = next((row for row in self.attendance.people if self.keys[row.person_id] == key), None)
        segments = enumerate(self.attendance.segments)
        index = next((n for n, one in segments if one.position == position), None)
        if row is None or index is None:
            return None
        cell = cell_of(row, index)
        return (row, index) if cell and cell.counts else None


@require_http_methods(["GET", "HEAD", "POST"])
@session_page(Verb.ATTENDANCE_READ)
def attendance_page(request: HttpRequest, session: Session) -> HttpResponse:
    now = timezone.now()
    sheet = read_sheet(session, now)
    if request.method == "POST":
        return correction(request, sheet, now)
    return sheet_page(request, sheet, asked_form(request, sheet), now)


def correction(request: HttpRequest, sheet: Sheet, now: datetime) -> HttpResponse:
    """Saves what was typed, or shows it again with the errors."""
    refusal = allowed(Verb.ATTENDANCE_CORRECT, principal(signed_in(request), sheet.session))
    if refusal:
        return refused(request, Verb.ATTENDANCE_CORRECT, refusal, sheet.session)
    form = CorrectionForm(request.POST)
    picked = picked_cell(sheet, form)
    if picked is None:
        messages.warning(request, "That cell is not on this page any more. Pick it once more.")
        return redirect(request.path)
    if form.is_valid() and save(request, sheet, picked, form, now):
        return redirect(request.path)
    return sheet_page(request, sheet, form, now)


def sheet_page(
    request: HttpRequest, sheet: Sheet, form: CorrectionForm, now: datetime
) -> HttpResponse:
    """The page, and the audit row of the read. The form is shown only to staff who may send it."""
    person, session = signed_in(request), sheet.session
    record(person, Verb.ATTENDANCE_READ, session=session)
    ended = state_at(session, now) is RoomState.ENDED
    can_correct = ended and not allowed(Verb.ATTENDANCE_CORRECT, principal(person, session))
    picked = picked_cell(sheet, form) if can_correct or form.is_bound else None
    context = {
        **page_context(sheet, now),
        "can_correct": can_correct,
        "form": form if picked else None,
        "correcting": correcting(sheet, picked) if picked else None,
    }
    status = 422 if form.is_bound else 200
    return desk(request, "record/attendance.html", context, current="home", status=status)


def picked_cell(sheet: Sheet, form: CorrectionForm) -> Picked | None:
    """The cell that a form refers to, valid or not."""
    return sheet.find(str(form["person"].value()), number(form["segment"].value()))


def asked_form(request: HttpRequest, sheet: Sheet) -> CorrectionForm:
    """The form for the cell that the URL names, if it names one."""
    key, position = request.GET.get("person", ""), number(request.GET.get("segment"))
    found = sheet.find(key, position)
    cell = cell_of(*found) if found else None
    minutes = cell.minutes if cell else None
    initial = {"person": key, "segment": position, "minutes": minutes}
    return CorrectionForm(initial={**initial, "version": version_of(sheet, found)})


def version_of(sheet: Sheet, picked: Picked | None) -> str:
    """What the form for this cell is made from."""
    if picked is None:
        return ""
    row, index = picked
    segment = sheet.attendance.segments[index]
    return written(correction_state(sheet.session, row.person_id, segment))


def save(
    request: HttpRequest, sheet: Sheet, picked: Picked, form: CorrectionForm, now: datetime
) -> bool:
    """Saves the correction; a refusal goes into the form."""
    row, index = picked
    segment = sheet.attendance.segments[index]
    saved = correct_minutes(
        signed_in(request),
        sheet.session,
        Person.objects.get(pk=row.person_id),
        segment,
        minutes=form.cleaned_data["minutes"],
        reason=form.cleaned_data["reason"],
        now=now,
        seen=form.seen,
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
    counted = [n for n, one in enumerate(read.segments) if SegmentKind(one.kind).counts]
    over = state_at(session, now) is RoomState.ENDED
    return {
        "span": span_of(session),
        "topic": session.topic,
        "note": notes_of(sheet, now),
        "segments": [{"title": title(read.segments[n])} for n in counted],
        "rows": [row_view(sheet, row, counted, over=over) for row in read.people],
        "corrections": correction_views(sheet),
    }


def notes_of(sheet: Sheet, now: datetime) -> str:
    """A note above the numbers."""
    state = state_at(sheet.session, now)
    if state is RoomState.ENDED and sheet.attendance.outstanding:
        return "Some joins and leaves are not written down yet. The numbers may still change."
    return {
        RoomState.SCHEDULED: "The session has not started.",
        RoomState.LOBBY_OPEN: "The session has not started.",
        RoomState.LIVE: "The session goes on. Minutes are counted up to the last full minute.",
        RoomState.PAUSED: "The session goes on. Minutes are counted up to the last full minute.",
        RoomState.ENDED: "",
        RoomState.NOT_HELD: "The session was not held.",
        RoomState.CANCELLED: "The session was cancelled.",
    }[state]


def state_at(session: Session, now: datetime) -> RoomState:
    """The room's state; the session was read with its room."""
    return state_of(session.room, now)


def row_view(
    sheet: Sheet, row: AttendanceRow, counted: Sequence[int], *, over: bool
) -> dict[str, object]:
    return {
        "name": row.name,
        "key": sheet.keys[row.person_id],
        "cells": [cell_view(sheet.attendance.segments[n], cell_of(row, n)) for n in counted],
        "total": row.attendance.minutes,
        "chips": chips(row.attendance, over=over),
    }


def cell_view(segment: SessionSegment, cell: SegmentAttendance | None) -> dict[str, object]:
    corrected = cell is not None and cell.correction is not None
    return {
        "title": title(segment),
        "segment": segment.position,
        "held": cell is not None,
        "minutes": cell.minutes if cell else 0,
        "corrected": corrected,
        "uncertain": cell is not None and cell.uncertain and not corrected,
    }


def chips(person: PersonAttendance, *, over: bool) -> list[dict[str, str]]:
    """Labels such as late or absent; nobody is absent from a session that still runs or was not
    held."""
    happened = []
    if person.absent and over:
        happened.append({"text": "absent", "tone": "caution"})
    if person.late:
        happened.append({"text": "late", "tone": ""})
    if person.left_early and over:
        happened.append({"text": "left early", "tone": ""})
    if person.uncertain:
        happened.append({"text": "a minute is uncertain", "tone": ""})
    return happened


def correcting(sheet: Sheet, picked: Picked) -> dict[str, object]:
    row, index = picked
    cell = cell_of(row, index)
    return {
        "name": row.name,
        "segment": title(sheet.attendance.segments[index]),
        "minutes": whole_minutes(cell.seconds) if cell else 0,
    }


def cell_of(row: AttendanceRow, index: int) -> SegmentAttendance | None:
    """One person's minutes in one segment; None where the segment did not take place."""
    return next((cell for cell in row.attendance.segments if cell.segment == index), None)


def correction_views(sheet: Sheet) -> list[dict[str, object]]:
    names = {row.person_id: row.name for row in sheet.attendance.people}
    return [
        {
            "name": names.get(one.person_id, ""),
            "segment": title(one.segment),
            "minutes": one.minutes,
            "reason": one.reason,
            "by": one.by.display_name,
            "at": Span(one.at, sheet.session.zone),
        }
        for one in corrections_of(sheet.session)
    ]


def title(segment: SessionSegment) -> str:
    return segment.title or SEGMENT_WORDS[SegmentKind(segment.kind)]


def number(value: object) -> int | None:
    """The position of a segment in a URL or a field, if it is a valid one."""
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 4 else None
