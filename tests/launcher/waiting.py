"""Waiting for a condition of another process, instead of sleeping and hoping."""

import time
from collections.abc import Callable
from pathlib import Path

GIVE_UP_SECONDS = 60.0


def until(condition: Callable[[], object], what: str) -> None:
    """Returns once `condition()` is true; fails the test, naming `what`, when it never is."""
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether the process exists and is not a zombie that nobody has waited for."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
