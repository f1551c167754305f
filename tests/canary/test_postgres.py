"""PostgreSQL with the very settings of docker-compose.yml, provoked in every way we know to write
what it was given into its log: the log holds none of it.

Killed by: each line of deploy/postgresql.conf taken out, as far as PostgreSQL's own default or the
operator's habit would log; a `command` of the container without the file.
"""

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from server.launcher import postgres
from server.launcher.postgres_user import choose
from server.launcher.services import private, socket_folder
from tests.canary.birds import Canaries, caught
from tests.deploy.compose import mounted, postgres_settings
from tests.launcher.waiting import until

BIRDS = Canaries()
UPDATE = f"UPDATE person SET n = n WHERE n = {{}} AND mail <> '{BIRDS.stranger_mail}'"


@dataclass(frozen=True)
class Provoked:
    """The server, its log, and a table that holds a client's address."""

    url: str
    log: Path

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self.url, autocommit=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provoked]:
    folder = tmp_path_factory.mktemp("logs")
    log = folder / "postgres.log"
    with socket_folder(folder) as sockets:
        ground = choose(private(folder / "postgres"), sockets)
        with postgres.running_postgres(ground, log, of_compose(sockets)) as running:
            made = Provoked(running.url, log)
            with made.connect() as connection:
                connection.execute("CREATE TABLE person (mail text UNIQUE, n int)")
                connection.execute(
                    "INSERT INTO person VALUES (%s, 1), (%s, 2)", (BIRDS.client_mail, "b")
                )
            yield made


def of_compose(sockets: Path) -> dict[str, str]:
    """As in the container, but on a socket of this test; the file lies where any user may read."""
    settings = postgres_settings()
    file = mounted("postgres", settings["config_file"])
    shutil.copy(file, sockets / "thirds.conf")
    (sockets / "thirds.conf").chmod(0o644)
    return settings | {"config_file": str(sockets / "thirds.conf"), "listen_addresses": ""}


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("INSERT INTO person VALUES (%s, 3)", (BIRDS.client_mail,)),  # the key, in DETAIL
        ("SELECT %s::int", (BIRDS.client_mail,)),  # the value, in the message itself
        (f"SELECT '{BIRDS.client_mail}' FRM", None),  # the statement
        ("SELECT n / 0 FROM person WHERE mail = %b", (BIRDS.client_mail.encode(),)),
        ("DO $$ BEGIN RAISE WARNING 'about %%', '" + BIRDS.client_mail + "'; END $$", None),
    ],
)
def test_statement_that_fails_leaves_no_value_in_the_log(
    server: Provoked, statement: str, values: tuple[object, ...] | None
) -> None:
    with server.connect() as connection:
        try:
            connection.execute(statement.encode(), values)
        except psycopg.Error:
            connection.execute("SELECT 1")
    assert caught(BIRDS.words(), server.log.read_bytes()) == set()


def test_statement_that_is_slow_sorts_on_disk_or_waits_leaves_no_value(server: Provoked) -> None:
    with server.connect() as connection:
        connection.execute("SET work_mem = '64kB'")
        connection.execute(
            "SELECT %s || g FROM generate_series(1, 60000) g ORDER BY 1 DESC LIMIT 1",
            (BIRDS.client_mail,),
        )
    assert caught(BIRDS.words(), server.log.read_bytes()) == set()


def test_deadlock_names_no_statement_of_the_two(server: Provoked) -> None:
    """PostgreSQL's report of one holds the statements of both, in DETAIL."""
    refused: list[type[Exception]] = []
    both_hold = threading.Barrier(2)

    def lock(first: int, second: int) -> None:
        with psycopg.connect(server.url) as connection:
            connection.execute(UPDATE.format(first).encode())
            both_hold.wait(20)
            try:
                connection.execute(UPDATE.format(second).encode())
            except psycopg.errors.DeadlockDetected as fault:
                refused.append(type(fault))
            connection.rollback()

    threads = [threading.Thread(target=lock, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [psycopg.errors.DeadlockDetected]
    assert caught(BIRDS.words(), server.log.read_bytes()) == set()


def test_crash_of_a_backend_names_no_statement(server: Provoked) -> None:
    """PostgreSQL's report of one names the statement, in DETAIL. That the crash itself is in the
    log shows that the log is not switched off."""
    connection = server.connect()
    pid = connection.info.backend_pid
    waiting = threading.Thread(target=fails, args=(connection,))
    waiting.start()
    with server.connect() as other:
        until(lambda: is_running(other, pid), "the statement")
    os.kill(pid, signal.SIGSEGV)
    waiting.join()
    until(lambda: b"was terminated by signal 11" in server.log.read_bytes(), "the report of it")
    until(lambda: server.log.read_bytes().count(b"ready to accept") == 2, "the recovery")
    assert caught(BIRDS.words(), server.log.read_bytes()) == set()


def fails(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    with pytest.raises(psycopg.OperationalError):
        connection.execute(f"SELECT pg_sleep(60), '{BIRDS.client_mail}'".encode())


def is_running(other: "psycopg.Connection[tuple[object, ...]]", pid: int) -> bool:
    """Whether that backend is inside its long statement."""
    query = "SELECT wait_event FROM pg_stat_activity WHERE pid = %s"
    return other.execute(query, [pid]).fetchall() == [("PgSleep",)]
