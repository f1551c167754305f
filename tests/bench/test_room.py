"""`python -m bench.room` in a small size: what it prints, and that a missed bound is a failure.

Figures are not judged here: this machine is busy with other tests.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.reporting import finish, percentile, spread
from bench.room.__main__ import missed

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--rooms", "2", "--people", "3", "--seconds", "5", "--joins", "4"]


def run(*words: str) -> tuple[int, dict[str, Any]]:
    """The exit code, and the object in the last line."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.room", *SMALL, *words],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    lines = done.stdout.splitlines()
    assert lines, done.stderr[-4000:]
    return done.returncode, json.loads(lines[-1])


def test_room_measures_verbs_joins_memory_and_floors() -> None:
    code, found = run("--bound", "60000", "--floor-seconds", "2")
    assert (code, found["missed"]) == (0, [])
    assert (found["rooms"], found["people"], found["connections"]) == (2, 3, 6)
    assert found["join_to_snapshot"]["count"] == 5  # the first is not counted: it loads the code
    verbs = found["verb_to_last_receipt"]
    assert verbs["count"] >= 2
    assert 0 < found["verb_to_first_receipt"]["p50_ms"] <= verbs["p50_ms"] <= verbs["p99_ms"]
    assert found["bytes_per_connection"] != 0
    assert found["floors"]["transaction"]["count"] > 0
    assert found["floors"]["broadcast"]["count"] > 0
    assert found["ratio_to_floors_p50"] > 0


def test_room_fails_when_the_bound_is_missed(capsys: pytest.CaptureFixture[str]) -> None:
    """Kills: a benchmark that reports a figure and always succeeds; one that takes no figure at
    all for a good one."""
    slow = {"verb_to_last_receipt": spread([0.03]), "ratio_to_floors_p99": 4.01}
    words = "verb_to_last_receipt p99 is 4.01 times the floors, at most 4"
    assert missed(slow, 4.0) == [words]
    assert missed(slow, 4.01) == []
    assert len(missed({"verb_to_last_receipt": spread([])}, 4.0)) == 1
    assert (finish(slow, [words]), finish(slow, [])) == (1, 0)
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["missed"] for line in lines] == [[words], []]


@pytest.mark.parametrize(
    ("share", "expected"), [(0.01, 1.0), (0.5, 50.0), (0.99, 99.0), (1.0, 100.0)]
)
def test_percentile_is_of_the_nearest_rank(share: float, expected: float) -> None:
    assert percentile([float(value) for value in range(100, 0, -1)], share) == expected


def test_spread_of_nothing_says_so() -> None:
    assert spread([]) == {
        "count": 0,
        "p50_ms": None,
        "p95_ms": None,
        "p99_ms": None,
        "max_ms": None,
    }
