"""The whole launcher with small programs in place of web, worker and media."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.launcher import __main__ as launcher
from server.launcher.errors import LauncherError
from server.launcher.services import socket_folder
from server.launcher.web import WebAddress
from tests.launcher.waiting import is_running, until
from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
STAND_IN = """
import sys
from pathlib import Path
from server.launcher import __main__ as launcher
from server.launcher.processes import Program

SERVE = [sys.executable, "-m", "http.server", "-b", "127.0.0.1", sys.argv[2]]
REST = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
BROKEN = [sys.executable, "-c", "raise SystemExit(7)"]
WEB = SERVE if sys.argv[3] == "works" else BROKEN

launcher.ROOT = Path(sys.argv[1])
launcher.programs = lambda address, env: [
    Program("web", WEB), Program("worker", REST), Program("media", REST)
]
launcher.prepare_store = lambda env, demo: "Sign in as: a facilitator"
try:
    launcher.main(["--port", sys.argv[2]])
except launcher.LauncherError as error:
    sys.exit(str(error))
"""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def begin(folder: Path, port: int, log: Path, web: str = "works") -> "subprocess.Popen[str]":
    """The launcher on services that are given, its stderr in `log`."""
    given = {"DATABASE_URL": "postgresql://nowhere/x", "REDIS_URL": "redis://nowhere"}
    with log.open("w") as errors:
        return subprocess.Popen(
            [sys.executable, "-c", STAND_IN, str(folder), str(port), web],
            env=os.environ | given,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )


@pytest.fixture
def running(tmp_path: Path, port: int, log: Path) -> Iterator["subprocess.Popen[str]"]:
    process = begin(tmp_path, port, log)
    yield process
    process.kill()
    process.communicate()
    with socket_folder(tmp_path / "var"):
        pass  # removes the temporary folder that a killed launcher leaves


def children_of(process: "subprocess.Popen[str]") -> list[int]:
    task = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(pid) for pid in task.read_text().split()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_address_comes_first_and_a_signal_stops_everything(
    running: "subprocess.Popen[str]", port: int, log: Path, number: signal.Signals
) -> None:
    assert running.stdout is not None
    first, second = running.stdout.readline(), running.stdout.readline()
    assert (first, second) == (f"Open http://127.0.0.1:{port}\n", "Sign in as: a facilitator\n")
    children = children_of(running)
    assert len(children) == 3
    running.send_signal(number)
    assert running.wait(60) == 0
    assert [pid for pid in children if is_running(pid)] == []
    assert log.read_text().splitlines()[-1] == "thirds | Stopped."


def test_a_killed_launcher_leaves_nothing(running: "subprocess.Popen[str]", log: Path) -> None:
    assert running.stdout is not None
    running.stdout.readline()
    children = children_of(running)
    running.kill()
    running.wait()
    until(lambda: not any(map(is_running, children)), "the end of every child")


def test_a_killed_process_is_named_and_started_again(
    running: "subprocess.Popen[str]", log: Path
) -> None:
    assert running.stdout is not None
    running.stdout.readline()
    until(lambda: len(re.findall(r"media  \| up", log.read_text())) == 1, "media")
    for pid in children_of(running):
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(re.findall(r"media  \| up", log.read_text())) == 2, "media again")
    ended = "thirds | media ended unexpectedly (SIGKILL): starting it again in 1 s."
    assert ended in log.read_text().splitlines()


def test_a_web_that_does_not_start_ends_the_launcher(tmp_path: Path, port: int, log: Path) -> None:
    process = begin(tmp_path, port, log, web="broken")
    output, _ = process.communicate(timeout=60)
    assert (process.returncode, output) == (1, "")
    sentence = "The web process does not start: the lines above say why."
    assert log.read_text().splitlines()[-1] == sentence


def test_one_given_url_without_the_other_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(LauncherError, match=r"^Set both DATABASE_URL and REDIS_URL, or neither\.$"),
        launcher.services_of(tmp_path, {"DATABASE_URL": "postgresql://nowhere/x"}),
    ):
        pass


def test_the_programs_of_thirds() -> None:
    """Each named once, by an absolute path; the web on loopback alone."""
    web, worker, probe, media = launcher.programs(
        WebAddress(8123), {"THIRDS_MEDIA_CONTROL": "unix:/a/media.sock"}
    )
    names = [web.name, worker.name, probe.name, media.name]
    assert names == ["web", "worker", "probe", "media"]
    assert web.command[:7] == [sys.executable, "-m", "server.web", "-b", "127.0.0.1", "-p", "8123"]
    assert worker.command == [sys.executable, str(ROOT / "manage.py"), "worker"]
    assert probe.command == [sys.executable, "-m", "server.probe"]
    assert media.command == [sys.executable, "-m", "server.media"]
