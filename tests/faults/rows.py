"""What the invariants need of the rows: marks of attendance, and the audit's counts.

Owns the two queries. Reads the database from outside, as an inspector would. Must not write.
"""

import psycopg

from tests.faults.invariants import Mark

MARKS = """
SELECT person.display_name, mark.connection, mark.kind, mark.epoch, mark.seq
FROM group_sessions_attendancemark mark JOIN group_sessions_person person
  ON person.id = mark.person_id ORDER BY mark.id
"""
DONE = """
SELECT person.display_name, audit.verb, count(*)
FROM group_sessions_auditevent audit JOIN group_sessions_person person
  ON person.id = audit.actor_id WHERE audit.outcome = 'done' GROUP BY 1, 2
"""


def marks(database_url: str) -> list[Mark]:
    """Every mark, in the order in which it was written."""
    with psycopg.connect(database_url) as connection:
        return [Mark(*row) for row in connection.execute(MARKS)]


def done(database_url: str) -> dict[tuple[str, str], int]:
    """How often each person's verb is recorded as done."""
    with psycopg.connect(database_url) as connection:
        return {(name, verb): count for name, verb, count in connection.execute(DONE)}
