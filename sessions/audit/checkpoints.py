"""Checkpoints of the audit chain: what stood at its end, signed, kept outside the database.

Owns where they are written (THIRDS_AUDIT_CHECKPOINTS: a file that is only appended to; without
one, the log) and how often. Knows nothing of rows.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import timezone

from sessions.audit.rows import audit_keys
from sessions.audit.sealer import Sealed
from sessions.core.audit_chain import Checkpoint, Link, checkpoint_line, read_checkpoint

log = logging.getLogger(__name__)

EVERY_S: Final = 60.0


@dataclass(slots=True)
class Checkpoints:
    """One process's writing of them: at most one a minute, none while nothing is added."""

    clock: Callable[[], float] = time.monotonic
    written: int = 0  # number of the link in the last one
    due_at: float = 0.0

    def after(self, sealed: Sealed, *, now: bool = False) -> None:
        """Writes what is due after a round of sealing; `now`: the process ends.

        An end that is gone from the database is written at once: that it was there is evidence.
        """
        if sealed.lost is not None:
            write(sealed.lost)
        end = sealed.end
        if end is None or end.number == self.written or not (now or self.clock() >= self.due_at):
            return
        write(end)
        self.written, self.due_at = end.number, self.clock() + EVERY_S


def write(end: Link) -> None:
    """Appends a checkpoint, and returns when it is on the disk; without a file, logs it."""
    line = checkpoint_line(Checkpoint(timezone.now(), end.number, end.digest), audit_keys())
    if not settings.THIRDS_AUDIT_CHECKPOINTS:
        log.info("audit checkpoint %s", line)
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    with open(os.open(settings.THIRDS_AUDIT_CHECKPOINTS, flags, 0o600), "ab") as file:
        file.write(f"{line}\n".encode())
        file.flush()
        os.fsync(file.fileno())


def read(file: Path) -> Iterator[Checkpoint | None]:
    """What each line says; None for one that no key of the ring has signed.

    A line of a log counts from its first brace on. Raises OSError.
    """
    keys = audit_keys()
    with file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            yield read_checkpoint(line[max(line.find("{"), 0) :], keys)
