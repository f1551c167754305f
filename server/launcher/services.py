"""The embedded services: a real PostgreSQL and a real Valkey for one folder, on unix sockets.

Owns the folder's lock, where the sockets are, and the order of starting and stopping. Must not
know what the services are used for.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from server.launcher.children import Service
from server.launcher.errors import LauncherError
from server.launcher.postgres import embedded, running_postgres
from server.launcher.postgres_user import choose
from server.launcher.valkey import running_valkey

# unix(7): a socket's path has at most 107 bytes; the longest name we put behind the folder is
# "/.s.PGSQL.5432", and room is left for those of other processes.
LONGEST_FOLDER = 107 - 32


@dataclass(frozen=True, slots=True)
class Services:
    """Addresses of the running services; `sockets` is a short 0700 folder, free for others.

    `embedded` holds those that run here, to be watched; it is empty when they were given.
    """

    database_url: str
    redis_url: str
    sockets: Path
    embedded: tuple[Service, ...] = ()


@contextlib.contextmanager
def embedded_services(folder: Path, *, durable: bool = True, way: str = "") -> Iterator[Services]:
    """Runs both services for the block, with what they keep in `folder` (made 0700).

    `durable=False` gives up safety from power cuts for speed (tests); `way` forces how
    PostgreSQL runs as root (postgres_user.WAYS). What a killed launcher left behind is stopped
    first. Raises LauncherError when the folder is in use or a service cannot start.
    """
    folder = folder.absolute()
    with locked(folder), socket_folder(folder) as sockets:
        ground = choose(private(folder / "postgres"), sockets, way)
        database = running_postgres(ground, folder / "postgres.log", embedded(durable=durable))
        try:
            with database as postgres, running_valkey(folder, sockets) as valkey:
                yield Services(postgres.url, valkey.url, sockets, (postgres, valkey))
        finally:
            if ground.home and not durable:
                shutil.rmtree(ground.home, ignore_errors=True)


@contextlib.contextmanager
def given_services(folder: Path, database_url: str, redis_url: str) -> Iterator[Services]:
    """Services that run elsewhere; `folder` is held and gives the sockets all the same."""
    folder = folder.absolute()
    with locked(folder), socket_folder(folder) as sockets:
        yield Services(database_url, redis_url, sockets)


def private(folder: Path) -> Path:
    """Makes a folder that only we can enter; the modes of its parents stay as they are."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise LauncherError(f"No permission to write {folder}: choose another folder.") from error
    return folder


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the folder for one launcher. The kernel frees it however the holder ends."""
    with (private(folder) / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LauncherError(f"Thirds already runs from {folder}: stop it first.") from None
        yield


@contextlib.contextmanager
def socket_folder(folder: Path) -> Iterator[Path]:
    """A 0700 folder short enough for a socket: inside `folder`, else a temporary one.

    A temporary one is linked from `folder`, so that one left behind by a killed launcher is
    found and removed.
    """
    link = folder / "sockets"
    if link.is_symlink():
        shutil.rmtree(link.readlink(), ignore_errors=True)
        link.unlink()
    if len(os.fsencode(link)) <= LONGEST_FOLDER:
        yield private(link)
        return
    short = Path(tempfile.mkdtemp(prefix="thirds-", dir=short_temporary_folder()))
    link.symlink_to(short)
    try:
        yield short
    finally:
        shutil.rmtree(short, ignore_errors=True)
        link.unlink(missing_ok=True)


def short_temporary_folder() -> str:
    """The temporary folder of this user, or /tmp where that one is too long as well."""
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) + 24 <= LONGEST_FOLDER else "/tmp"  # noqa: S108
