"""What the role that web and worker connect as may do in the database.

Owns the grants: every table is read and written, but what the record is made of (audit rows and
links, marks, checkpoints, corrections) is only read and added, of enrolments and of what a session
wrote down of its people only the end is changed (and the order of staff), and the list of migrations
is only read. Given after each `migrate` by the role that owns
the tables, to the role that THIRDS_DATABASE_ROLE names (PostgreSQL, section 5.8).
"""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from psycopg import sql

ADDED_ONLY = (
    "group_sessions_auditevent",
    "group_sessions_auditlink",
    "group_sessions_attendancemark",
    "group_sessions_attendancecheckpoint",
    "group_sessions_attendancecorrection",
    "group_sessions_agendamark",
)
ADDED_AND_CLOSED = {
    "group_sessions_enrolment": ("ends_on",),
    "group_sessions_sessionmember": ("until", "position"),
}
"""Rows that are ended by a column, and the columns that may be changed."""
READ_ONLY = ("django_migrations",)


def grant_after_migrate(using: str, **_: object) -> None:
    """A receiver of Django's `post_migrate`."""
    if settings.THIRDS_DATABASE_ROLE:
        grant_rights(settings.THIRDS_DATABASE_ROLE, using)


def grant_rights(role: str, using: str = "default") -> None:
    """Gives the role its rights; makes it, without a password, if there is none of this name.

    Raises ImproperlyConfigured for the role that owns the tables: no right can be taken from it.
    """
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT current_user = %s", [role])
        if cursor.fetchone() == (True,):
            raise ImproperlyConfigured("THIRDS_DATABASE_ROLE is the role that owns the tables.")
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        name = sql.Identifier(role)
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
        for statement in _grants(name):
            cursor.execute(statement)


def _grants(role: sql.Identifier) -> list[sql.Composed]:
    guarded = _tables(*ADDED_ONLY, *ADDED_AND_CLOSED, *READ_ONLY)
    added = _tables(*ADDED_ONLY, *ADDED_AND_CLOSED)
    everything = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}"
    return [
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role),
        sql.SQL(everything).format(role),
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(role),
        sql.SQL("REVOKE ALL ON {} FROM {}").format(guarded, role),
        sql.SQL("GRANT SELECT ON {} TO {}").format(guarded, role),
        sql.SQL("GRANT INSERT ON {} TO {}").format(added, role),
        *(
            sql.SQL("GRANT UPDATE ({}) ON {} TO {}").format(
                sql.Identifier(column), sql.Identifier(table), role
            )
            for table, columns in ADDED_AND_CLOSED.items()
            for column in columns
        ),
    ]


def _tables(*names: str) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
