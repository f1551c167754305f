"""The whole product as processes, for browser tests: web, media and worker on the services of
the test run, with the demo programme, in a database of its own.

Owns how they are started and stopped, and how one stack serves many tests with data of their own.
A test may kill a process by name and start it again.
"""

import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis

from server.launcher.children import start, stop
from tests.ports import free_port
from tests.services import own_number, with_database

ROOT = Path(__file__).resolve().parents[2]
GENTLY = [(signal.SIGTERM, 5.0)]
# On some evenings a track of the demo meets just now, and no session to try it is made.
SEED = """
from datetime import timedelta
from django.db.models import F
from django.utils import timezone
from sessions.models import Session
from sessions.scheduling.demo import seed_demo
now, away = timezone.now(), timedelta(hours=12)
seed_demo(now)
near = Session.objects.filter(starts_at__range=(now - away / 2, now + away / 2))
others = near.exclude(track__name="Try it")
others.update(starts_at=F("starts_at") + away, ends_at=F("ends_at") + away)
seed_demo(now)
"""
PROCESSES = ("media", "web", "worker")
FIRST_VALKEY_DATABASE = 8  # the ones below belong to the tests themselves
EMPTY = """DO $$
DECLARE names text;
BEGIN
    SELECT string_agg(format('%I', tablename), ', ') INTO names FROM pg_tables
    WHERE schemaname = 'public' AND tablename NOT IN
        ('django_migrations', 'django_content_type', 'auth_permission');
    ALTER TABLE group_sessions_auditevent DISABLE TRIGGER never_emptied;
    ALTER TABLE group_sessions_auditlink DISABLE TRIGGER never_emptied;
    EXECUTE 'TRUNCATE ' || names;
    ALTER TABLE group_sessions_auditevent ENABLE TRIGGER never_emptied;
    ALTER TABLE group_sessions_auditlink ENABLE TRIGGER never_emptied;
END $$"""


@dataclass
class Stack:
    """Running processes by name, and the address of the web."""

    origin: str
    environment: dict[str, str]
    folder: Path
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    printed: dict[str, int] = field(default_factory=dict)  # bytes of each log before `refill`

    def command(self, name: str) -> list[str]:
        port = self.origin.rsplit(":", 1)[1]
        web = ["-m", "daphne", "-b", "127.0.0.1", "-p", port, "server.asgi:application"]
        arguments = {
            "web": web,
            "media": ["-m", "server.media"],
            "worker": ["manage.py", "worker"],
            "probe": ["-m", "server.probe"],
        }
        return [sys.executable, *arguments[name]]

    def log(self, name: str) -> str:
        """What the process has printed since the stack was filled."""
        printed = (self.folder / f"{name}.log").read_bytes()[self.printed.get(name, 0) :]
        return printed.decode(errors="replace")

    def start(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as output:
            self.processes[name] = start(
                self.command(name), output=output, environment=self.environment, folder=ROOT
            )

    def stop(self, name: str) -> None:
        stop(self.processes.pop(name), GENTLY)

    def refill(self, *, seeded: bool = True) -> None:
        """Deletes every row of earlier tests and, if `seeded`, makes the demo programme again.

        Ids go on counting, so nothing that Valkey or a process still holds is found again. The
        worker restarts: it would report the audit chain as cut. What a test killed is started.
        """
        if "worker" in self.processes:
            self.stop("worker")
        empty(self.environment)
        for name in PROCESSES:
            if name not in self.processes or self.processes[name].poll() is not None:
                self.start(name)
        self.printed = {name: (self.folder / f"{name}.log").stat().st_size for name in PROCESSES}
        if seeded:
            self.manage("shell", "-c", SEED)
        self.wait_for_web()

    def manage(self, *arguments: str) -> str:
        """A management command's output; raises when it fails."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self.environment,
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"manage.py {arguments[0]}:\n{done.stderr}"
        return done.stdout

    def wait_for_web(self, seconds: float = 30) -> None:
        """Until the sign-in page answers."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.origin}/sign-in/", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                if self.processes["web"].poll() is not None:
                    break
                time.sleep(0.1)
        raise AssertionError(f"the web did not answer:\n{self.log('web')[-4000:]}")


def own_database() -> str:
    """A new database on the test run's server; returns its URL."""
    url = os.environ["DATABASE_URL"]
    name = f"thirds_e2e_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def empty(environment: dict[str, str]) -> None:
    """Deletes all rows, and the counts of Django's cache, by which sign-in is rate limited."""
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("SET deadlock_timeout = '60s'")  # a process's transaction gives way
        connection.execute(EMPTY)
    with redis.Redis.from_url(environment["REDIS_URL"]) as store:
        for key in store.scan_iter(match="cache:*", count=1000):
            store.delete(key)


def environment(folder: Path, port: int, media: str) -> dict[str, str]:
    """What the launcher tells its children, for a stack of a test."""
    number = FIRST_VALKEY_DATABASE + own_number()
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "server.settings.development",
        "DATABASE_URL": own_database(),
        "REDIS_URL": with_database(os.environ["REDIS_URL"], number),
        "THIRDS_ORIGIN": f"http://127.0.0.1:{port}",
        "THIRDS_SECRET_KEY": secrets.token_urlsafe(32),
        "THIRDS_MEDIA_SECRET": secrets.token_urlsafe(32),
        "THIRDS_MEDIA_CONTROL": f"unix:{folder}/media.sock",
        "THIRDS_MEDIA_BIND": media,
        "THIRDS_MEDIA_ANNOUNCE": media,
        "THIRDS_MEDIA_PORT": str(free_port()),
        "THIRDS_DEMO": "1",
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def running_stack(
    folder: Path, *, seeded: bool = True, media: str = "127.0.0.1", host: str = "127.0.0.1"
) -> Iterator[Stack]:
    """Migrated and answering; `seeded` with the demo programme, else an empty installation.
    `media` is the one address of the media node. Passkeys need a `host` that is a name."""
    port = free_port()
    origin = f"http://{host}:{port}"
    given = {**environment(folder, port, media), "THIRDS_ORIGIN": origin}
    stack = Stack(origin, given, folder)
    stack.manage("migrate", "--verbosity=0")
    if seeded:
        stack.manage("shell", "-c", SEED)
    try:
        for name in PROCESSES:
            stack.start(name)
        stack.wait_for_web()
        yield stack
    finally:
        for name in list(stack.processes):
            stack.stop(name)
