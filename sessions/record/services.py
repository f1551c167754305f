"""Writes of the record: staff's corrections of minutes. The marks always stay as they are."""

from datetime import datetime

from django.db import transaction

from sessions.audit.services import DONE, record
from sessions.core import attendance as core
from sessions.core.permissions import Verb, allowed
from sessions.core.refusal import Refuse
from sessions.core.room_state import RoomState
from sessions.core.versions import State, stale
from sessions.models import AttendanceCorrection, Person, Room, Session, SessionSegment
from sessions.record.selectors import Attendance, attendance, correction_state
from sessions.rooms.selectors import state_of
from sessions.scheduling.selectors import principal

VERB = Verb.ATTENDANCE_CORRECT
NOT_YET = {
    RoomState.NOT_HELD: Refuse("room.not_held"),
    RoomState.CANCELLED: Refuse("room.cancelled"),
}


@transaction.atomic
def correct_minutes(
    actor: Person,
    session: Session,
    person: Person,
    segment: SessionSegment,
    *,
    minutes: int,
    reason: str,
    now: datetime,
    seen: State | None = None,
) -> AttendanceCorrection | Refuse:
    """Puts staff's word over the computed minutes of one client in one segment (ATT8).

    Refuses those who do not staff the session, a session that has not ended, a segment that
    is not counted or another session's, more minutes than it lasted, an empty reason, and a
    correction that was made before it saw (`seen`) the newest one there is.
    Done or refused, it is audited in the same transaction; the reason itself stays in the row.
    """
    row = AttendanceCorrection(
        session=session,
        person=person,
        segment=segment,
        minutes=minutes,
        reason=reason.strip(),
        by=actor,
        at=now,
    )
    Room.objects.select_for_update().get(session=session)  # two corrections: one after the other
    refused = _refusal(actor, row) or stale(seen, correction_state(session, person.pk, segment))
    outcome = refused.code if refused else DONE
    detail = {"segment": segment.position, "minutes": minutes}
    record(actor, VERB.value, outcome, person, session, detail)
    if refused is not None:
        return refused
    row.save()
    return row


def _refusal(actor: Person, row: AttendanceCorrection) -> Refuse | None:
    room = Room.objects.select_related("session").get(session=row.session)
    refused = allowed(VERB, principal(actor, row.session))
    if refused is not None:
        return refused
    state = state_of(room, row.at)
    if state is not RoomState.ENDED:
        return NOT_YET.get(state, Refuse("attendance.not_ended"))
    return _misfit(row, attendance(row.session, row.at))


def _misfit(row: AttendanceCorrection, sheet: Attendance) -> Refuse | None:
    """Whether the row says something about nobody or nothing of this session."""
    if row.person_id not in {one.person_id for one in sheet.people}:
        return Refuse("person.unknown")
    index = sheet.index_of(row.segment)
    if index is None:
        return Refuse("attendance.break")
    correction = core.Correction(row.at, row.person_id, index, row.minutes, row.reason)
    return core.correction_refusal(correction, sheet.windows)
