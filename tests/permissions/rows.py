"""What the database holds, as one value; and what the audit log says since."""

from django.apps import apps
from django.db import connection

from sessions.models import AuditEvent

AUDIT = {"auditevent", "auditcheckpoint"}


def tables() -> list[str]:
    """Every table of ours but the audit log's own."""
    models = apps.get_app_config("group_sessions").get_models()
    named = {one._meta.model_name: one._meta.db_table for one in models}
    return sorted(table for name, table in named.items() if not str(name).startswith("audit"))


def fingerprint() -> str:
    """Equal as long as no row of ours is changed, added or taken away."""
    each = " UNION ALL ".join(
        f"SELECT '{table}' AS name, md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), ''))"
        f" AS rows FROM {table} t"
        for table in tables()
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT md5(string_agg(rows, ',' ORDER BY name)) FROM ({each}) AS found")
        return str(cursor.fetchone()[0])


def newest() -> int:
    """The number of the newest audit row."""
    found = AuditEvent.objects.order_by("pk").last()
    return found.pk if found else 0


def written(since: int) -> list[tuple[int | None, str, str]]:
    """(actor, verb, outcome) of the rows after one."""
    rows = AuditEvent.objects.filter(pk__gt=since).order_by("pk")
    return [(row.actor_id, row.verb, row.outcome) for row in rows]
