"""What a service answered, and the audit row it left."""

from sessions.core.refusal import REFUSALS, Refuse
from sessions.models import AuditEvent


def code(result: object) -> str:
    """The code of a refusal; anything else fails the test, and so does a code without words."""
    assert isinstance(result, Refuse), result
    assert result.code in REFUSALS
    return result.code


def last_audit() -> tuple[str, str]:
    """The newest row's verb and outcome."""
    row = AuditEvent.objects.latest("pk")
    return row.verb, row.outcome
