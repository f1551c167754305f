"""Reading the audit log, newest first. Reading it changes nothing, so it may be read again."""

from django.db.models import QuerySet

from sessions.models import AuditEvent, Person, Session


def _events() -> QuerySet[AuditEvent]:
    return AuditEvent.objects.select_related("actor", "subject", "session").order_by("-pk")


def events_about(person: Person) -> QuerySet[AuditEvent]:
    """Everything done, or refused, to one person."""
    return _events().filter(subject=person)


def events_by(person: Person) -> QuerySet[AuditEvent]:
    """Everything one person did, or was refused."""
    return _events().filter(actor=person)


def events_of_session(session: Session) -> QuerySet[AuditEvent]:
    """Everything done, or refused, in one session."""
    return _events().filter(session=session)
