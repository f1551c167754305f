"""Keeping processes going: restarts with a growing pause, a prefixed log, a complete end."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.launcher import processes
from server.launcher.processes import Keeper, Program, how_it_ended, pause_after
from tests.launcher.waiting import is_running, until

HERE = Path(__file__).parent
WITH_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("child", child.pid, flush=True)
time.sleep(600)
"""


def keeper_of(code: str) -> Keeper:
    """A keeper of a small Python program, called web."""
    return Keeper(Program("web", [sys.executable, "-c", code]), dict(os.environ), HERE)


async def seen(read: Callable[[], str], text: str) -> str:
    """Waits in the loop until `read` has given `text`; returns all of it."""
    total = ""
    async with asyncio.timeout(60):
        while text not in total:
            total += read()
            await asyncio.sleep(0.01)
    return total


@given(st.integers(min_value=1, max_value=10_000))
def test_the_pause_grows_and_is_bounded(failures: int) -> None:
    """Kills: a pause of none after the first failure, or one without a bound."""
    assert 1.0 <= pause_after(failures) <= pause_after(failures + 1) <= 30.0


def test_the_pauses_double() -> None:
    assert [pause_after(n) for n in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]


def test_an_end_has_a_name() -> None:
    assert how_it_ended(3) == "exit code 3"
    assert how_it_ended(-signal.SIGKILL) == "SIGKILL"
    assert how_it_ended(-200) == "signal 200"


async def test_a_program_that_ends_is_named_and_started_again(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "pause_after", lambda failures: 0.01 * failures)
    keeper = keeper_of("import sys; print('here'); sys.exit(3)")
    keeper.begin()
    log = await seen(lambda: capfd.readouterr().err, "in 0.02 s.")
    await keeper.stop()
    ended = "thirds | web ended unexpectedly (exit code 3): starting it again in"
    assert log.splitlines()[:4] == [
        "web    | here",
        f"{ended} 0.01 s.",
        "web    | here",
        f"{ended} 0.02 s.",
    ]


async def test_stop_leaves_nothing_of_a_group(capfd: pytest.CaptureFixture[str]) -> None:
    """Kills: ending the process alone and not its group."""
    keeper = keeper_of(WITH_CHILD)
    keeper.begin()
    line = await seen(lambda: capfd.readouterr().err, "child")
    grandchild = int(line.split()[-1])
    await keeper.stop()
    until(lambda: not is_running(grandchild), "the end of the grandchild")
    assert keeper.process is not None
    assert keeper.process.returncode == -signal.SIGTERM


async def test_stop_during_a_pause_starts_nothing_again(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "pause_after", lambda _failures: 3600.0)
    keeper = keeper_of("")
    keeper.begin()
    await seen(lambda: capfd.readouterr().err, "starting it again in 3600 s.")
    await keeper.stop()
    assert keeper.failures == 1


async def test_a_line_without_an_end_does_not_stop_the_log(
    capfd: pytest.CaptureFixture[str],
) -> None:
    code = "print('x' * 200000); print('after', flush=True); import time; time.sleep(600)"
    keeper = keeper_of(code)
    keeper.begin()
    log = await seen(lambda: capfd.readouterr().err, "after")
    await keeper.stop()
    assert log.splitlines()[-1] == "web    | after"
