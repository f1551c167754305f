"""Starting and stopping one child process: tethered, in a process group of its own.

Owns how a child is started (through tether.py), how it is stopped, gently first, and how a
service that ended is started again. Must not know what the child is.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

TETHER = Path(__file__).with_name("tether.py")


def tethered(
    command: Sequence[str], *, user: str = "", on_parent_death: signal.Signals
) -> list[str]:
    """The command line that runs `command` under `user` (see tether.become), tied to us.

    It names this process: asking for the parent would be too late when that is dead already.
    """
    shim = [sys.executable, "-I", "-S", str(TETHER)]
    tie = [f"--parent={os.getpid()}", f"--signal={int(on_parent_death)}"]
    return [*shim, f"--user={user}", *tie, "--", *command]


def start(
    command: Sequence[str],
    *,
    output: IO[bytes] | int,
    user: str = "",
    on_parent_death: signal.Signals = signal.SIGTERM,
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """Starts `command` (its first word an absolute path) in a session of its own.

    Its own session keeps a Ctrl-C in the terminal from reaching it before we have decided the
    order in which things stop. Call from the main thread: the tether is to the thread.
    """
    return subprocess.Popen(
        tethered(command, user=user, on_parent_death=on_parent_death),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=folder,
        start_new_session=True,
    )


def stop(process: "subprocess.Popen[bytes]", steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """Sends each signal in turn and waits its seconds; then SIGKILL to the whole group."""
    for number, seconds in steps:
        if process.poll() is not None:
            break
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@dataclass(slots=True)
class Service:
    """A running service: its URL, its process, and how to start it again and wait for it."""

    name: str
    url: str
    process: "subprocess.Popen[bytes]"
    start_again: Callable[[], "subprocess.Popen[bytes]"]

    def ended(self) -> int | None:
        """Its return code (minus the signal's number) when it has ended, else None."""
        return self.process.poll()

    def revive(self) -> None:
        """Starts it again on the same address. Raises LauncherError when it does not start."""
        self.process = self.start_again()
