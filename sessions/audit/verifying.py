"""Reading the whole audit from its first row to its last, against signatures, chain, checkpoints.

Owns the order of the reading and the words for what is wrong. Changes nothing; what is right and
what is wrong is the core's to say. The first thing that is wrong ends it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Exists, Max, Min, OuterRef, QuerySet

from sessions.audit.checkpoints import read
from sessions.audit.rows import audit_keys, row_of
from sessions.audit.sheets import changed_sheets
from sessions.core.audit_chain import (
    Chain,
    Checkpoint,
    Finding,
    Link,
    Linked,
    Row,
    Wrong,
    is_signed,
)
from sessions.models import AuditEvent, AuditLink

PAGE: Final = 2000
READ: Final = """
    SELECT l.number, l.event_id, l.mac_key, l.digest, e.key::text, e.at, e.actor_id, e.verb, e.outcome,
           e.subject_id, e.session_id, e.detail, e.mac_key, e.mac
    FROM group_sessions_auditlink l LEFT JOIN group_sessions_auditevent e ON e.id = l.event_id
    WHERE l.number > %s ORDER BY l.number LIMIT %s
"""
WORDS: Final[Mapping[Wrong, str]] = {
    Wrong.CHANGED: "Row {event} (link {number}) is not as it was written: it was changed.",
    Wrong.ROW_GONE: "Row {event} is gone: link {number} of the chain has no row.",
    Wrong.LINK_GONE: "Link {number} of the chain is gone, or stands elsewhere.",
    Wrong.OUT_OF_PLACE: "Row {event} does not belong at link {number}: rows were put in another "
    "order, or the chain was changed here.",
    Wrong.UNKNOWN_KEY: "Row {event} (link {number}) names a key that is not in THIRDS_AUDIT_KEYS.",
    Wrong.FORGED: "Row {event} was not written by Thirds: its signature is wrong, and it is not "
    "in the chain.",
    Wrong.COPIED: "Row {event} is a copy of another row.",
    Wrong.CUT_OFF: "The end is cut off: a checkpoint saw link {number}, which is gone.",
    Wrong.REPLACED: "Link {number} is not the one that a checkpoint saw: the chain was replaced.",
    Wrong.CHECKPOINT: "Line {number} of the checkpoints is not signed with a key of "
    "THIRDS_AUDIT_KEYS.",
    Wrong.SHEET: "The attendance of a session is not as it was closed: row {event} holds the digest "
    "that it had.",
    Wrong.NO_CHECKPOINTS: "There is a chain, but no file of checkpoints: it was taken away, or "
    "the wrong file was named.",
}


@dataclass(frozen=True, slots=True)
class Verified:
    """All is right: rows in the chain, checkpoints held against it, and rows that still wait."""

    linked: int
    checkpoints: int
    waiting: int
    waiting_since: datetime | None


def words(finding: Finding) -> str:
    """What is wrong, as a sentence for the operator."""
    return WORDS[finding.wrong].format(number=finding.number, event=finding.event)


def verify_stored(file: str) -> Verified | Finding:
    """Against the checkpoints of a file; without a name they are in the log, and none are held
    against the chain."""
    if not file:
        return verify([])
    try:
        return verify(read(Path(file)))
    except FileNotFoundError:
        return verify(None)


def verify(checkpoints: Iterable[Checkpoint | None] | None) -> Verified | Finding:
    """Reads everything. None for the checkpoints: their file is not there."""
    if checkpoints is None and AuditLink.objects.exists():
        return Finding(Wrong.NO_CHECKPOINTS)
    known = list(checkpoints or ())
    if None in known:
        return Finding(Wrong.CHECKPOINT, known.index(None) + 1)
    chain = Chain()
    finding = chain.expect(one for one in known if one) or _read_chain(chain) or _read_rest()
    finding = finding or next(
        (Finding(Wrong.SHEET, event=one.pk) for one in changed_sheets()), None
    )
    if finding is not None:
        return finding
    waiting = _waiting().aggregate(rows=Count("pk"), since=Min("at"))
    return Verified(chain.number, len(known), waiting["rows"], waiting["since"])


def _read_chain(chain: Chain) -> Finding | None:
    keys = audit_keys()
    for linked in _links():
        if finding := chain.read(linked, keys):
            return finding
    return chain.end()


def _read_rest() -> Finding | None:
    """Rows outside the chain: each has to be one that Thirds wrote and the worker links soon."""
    keys = audit_keys()
    for event in _waiting().iterator(PAGE):
        if not is_signed(row_of(event), bytes(event.mac), keys):
            return Finding(Wrong.FORGED, event=event.pk)
    twice = AuditEvent.objects.values("key").annotate(rows=Count("pk"), copy=Max("pk"))
    copies = twice.filter(rows__gt=1).order_by("copy").values_list("copy", flat=True)
    return Finding(Wrong.COPIED, event=copies[0]) if copies else None


def _waiting() -> QuerySet[AuditEvent]:
    links = AuditLink.objects.filter(event=OuterRef("pk"))
    return AuditEvent.objects.filter(~Exists(links)).order_by("pk")


def _links() -> Iterator[Linked]:
    """Every link in the order of numbers, with its row, in pages."""
    after = -(1 << 62)
    with connection.cursor() as cursor:
        while True:
            cursor.execute(READ, [after, PAGE])
            page = cursor.fetchall()
            for stored in page:
                yield _linked(stored)
            if len(page) < PAGE:
                return
            after = page[-1][0]


def _linked(stored: Sequence[Any]) -> Linked:
    """One line of READ."""
    number, event, mac_key, digest, *columns, mac = stored
    link = Link(number, event, mac_key, bytes(digest))
    if mac is None:
        return Linked(link, None, b"")
    key, at, actor, verb, outcome, subject, session, detail, row_key = columns
    values = json.loads(detail)
    row = Row(key, at, actor, verb, outcome, subject, session, values, row_key)
    return Linked(link, row, bytes(mac))
