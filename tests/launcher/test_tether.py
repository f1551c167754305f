"""The tether: a command that cannot outlive its parent, under the user it was given."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from server.launcher.children import start, stop, tethered
from tests.launcher.waiting import is_running, until

SLEEP = "import time; time.sleep(600)"
PARENT = """
import subprocess, sys, time
from signal import SIGTERM
from server.launcher.children import start
child = start([sys.executable, "-c", sys.argv[1]], output=subprocess.DEVNULL)
print(child.pid, flush=True)
time.sleep(600)
"""
DEAF = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_a_child_dies_with_its_killed_parent() -> None:
    """Kills: leaving out prctl. The child may not have got so far when the parent dies: kills
    asking for the parent's number instead of being told it, too."""
    root = Path(__file__).resolve().parent.parent.parent
    command = [sys.executable, "-c", PARENT, SLEEP]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_running(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not is_running(child), "the end of the child")


def test_a_tethered_command_keeps_its_arguments_and_exit_code() -> None:
    program = "import sys; print(sys.argv[1:]); sys.exit(3)"
    command = [sys.executable, "-c", program, "--user=x", "--", "a b"]
    done = subprocess.run(
        tethered(command, on_parent_death=signal.SIGTERM), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, b"['--user=x', '--', 'a b']\n", b"")


def test_a_user_that_is_refused_ends_in_126() -> None:
    """An ordinary user may not become another; root may not become one that is not a number."""
    user = "0:0" if os.geteuid() else "namespace:4294967295"
    command = tethered([sys.executable, "-c", ""], user=user, on_parent_death=signal.SIGTERM)
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stderr.count(b"\n")) == (126, 1)


def test_stop_kills_a_child_that_does_not_listen(tmp_path: Path) -> None:
    """Kills: waiting without end for a child that ignores SIGTERM."""
    log = tmp_path / "log"
    with log.open("wb") as output:
        child = start([sys.executable, "-c", DEAF], output=output)
    until(lambda: log.read_bytes() == b"deaf\n", "the child's signal handler")
    stop(child, [(signal.SIGTERM, 0.05)])
    assert child.returncode == -signal.SIGKILL
