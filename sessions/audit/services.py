"""Writing the audit log: one row per thing done, or refused, to an account or a record.

Owns the one way a row is added, signed as it is. It only ever adds, in the caller's transaction,
so a write and its row stand or fall together; it takes one statement and waits for nobody: the
row's place in the chain is given later (`audit.sealer`). Must not know what the verbs mean, and
holds codes and ids only: no name, no e-mail, no word that a person wrote.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils import timezone

from sessions.audit.rows import audit_keys, row_of
from sessions.core.audit_chain import sign
from sessions.models import AuditEvent, Person, Session

DONE: Final = "done"
READ: Final = "read"  # the record that a verb would change was shown, and nothing changed

Detail = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class Operator:
    """The operator at the machine's command line: no person, so a row without an actor."""


OPERATOR: Final = Operator()


def event(  # noqa: PLR0917  # a row's columns, in their order
    actor: Person | Operator | None,
    verb: str,
    outcome: str = DONE,
    subject: Person | None = None,
    session: Session | None = None,
    detail: Detail | None = None,
) -> AuditEvent:
    """One row, signed, for the caller to add in its transaction. `outcome` is `done`, `read` or
    the code of the refusal. An actor of None is somebody who is not signed in.
    """
    marks: dict[str, str | int | bool | None] = dict(detail or {})
    if isinstance(actor, Operator):
        marks["operator"] = True
    if session is not None:
        marks["session"] = session.public_id
    keys = audit_keys()
    row = AuditEvent(
        at=timezone.now(),
        actor=actor if isinstance(actor, Person) else None,
        verb=verb,
        outcome=outcome,
        subject=subject,
        session=session,
        detail=marks,
        mac_key=keys.current,
    )
    row.mac = sign(row_of(row), keys)
    return row


def record(  # noqa: PLR0917  # a row's columns, in their order
    actor: Person | Operator | None,
    verb: str,
    outcome: str = DONE,
    subject: Person | None = None,
    session: Session | None = None,
    detail: Detail | None = None,
) -> AuditEvent:
    """Adds one row now; the arguments are those of `event`."""
    row = event(actor, verb, outcome, subject, session, detail)
    row.save(force_insert=True)
    return row
