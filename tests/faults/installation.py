"""The whole product as processes that can be broken one by one: two web, two nodes, a worker.

Owns how they are started, killed, stopped and continued, on a PostgreSQL and a Valkey of its own,
with the demo programme. Everything lies in one temporary folder. Must not know what a fault
wants to see.
"""

import asyncio
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from server.launcher.children import Service, start, stop
from server.launcher.contract import WEB_ROLE, kept_key, restricted
from server.launcher.services import Services, embedded_services
from tests.faults.network import HERE, Proxy
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
GENTLY = [(signal.SIGTERM, 5.0)]
WEBS = ("web-a", "web-b")
NODES = ("media-a", "media-b")
WORKER = "worker"
READY_S = 40.0
ANSWER_S = 10.0


@dataclass
class Installation:
    """Running processes by name. `origin` is the address that people open."""

    folder: Path
    services: Services
    origin: str
    ports: dict[str, int]
    base: dict[str, str]
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def proxy(self) -> Proxy:
        return Proxy([self.ports[name] for name in WEBS])

    # ---- processes -----------------------------------------------------------------------------

    def start(self, name: str, told: Mapping[str, str] | None = None) -> None:
        """Starts a process, with more in its environment if `told`."""
        base = self.base if name in NODES else restricted(self.base)
        environment = {**base, **self._environment(name), **(told or {})}
        with (self.folder / f"{name}.log").open("ab") as output:
            self.processes[name] = start(
                self._command(name), output=output, environment=environment, folder=ROOT
            )

    def kill(self, name: str) -> float:
        """kill -9; returns when. The process group is gone when this returns."""
        process = self.processes.pop(name)
        at = time.monotonic()
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
        return at

    def send(self, name: str, number: signal.Signals) -> float:
        """Sends a signal; returns when."""
        self.processes[name].send_signal(number)
        return time.monotonic()

    def end(self, name: str) -> None:
        """As an operator stops it."""
        stop(self.processes.pop(name), GENTLY)

    def end_all(self) -> None:
        for name in list(self.processes):
            self.end(name)

    def log(self, name: str) -> str:
        """What the process has printed so far."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    @property
    def postgres(self) -> Service:
        return self._service("postgres")

    @property
    def valkey(self) -> Service:
        return self._service("valkey")

    def _service(self, name: str) -> Service:
        return next(service for service in self.services.embedded if service.name == name)

    def _command(self, name: str) -> list[str]:
        if name in WEBS:
            address = ["-b", HERE, "-p", str(self.ports[name]), "-v", "0"]
            return [sys.executable, "-m", "daphne", *address, "server.asgi:application"]
        if name in NODES:
            return [sys.executable, "-m", "server.media"]
        return [sys.executable, "manage.py", "worker"]

    def _environment(self, name: str) -> dict[str, str]:
        if name not in NODES:
            return {}
        return {
            "THIRDS_MEDIA_NODE": name,
            "THIRDS_MEDIA_PORT": str(self.ports[name]),
            "THIRDS_MEDIA_CONTROL": f"unix:{self.services.sockets}/{name}.sock",
        }

    # ---- from outside --------------------------------------------------------------------------

    def manage(self, *arguments: str, **told: str) -> str:
        """A management command's output, as the database's owner. Raises AssertionError with its
        words when it fails."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env={**self.base, **told},
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"manage.py {arguments[0]}: {done.stderr[-2000:]}"
        return done.stdout

    async def until_ready(self, name: str) -> None:
        """Until a web process answers, or a node has printed that it is up."""
        deadline = time.monotonic() + READY_S
        while not await asyncio.to_thread(self._is_ready, name):
            process = self.processes[name]
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{name} did not start:\n{self.log(name)[-3000:]}")
            await asyncio.sleep(0.1)

    def _is_ready(self, name: str) -> bool:
        if name not in WEBS:
            return name == WORKER or _listens(self.services.sockets / f"{name}.sock")
        return self.fetch(build_opener(), "/sign-in/", self.ports[name])[0] == 200

    def fetch(
        self, opener: OpenerDirector, path: str, port: int, form: Mapping[str, str] | None = None
    ) -> tuple[int, str, str]:
        """(status, body, address in the end) of a page of one web process; 0: no answer."""
        asked = Request(f"http://{HERE}:{port}{path}")
        if form is not None:
            asked.data = urlencode(form).encode()
            asked.add_header("Origin", self.origin)
        asked.add_header("Host", self.origin.removeprefix("http://"))
        try:
            with opener.open(asked, timeout=ANSWER_S) as answer:
                return answer.status, answer.read().decode(), answer.url
        except HTTPError as refused:
            return refused.code, refused.read().decode(errors="replace"), refused.url
        except (URLError, OSError):
            return 0, "", ""

    def sign_in(self, name: str, port: int | None = None) -> "SignedIn":
        """As a demo person, by the button that the page has. Blocks. Raises AssertionError."""
        port = port or self.ports[WEBS[0]]
        cookies = HTTPCookieProcessor()
        opener = build_opener(cookies)
        _, page, _ = self.fetch(opener, "/sign-in/", port)
        found = re.search(rf'action="(/sign-in/demo/[^"]+)"(?:(?!</form>).)*>{name} \(', page, re.S)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found is not None, f"no way in for {name}"
        assert token is not None, "a form without a token"
        form = {"csrfmiddlewaretoken": token[1]}
        status, home, _ = self.fetch(opener, found[1], port, form)
        assert status == 200, f"{name} could not sign in: {status}"
        jar = "; ".join(f"{cookie.name}={cookie.value}" for cookie in cookies.cookiejar)
        return SignedIn(jar, home, opener)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody's cookies, and the first page they were shown."""

    cookie: str
    home: str
    opener: OpenerDirector

    @property
    def room(self) -> str:
        """The public id of the session that may be joined now."""
        found = re.search(r"/rooms/([^/\"]+)/", self.home)
        assert found, "no group to join on the first page"
        return found[1]


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    """Services up, tables made, the demo programme in; no process of ours is running yet."""
    with embedded_services(folder, durable=False) as services:
        front = free_port()
        ports = {name: free_port() for name in (*WEBS, *NODES)}
        made = Installation(folder, services, f"http://{HERE}:{front}", ports, {})
        made.base = _base(made)
        made.manage("migrate", "--verbosity=0", THIRDS_DATABASE_ROLE=WEB_ROLE)
        made.manage("seed_demo")
        try:
            yield made
        finally:
            for process in made.processes.values():
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGCONT)
            made.end_all()


def _listens(address: Path) -> bool:
    """A socket that a killed process left behind does not."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(address)) == 0


def _base(made: Installation) -> dict[str, str]:
    """What every process is told."""
    services = made.services
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "server.settings.development",
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
        "THIRDS_ORIGIN": made.origin,
        "THIRDS_SECRET_KEY": secrets.token_urlsafe(32),
        "THIRDS_MEDIA_SECRET": secrets.token_urlsafe(32),
        "THIRDS_AUDIT_KEYS": kept_key(made.folder / "audit-key"),
        "THIRDS_AUDIT_CHECKPOINTS": str(made.folder / "audit-checkpoints"),
        "THIRDS_FIELD_KEYS": kept_key(made.folder / "field-key"),
        "THIRDS_MEDIA_CONTROL": f"unix:{services.sockets}/{NODES[0]}.sock",
        "THIRDS_MEDIA_BIND": HERE,
        "THIRDS_MEDIA_ANNOUNCE": HERE,
        "THIRDS_DEMO": "1",
        "PYTHONUNBUFFERED": "1",
    }
