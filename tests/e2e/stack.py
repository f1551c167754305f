"""The whole product as processes, for browser tests: web, media and worker on the services of
the test run, with the demo programme, in a database of its own.

Owns how they are started and stopped. A test may kill one of them by name and start it again.
"""

import os
import secrets
import signal
import socket
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

from server.launcher.children import start, stop

ROOT = Path(__file__).resolve().parents[2]
GENTLY = [(signal.SIGTERM, 5.0)]


@dataclass
class Stack:
    """Running processes by name, and the address of the web."""

    origin: str
    environment: dict[str, str]
    folder: Path
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

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
        """What the process has printed so far."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def start(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as output:
            self.processes[name] = start(
                self.command(name), output=output, environment=self.environment, folder=ROOT
            )

    def stop(self, name: str) -> None:
        stop(self.processes.pop(name), GENTLY)

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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def own_database() -> str:
    """A new database on the test run's server; returns its URL."""
    url = os.environ["DATABASE_URL"]
    name = f"thirds_e2e_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def environment(folder: Path, port: int, media: str) -> dict[str, str]:
    """What the launcher tells its children, for a stack of a test."""
    redis = os.environ["REDIS_URL"]
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "server.settings.development",
        "DATABASE_URL": own_database(),
        "REDIS_URL": f"{redis.partition('?')[0]}?db=15" if redis.startswith("unix") else redis,
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
        stack.manage("seed_demo")
    try:
        for name in ("media", "web", "worker"):
            stack.start(name)
        stack.wait_for_web()
        yield stack
    finally:
        for name in list(stack.processes):
            stack.stop(name)
