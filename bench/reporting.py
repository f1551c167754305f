"""What every benchmark prints: progress on stderr, then one JSON object as stdout's last line.

Owns percentiles, the description of the machine, and the exit code of a missed bound. Must not
know what is measured.
"""

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any


def progress(text: str) -> None:
    """One line for the person who waits."""
    sys.stderr.write(f"bench | {text}\n")
    sys.stderr.flush()


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: the smallest value that `share` (0..1] of them do not exceed.

    Raises ValueError without values.
    """
    if not values:
        raise ValueError("no values were measured")
    return sorted(values)[max(1, ceil(share * len(values))) - 1]


def spread(seconds: Sequence[float]) -> dict[str, float | int | None]:
    """How many, and p50, p95, p99 and the greatest in milliseconds; None where there are none."""
    shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "max_ms": 1.0}
    found = {name: _milliseconds(seconds, share) for name, share in shares.items()}
    return {"count": len(seconds), **found}


def _milliseconds(seconds: Sequence[float], share: float) -> float | None:
    return round(percentile(seconds, share) * 1000, 2) if seconds else None


def machine() -> dict[str, Any]:
    """What was measured on, and how busy others kept it: load averages of 1, 5 and 15 minutes."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": [round(load, 2) for load in os.getloadavg()],
    }


def _processor() -> str:
    """As the kernel names it; elsewhere than on Linux, its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def finish(result: Mapping[str, Any], missed: Sequence[str]) -> int:
    """Prints the result with the bounds that were missed; the exit code, 1 if there is any."""
    for bound in missed:
        progress(f"missed: {bound}")
    sys.stdout.write(json.dumps({**result, "missed": list(missed)}) + "\n")
    sys.stdout.flush()
    return 1 if missed else 0
