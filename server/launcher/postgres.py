"""The embedded PostgreSQL: the wheel's programs on one unix socket, in a folder of ours.

Owns its making (initdb), its settings, its readiness and its end, orphans of a killed launcher
included. Must not know what is stored in it.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT
from typing import TypeAlias
from urllib.parse import quote

import psycopg

from server.launcher.children import Service, start, stop, tethered
from server.launcher.errors import LauncherError
from server.launcher.postgres_user import MAJOR, Ground

NAME = "thirds"
PORT = 5432  # only names the socket file: nothing listens on TCP
START_SECONDS = 60.0
ATTEMPTS = 4
# Fast shutdown, then immediate (PostgreSQL, section 18.5).
STOP_STEPS = ((SIGINT, 20.0), (SIGQUIT, 5.0))
# What is logged is the same here and in production: deploy/postgresql.conf.
SHARED = Path(__file__).resolve().parents[2] / "deploy" / "postgresql.conf"
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
    "max_parallel_workers": "2",
}
# A killed server still keeps what was committed; only a power cut would not.
THROWAWAY = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "autovacuum_naptime": "600",
}


Settings: TypeAlias = Mapping[str, str]


def settings_of(file: Path) -> dict[str, str]:
    """The lines `name = value` of a configuration file of PostgreSQL, without quotes."""
    lines = file.read_text(encoding="ascii").splitlines()
    pairs = (line.partition("=") for line in lines if line.strip() and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def address(ground: Ground, database: str = NAME) -> str:
    """The libpq URI (PostgreSQL, section 34.1.1.2) of a database behind the socket.

    Capitals are percent-encoded: a parser that lower-cases the host keeps the path then.
    """
    host = "".join(
        f"%{ord(letter):02X}" if "A" <= letter <= "Z" else quote(letter, safe="")
        for letter in str(ground.sockets)
    )
    return f"postgresql://{NAME}@{host}/{database}"


def make(ground: Ground, log: Path) -> Path:
    """Makes the cluster unless it is there, whole or not at all; returns its folder."""
    cluster, making = ground.folder / "cluster", ground.folder / "cluster.new"
    if cluster.exists():
        check_version(cluster)
        return cluster
    program = str(ground.programs / "initdb")
    options = ["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", f"--username={NAME}"]
    collation = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    remove = ["/bin/rm", "-rf", str(making)]
    with log.open("ab") as output:
        for command in (remove, [program, "-D", str(making), *options, *collation]):
            tied = tethered(command, user=ground.user, on_parent_death=SIGKILL)
            if subprocess.run(tied, stdout=output, stderr=output, check=False).returncode != 0:
                raise LauncherError(f"PostgreSQL's folder could not be made: see {log}.")
    making.rename(cluster)
    return cluster


def check_version(cluster: Path) -> None:
    """A cluster of another major version is refused with a sentence, not in PostgreSQL's log."""
    found = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    if found != str(MAJOR):
        raise LauncherError(f"{cluster} is of PostgreSQL {found}, not {MAJOR}: move it away.")


def command_of(pid: int) -> str:
    """The command line of a process; empty when there is none."""
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
        return words.replace(b"\0", b" ").decode(errors="replace")
    if Path("/proc/self").exists():
        return ""
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False
    )
    return shown.stdout.decode(errors="replace")


def end_orphan(cluster: Path) -> None:
    """Stops a server that an earlier, killed launcher left behind.

    Only the caller that holds the folder's lock may do this. A pid file whose number now belongs
    to some other program is removed: PostgreSQL itself would refuse to start.
    """
    pid_file = cluster / "postmaster.pid"
    try:
        pid = int(pid_file.read_text(encoding="ascii").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    command = command_of(pid)
    if command and str(cluster) not in command:
        pid_file.unlink(missing_ok=True)
        return
    for number, seconds in ((SIGINT, 15.0), (SIGQUIT, 5.0), (SIGKILL, 5.0)):
        deadline = time.monotonic() + seconds
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        while str(cluster) in command_of(pid) and time.monotonic() < deadline:
            time.sleep(0.02)


def embedded(*, durable: bool) -> Settings:
    """The settings under ./run; without `durable` those of a test run."""
    return settings_of(SHARED) | SETTINGS | ({} if durable else THROWAWAY)


def launch(
    ground: Ground, cluster: Path, log: Path, settings: Settings
) -> "subprocess.Popen[bytes]":
    """Starts the server on its socket; it stops by itself, in order, when this process dies."""
    given = {**settings, "unix_socket_directories": str(ground.sockets)}
    options = [part for key, value in given.items() for part in ("-c", f"{key}={value}")]
    command = [str(ground.programs / "postgres"), "-D", str(cluster), *options]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    with log.open("ab") as output:
        return start(
            command,
            output=output,
            user=ground.user,
            on_parent_death=SIGINT,
            environment=environment,
        )


def connected(url: str) -> "psycopg.Connection[tuple[object, ...]] | None":
    """A connection in autocommit, or None while the server is not ready."""
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError:
        return None


def is_ready(process: "subprocess.Popen[bytes]", ground: Ground) -> bool:
    """Waits until the server answers and makes our database; False when it ended instead."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        connection = connected(address(ground, "postgres"))
        if connection is None:
            time.sleep(0.02)
            continue
        with connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
            if known.fetchone() is None:
                connection.execute(f"CREATE DATABASE {NAME}".encode())
        return True
    return False


def launch_ready(
    ground: Ground, cluster: Path, log: Path, settings: Settings
) -> "subprocess.Popen[bytes]":
    """Starts the server and waits until it answers; a LauncherError when it does not.

    Backends of a killed server may hold its memory for a moment: a failed start is tried again.
    """
    end_orphan(cluster)
    for attempt in range(ATTEMPTS):
        time.sleep(0.5 * attempt)
        process = launch(ground, cluster, log, settings)
        try:
            if is_ready(process, ground):
                return process
        except BaseException:
            stop(process, STOP_STEPS)
            raise
        stop(process, STOP_STEPS)
    raise LauncherError(f"PostgreSQL did not start: see {log}.")


@contextlib.contextmanager
def running_postgres(ground: Ground, log: Path, settings: Settings) -> Iterator[Service]:
    """Runs PostgreSQL for the block, with these settings."""
    start_again = partial(launch_ready, ground, make(ground, log), log, settings)
    service = Service("postgres", address(ground), start_again(), start_again)
    try:
        yield service
    finally:
        stop(service.process, STOP_STEPS)
