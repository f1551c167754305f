"""Whether somebody waits for a lock in the test's database."""

import psycopg
from django.db import connection

WAITING = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'
               AND datname = current_database())
"""


def somebody_waits() -> bool:
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as watcher:
        return watcher.execute(WAITING).fetchone() == (True,)
