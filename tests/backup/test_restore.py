"""A backup taken while everybody writes, restored by the commands into a new database."""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from pytest_django import Settings

from server.backup import files
from sessions.audit.sealer import Sealer
from sessions.audit.services import OPERATOR, record
from sessions.core.personal import Personal
from sessions.models import AuditEvent
from sessions.people.services import details_change
from tests.deploy.compose import ROOT
from tests.launcher.waiting import until
from tests.people.accounts import account

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = f"b:{'b' * 43}"
RESTORED = "thirds_restored"


def url_of(database: str) -> str:
    """The address of a database on the server of this run."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()


@pytest.fixture(autouse=True)
def addressed(settings: Settings) -> None:
    settings.DATABASE_URL = url_of(str(connection.settings_dict["NAME"]))
    settings.THIRDS_BACKUP_KEYS = KEYS


@pytest.fixture
def empty() -> Iterator[str]:
    """The address of a new database."""
    name = f"{RESTORED}_{os.getpid()}"
    with psycopg.connect(url_of("postgres"), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
        yield url_of(name)
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def restored(url: str, file: Path) -> "subprocess.CompletedProcess[str]":
    """`manage.py restore` as an operator runs it."""
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "restore", str(file)],
        env=os.environ | {"DATABASE_URL": url, "THIRDS_BACKUP_KEYS": KEYS},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def backed_up(folder: Path) -> Path:
    call_command("backup", folder, stdout=io.StringIO())
    return files.backups(folder)[-1]


@contextmanager
def everybody_writes() -> Iterator[list[int]]:
    """Three threads that add audit rows, and one that links them; the list grows by each row
    that is committed."""
    committed: list[int] = []
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            committed.append(record(OPERATOR, "person.add").pk)
        connections.close_all()

    def link() -> None:
        sealer = Sealer()
        while not over.is_set():
            sealer.seal()
        connections.close_all()

    threads = [threading.Thread(target=work) for work in (write, write, write, link)]
    for thread in threads:
        thread.start()
    try:
        yield committed
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_backup_under_load_loses_nothing_that_was_committed_before_it(
    tmp_path: Path, empty: str
) -> None:
    """Kills: a dump table by table, each as of another instant: links without their rows."""
    sam = account("Sam")
    details_change(OPERATOR, sam, Personal(phone="518 555 0130"))
    with everybody_writes() as committed:
        until(lambda: len(committed) > 100, "a hundred rows")
        before = set(committed)
        file = backed_up(tmp_path)
        assert len(committed) > len(before)
    done = restored(empty, file)
    assert done.returncode == 0, done.stderr
    assert "\nAll right: " in done.stdout
    with psycopg.connect(empty) as database:
        rows = database.execute("SELECT id FROM group_sessions_auditevent").fetchall()
        assert before - {row[0] for row in rows} == set()
        told = database.execute("SELECT phone FROM group_sessions_personaldetails").fetchall()
        assert told[0][0].startswith("v1.")
        assert database.execute("SELECT count(*) FROM django_session").fetchone() == (0,)


def test_file_that_was_cut_is_refused_and_the_database_stays_empty(
    tmp_path: Path, empty: str
) -> None:
    file = backed_up(tmp_path)
    file.write_bytes(file.read_bytes()[:-1])
    done = restored(empty, file)
    assert done.returncode == 1
    assert done.stderr.strip() == ("CommandError: Nothing was restored: it was cut off or changed")
    with psycopg.connect(empty) as database:
        query = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        assert database.execute(query).fetchone() == (0,)


def test_database_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    file = backed_up(tmp_path)
    record(OPERATOR, "person.add")
    with pytest.raises(CommandError, match="not empty"):
        call_command("restore", file)
    assert AuditEvent.objects.filter(verb="person.add").exists()


def test_nothing_of_the_database_is_read_in_the_file(tmp_path: Path) -> None:
    account("Quibblezorn")
    file = backed_up(tmp_path)
    assert b"PGDMP" not in file.read_bytes()
    assert b"group_sessions" not in file.read_bytes()


def test_backup_of_a_database_that_is_away_leaves_no_file(
    tmp_path: Path, settings: Settings
) -> None:
    settings.DATABASE_URL = "postgresql://nobody@127.0.0.1:1/none"
    with pytest.raises(CommandError, match="There is no backup: pg_dump ended with 1"):
        call_command("backup", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("keys", ["", "b:short"])
def test_backup_without_a_key_is_refused(tmp_path: Path, settings: Settings, keys: str) -> None:
    settings.THIRDS_BACKUP_KEYS = keys
    with pytest.raises(CommandError, match="Set THIRDS_BACKUP_KEYS"):
        call_command("backup", tmp_path)
