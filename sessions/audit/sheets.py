"""The digest of a closed attendance sheet, in the audit chain.

Owns what a sheet stands on: the facts as they were written (people, segments, what was done to
the agenda, joins and leaves, checkpoints), not the minutes, which are computed from them. So a
mark that is changed or taken away afterwards shows. Corrections stand beside it, each with an
audit row of its own.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from sessions.audit.services import record
from sessions.models import AuditEvent, Session

CLOSED: Final = "attendance.closed"
COLUMNS: Final = {
    "members": ("person_id", "is_staff", "display_name", "since", "until"),
    "segments": ("position", "kind", "block", "title", "minutes", "share", "advances_itself"),
    "attendance_marks": ("person_id", "at", "kind", "reason", "connection", "epoch", "seq"),
    "checkpoints": ("at", "persons"),
}
AGENDA: Final = ("number", "at", "kind", "minutes", "by_id")


def close_sheet(session: Session) -> None:
    """The sheet is complete: its digest goes into the audit, in the caller's transaction."""
    record(None, CLOSED, session=session, detail={"digest": digest_of(session)})


def digest_of(session: Session) -> str:
    """SHA-256 over the session's facts in one fixed form, as hexadecimal digits."""
    said = json.dumps(list(_facts(session)), separators=(",", ":"), default=_plain)
    return hashlib.sha256(said.encode()).hexdigest()


def changed_sheets() -> Iterator[AuditEvent]:
    """The last closing of each sheet that is not as it was closed. Sheets that are open again,
    and sessions that are gone, are passed over."""
    closings = AuditEvent.objects.filter(verb=CLOSED).order_by("session_id", "-pk")
    for event in closings.distinct("session_id"):
        assert event.session_id is not None
        session = Session.objects.filter(pk=event.session_id).select_related("room").first()
        if session is None or session.room.marks_outstanding:
            continue
        if digest_of(session) != event.detail["digest"]:
            yield event


def _facts(session: Session) -> Iterator[Any]:
    yield [session.pk, session.starts_at, session.ends_at]
    for name, columns in COLUMNS.items():
        rows = getattr(session, name).order_by("pk")
        yield [name, list(rows.values_list(*columns))]
    yield ["agenda", list(session.room.agenda_marks.order_by("number").values_list(*AGENDA))]


def _plain(value: object) -> str:
    assert isinstance(value, datetime)
    return value.astimezone(UTC).isoformat(timespec="microseconds")
