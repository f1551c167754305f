"""Keeps the processes of Thirds going: starts them, starts them again, stops them in order.

Owns restarting with a growing pause, the prefixed log on stderr, and the order of the end. Must
not know what a process does. One event loop in the main thread: a child is tied to its thread.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from server.launcher.children import Service, tethered
from server.launcher.errors import LauncherError

LONGEST_PAUSE = 30.0
DOUBLINGS = 5  # 32 seconds: above the longest pause
STEADY_SECONDS = 60.0
STOP_SECONDS = 10.0
PUMP_SECONDS = 2.0
WATCH_SECONDS = 0.5
END_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Program:
    """A process to keep: a name for the log, and its command (an absolute path first).

    `at_once`: after its first unexpected end in a row it is started again without a pause;
    `env`: its environment beside the one that all share.
    """

    name: str
    command: Sequence[str]
    at_once: bool = False
    env: Mapping[str, str] = field(default_factory=dict)


def pause_after(failures: int) -> float:
    """Seconds to wait before start number `failures` + 1: 1, 2, 4 … 30."""
    return min(LONGEST_PAUSE, 2.0 ** min(failures - 1, DOUBLINGS))


def how_it_ended(returncode: int) -> str:
    """`exit code 1` or `SIGKILL`."""
    if returncode >= 0:
        return f"exit code {returncode}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-returncode).name
    return f"signal {-returncode}"


def report(text: str) -> None:
    """One line of the launcher's own in the log."""
    print(f"thirds | {text}", file=sys.stderr, flush=True)


class Keeper:
    """Keeps one program going until `stop`."""

    def __init__(self, program: Program, environment: Mapping[str, str], folder: Path) -> None:
        self.program = program
        self.environment = environment
        self.folder = folder
        self.process: asyncio.subprocess.Process | None = None
        self.failures = 0
        self.stopping = False
        self.task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Starts keeping it, in the running loop."""
        self.task = asyncio.create_task(self.keep(), name=self.program.name)

    async def keep(self) -> None:
        """Runs it again and again, with a pause that grows while it ends early."""
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            returncode = await self.run_once()
            if self.stopping:
                return
            self.failures = 1 if clock() - began > STEADY_SECONDS else self.failures + 1
            at_once = self.program.at_once and self.failures == 1
            pause = 0.0 if at_once else pause_after(self.failures)
            ended = f"{self.program.name} ended unexpectedly ({how_it_ended(returncode)})"
            report(f"{ended}: starting it again in {pause:g} s.")
            await asyncio.sleep(pause)

    async def run_once(self) -> int:
        """Starts it, passes its output on, and returns how it ended."""
        command = tethered(self.program.command, on_parent_death=signal.SIGKILL)
        self.process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**self.environment, **self.program.env},
            cwd=self.folder,
            start_new_session=True,
        )
        pump = asyncio.create_task(self.pass_on(self.process))
        returncode = await end_of(self.process)
        end_group(self.process.pid)
        await asyncio.wait([pump], timeout=PUMP_SECONDS)
        return returncode

    async def pass_on(self, process: asyncio.subprocess.Process) -> None:
        """Each line of its output to stderr, after its name; a very long one in pieces."""
        output = process.stdout
        while output and (line := await next_line(output)):
            text = line.decode(errors="replace").rstrip("\r\n")
            print(f"{self.program.name:<6} | {text}", file=sys.stderr, flush=True)

    async def stop(self) -> None:
        """SIGTERM, its ten seconds, then SIGKILL to all of its group."""
        self.stopping = True
        if self.process is None or self.process.returncode is not None:
            if self.task:
                self.task.cancel()  # it pauses before the next start
        else:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(end_of(self.process), STOP_SECONDS)
            self.end_at_once()
        if self.task:
            await asyncio.wait([self.task])

    def end_at_once(self) -> None:
        """SIGKILL to all of its group."""
        self.stopping = True
        if self.process:
            end_group(self.process.pid)


async def next_line(output: asyncio.StreamReader) -> bytes:
    """The next line, or as much of it as the reader holds; empty at the end."""
    try:
        return await output.readline()
    except ValueError:  # longer than the reader's limit, which has dropped it
        return b"(a line too long to show)"


async def end_of(process: asyncio.subprocess.Process) -> int:
    """Its return code once it has ended. `process.wait` waits for its children's output too."""
    while process.returncode is None:  # noqa: ASYNC110 - no event of it comes in time
        await asyncio.sleep(END_SECONDS)
    return process.returncode


def end_group(group: int) -> None:
    """SIGKILL to whatever is left of a process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


async def stop_in_order(keepers: Sequence[Keeper]) -> None:
    """The first first: web lets go of people before the worker and the node end."""
    for keeper in keepers:
        await keeper.stop()


async def watch(service: Service) -> None:
    """Starts an embedded service again when it ends; the others find it where it was.

    The loop stands still while it starts, so that the child is tied to the main thread.
    """
    failures = 0
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        returncode = service.ended()
        if returncode is None:
            continue
        report(
            f"{service.name} ended unexpectedly ({how_it_ended(returncode)}): starting it again."
        )
        try:
            service.revive()
            failures = 0
        except LauncherError as error:
            failures += 1
            report(str(error))
            await asyncio.sleep(pause_after(failures))
