"""`python -m bench.hour`: an hour of one room of twelve, and what each process has kept of it.

Two Chromium pages and ten scripted people, hands and agenda going on, through two web processes,
two media nodes and the worker (`tests.faults`' installation). Every quarter of a minute the
resident memory, open descriptors and threads of each process are read. Prints the slope of its
memory after a warm-up, by least squares; a process that keeps something of each event cannot be
flat. Owns the order of the run and its bounds.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
import uvloop

from bench.reporting import finish, machine, progress
from tests.faults.evening import Evening, UnsettledError, gathered
from tests.faults.installation import Installation, installed

BOUND_MB: Final = 1.0  # of memory in ten minutes
MOST_MORE: Final = 3  # descriptors at the end than after the warm-up: connections come and go
EVERY_S: Final = 15.0
WARM_SHARE: Final = 0.25  # of the run, not counted: caches fill, code is imported


@dataclass(frozen=True, slots=True)
class Sample:
    """Of one process. `seconds` since the room was whole."""

    seconds: float
    megabytes: float
    descriptors: int
    threads: int


async def watched(
    installation: Installation, minutes: float
) -> tuple[dict[str, list[Sample]], list[str]]:
    """Samples by process, from a room that has begun, and what is broken in the end."""
    async with gathered(installation) as evening:
        await evening.settle()
        samples: dict[str, list[Sample]] = {name: [] for name in installation.processes}
        async with evening.bustle():
            await _look(installation, samples, minutes)
        await evening.agenda_runs()
        broken = await _broken(evening)
    return samples, broken


async def _broken(evening: Evening) -> list[str]:
    """What is not as it should be after all that time."""
    try:
        await evening.settle()
    except UnsettledError as unsettled:
        return [f"the room is not whole: {unsettled}"]
    return []


async def _look(
    installation: Installation, samples: dict[str, list[Sample]], minutes: float
) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    while (since := loop.time() - began) < minutes * 60:
        for name, process in installation.processes.items():
            samples[name].append(_sample(psutil.Process(process.pid), since))
        if since % 300 < EVERY_S:
            progress(f"{since / 60:.0f} minutes: {_line(samples)}")
        await asyncio.sleep(EVERY_S)


def _sample(process: psutil.Process, seconds: float) -> Sample:
    memory = process.memory_info().rss / 2**20
    return Sample(seconds, memory, process.num_fds(), process.num_threads())


def _line(samples: dict[str, list[Sample]]) -> str:
    return ", ".join(f"{name} {all_[-1].megabytes:.1f} MB" for name, all_ in samples.items())


def found(samples: Sequence[Sample]) -> dict[str, Any]:
    """What one process kept: megabytes in ten minutes, and the last descriptors beside the first
    that count."""
    counted = samples[int(len(samples) * WARM_SHARE) :]
    slope, _ = statistics.linear_regression(
        [one.seconds for one in counted], [one.megabytes for one in counted]
    )
    return {
        "mb_per_ten_minutes": round(slope * 600, 3),
        "megabytes": [round(counted[0].megabytes, 1), round(counted[-1].megabytes, 1)],
        "descriptors": [counted[0].descriptors, counted[-1].descriptors],
        "threads": [counted[0].threads, counted[-1].threads],
    }


def missed(kept: dict[str, dict[str, Any]]) -> list[str]:
    """The bounds that are missed, as sentences."""
    sentences = []
    for name, one in kept.items():
        if one["mb_per_ten_minutes"] > BOUND_MB:
            grew = one["mb_per_ten_minutes"]
            sentences.append(f"{name} grows by {grew} MB in ten minutes, at most {BOUND_MB:g}")
        first, last = one["descriptors"]
        if last > first + MOST_MORE:
            sentences.append(f"{name} went from {first} descriptors to {last}")
    return sentences


def main(arguments: Sequence[str]) -> int:
    """Runs it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.hour", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="default: %(default)s")
    minutes = parser.parse_args(arguments).minutes
    with (
        tempfile.TemporaryDirectory(prefix="bench-hour-") as folder,
        installed(Path(folder)) as installation,
    ):
        samples, broken = uvloop.run(watched(installation, minutes))
    kept = {name: found(all_) for name, all_ in samples.items()}
    return finish(
        {"bench": "hour", "machine": machine(), "minutes": minutes, "kept": kept},
        [*missed(kept), *broken],
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
