"""PostgreSQL's own pg_dump and pg_restore, as streams of bytes.

Owns how they are started: the address and the password go by the environment, for a command line
is read by everybody on the host. Must not know where the bytes go.
"""

import contextlib
import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from psycopg.conninfo import conninfo_to_dict

from server.launcher.postgres_user import INSTALL, site_packages

PIECE: Final = 1 << 18  # bytes
# libpq's environment variables (PostgreSQL, section 34.15) for the parts of an address.
VARIABLES: Final = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


class BackupError(Exception):
    """One sentence for the operator."""


def dumped(url: str, without: Sequence[str]) -> Iterator[bytes]:
    """The database in pg_dump's own format, all of it as of one instant after the start.

    `without` names tables whose rows are left out. Raises BackupError when pg_dump fails.
    """
    options = [f"--exclude-table-data={table}" for table in without]
    words = ["--format=custom", "--no-owner", "--no-privileges", *options]
    with _started("pg_dump", words, url, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while piece := process.stdout.read(PIECE):
            yield piece
    _ended("pg_dump", process)


def restore(url: str, dump: Iterable[bytes]) -> None:
    """Fills an empty database in one transaction: all of it or nothing.

    Whatever `dump` raises ends it with nothing done. Raises BackupError when pg_restore fails.
    """
    words = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    database = str(conninfo_to_dict(url).get("dbname", ""))
    words.append(f"--dbname={database}")
    with _started("pg_restore", words, url, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        try:
            for piece in dump:
                process.stdin.write(piece)
            process.stdin.close()
        except BrokenPipeError:  # it has ended, and has said why
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        except BaseException:
            process.kill()  # before its input ends, or it would commit what it has
            raise
    _ended("pg_restore", process)


def _started(
    name: str,
    words: Sequence[str],
    url: str,
    *,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] | None = None,
) -> "subprocess.Popen[bytes]":
    given = conninfo_to_dict(url)
    variables = {VARIABLES[part]: str(value) for part, value in given.items() if part in VARIABLES}
    return subprocess.Popen(
        [str(_program(name)), *words],
        env={"PATH": os.environ.get("PATH", os.defpath)} | variables,
        stdin=stdin,
        stdout=stdout,
    )


def _program(name: str) -> Path:
    """The wheel's, which has the server's major version; Debian's may be older."""
    return site_packages() / INSTALL / "bin" / name


def _ended(name: str, process: "subprocess.Popen[bytes]") -> None:
    if process.returncode != 0:
        raise BackupError(f"{name} ended with {process.returncode}: see what it wrote above.")
