"""The product as `./run` starts it, for a benchmark: in a folder of its own, cores given out.

Owns how the processes are started and stopped, and reads what the kernel says of them: CPU
seconds and resident memory. Must not know what is measured.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.cores import Split, born_on
from server.launcher.__main__ import programs
from server.launcher.children import start, stop
from server.launcher.contract import WEB_ROLE, environment, restricted
from server.launcher.services import embedded_services
from server.launcher.web import WebAddress

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = "127.0.0.1"
GENTLY = [(signal.SIGTERM, 10.0)]
START_S = 30.0
LAST_WORDS = 4000  # characters


@dataclass
class Stack:
    """Running processes by name. `env` is the environment they were given, `database` the
    address of the database for its owner."""

    env: dict[str, str]
    database: str
    folder: Path
    split: Split
    services: dict[str, int]
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return self.env["THIRDS_ORIGIN"]

    def start(self, name: str, command: Sequence[str], cores: frozenset[int]) -> None:
        """Starts one process on these cores; what it prints is kept in the folder."""
        with (self.folder / f"{name}.log").open("ab") as output, born_on(cores):
            self.processes[name] = start(command, output=output, environment=self.env, folder=ROOT)

    def stop(self, name: str) -> None:
        """Stops one process, gently first."""
        stop(self.processes.pop(name), GENTLY)

    def log(self, name: str) -> str:
        """What a process has printed so far."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    @contextlib.contextmanager
    def explained(self, name: str) -> Iterator[None]:
        """When the block fails, the last words of a process are shown with the fault."""
        try:
            yield
        except Exception:
            sys.stderr.write(self.log(name)[-LAST_WORDS:])
            raise

    def cpu_seconds(self) -> dict[str, float]:
        """User and system time of every process so far, children included, by name."""
        pids = {name: process.pid for name, process in self.processes.items()} | self.services
        return {name: _cpu_seconds(psutil.Process(pid)) for name, pid in pids.items()}

    def waited_seconds(self) -> dict[str, float]:
        """How long each process was ready to run and others had its core, so far, by name."""
        pids = {name: process.pid for name, process in self.processes.items()} | self.services
        return {name: _waited_seconds(psutil.Process(pid)) for name, pid in pids.items()}

    def resident_bytes(self, name: str) -> int:
        """Resident memory of one process."""
        return int(psutil.Process(self.processes[name].pid).memory_info().rss)


def _cpu_seconds(process: psutil.Process) -> float:
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total


def _waited_seconds(process: psutil.Process) -> float:
    """The second field of schedstat, nanoseconds, of every thread (Linux; elsewhere nothing)."""
    total = 0
    for one in (process, *process.children(recursive=True)):
        for file in Path(f"/proc/{one.pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                total += int(file.read_text(encoding="ascii").split()[1])
    return total / 1e9


def free_port() -> int:
    """A TCP port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def wait_for_web(address: str, process: "subprocess.Popen[bytes]") -> None:
    """Until something answers over HTTP. Raises TimeoutError when nothing does."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own address
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"{address} does not answer")


@contextlib.contextmanager
def running_stack(split: Split) -> Iterator[Stack]:
    """PostgreSQL (every commit on disk), Valkey, media and worker on the other cores, web alone
    on the measured one; an empty, migrated database, and Django set up in this process."""
    with tempfile.TemporaryDirectory(prefix="thirds-bench-") as name, born_on(split.others):
        folder = Path(name)
        with embedded_services(folder / "var") as services:
            port = free_port()
            env = environment(services, WebAddress(port), folder, demo=True, base=os.environ)
            env |= {"THIRDS_MEDIA_BIND": LOOPBACK, "THIRDS_MEDIA_ANNOUNCE": LOOPBACK}
            pids = {one.name: one.process.pid for one in services.embedded}
            set_up_django(env)
            migrate({**env, "THIRDS_DATABASE_ROLE": WEB_ROLE})
            stack = Stack(restricted(env), services.database_url, folder, split, pids)
            try:
                for program in programs(WebAddress(port), stack.env):
                    cores = split.measured if program.name == "web" else split.others
                    stack.start(program.name, program.command, cores)
                wait_for_web(f"{stack.origin}/sign-in/", stack.processes["web"])
                yield stack
            finally:
                for running in list(stack.processes):
                    stack.stop(running)


def migrate(env: Mapping[str, str]) -> None:
    """Makes the tables in the database of this environment."""
    command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--no-input", "-v", "0"]
    subprocess.run(command, env=dict(env), cwd=ROOT, check=True, stdout=sys.stderr)  # noqa: S603


def set_up_django(env: Mapping[str, str]) -> None:
    """So that this process may write rows with the same models, to the same database."""
    import django

    os.environ.update(env)
    django.setup()
