"""The folder of backups: a file a backup, named by the instant it began; old ones go.

Owns names, and that a file is there whole or not at all. Must not know what is in one.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

FORM: Final = "thirds-%Y%m%dT%H%M%SZ.backup"


def write(folder: Path, began: datetime, pieces: Iterable[bytes]) -> Path:
    """Writes a file that only its owner may read, and returns it once it is on the disk."""
    file = folder / began.astimezone(UTC).strftime(FORM)
    making = file.with_suffix(".part")
    making.unlink(missing_ok=True)
    try:
        with open(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            for piece in pieces:
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        making.rename(file)
    finally:
        making.unlink(missing_ok=True)
    return file


def remove_older(folder: Path, than: timedelta, now: datetime) -> list[Path]:
    """Removes backups that began longer ago; the age is read off the name. Returns them."""
    gone = [file for file in backups(folder) if began(file) < now - than]
    for file in gone:
        file.unlink()
    return gone


def backups(folder: Path) -> list[Path]:
    """Those in the folder, the oldest first."""
    return sorted(file for file in folder.glob("thirds-*.backup") if _is_named(file.name))


def began(file: Path) -> datetime:
    """When the backup of this name began."""
    return datetime.strptime(file.name, FORM).replace(tzinfo=UTC)


def _is_named(name: str) -> bool:
    try:
        datetime.strptime(name, FORM)  # noqa: DTZ007 - its form only
    except ValueError:
        return False
    return True
