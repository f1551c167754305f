"""Which process may run on which core, where the kernel lets that be said (Linux).

Owns the split: one core for what is measured, the others for everything else. A child is born
with its parent's cores, so the parent decides.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Split:
    """`measured` is one core, `others` the rest; equal when there is one core, or no choice."""

    measured: frozenset[int]
    others: frozenset[int]

    @property
    def pinned(self) -> bool:
        """Whether what is measured has a core to itself, as far as this run is concerned."""
        return self.measured != self.others


def split() -> Split:
    """Of the cores that this process may use."""
    if not hasattr(os, "sched_setaffinity"):
        return Split(frozenset(), frozenset())
    mine = sorted(os.sched_getaffinity(0))
    if len(mine) == 1:
        return Split(frozenset(mine), frozenset(mine))
    return Split(frozenset(mine[:1]), frozenset(mine[1:]))


@contextlib.contextmanager
def born_on(cores: frozenset[int]) -> Iterator[None]:
    """Processes that are started in the block run on these cores; this one does until its end."""
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def processor_seconds(process: psutil.Process) -> tuple[float, float]:
    """Of all its threads so far: on a core, and ready to run while others had the core.

    To the nanosecond where Linux tells; elsewhere the second is 0.
    """
    tasks = Path(f"/proc/{process.pid}/task")
    try:
        said = [(task / "schedstat").read_text().split() for task in tasks.iterdir()]
    except OSError:
        times = process.cpu_times()
        return times.user + times.system, 0.0
    return sum(int(x[0]) for x in said) / 1e9, sum(int(x[1]) for x in said) / 1e9
