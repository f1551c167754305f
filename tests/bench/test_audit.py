"""`python -m bench.audit`, small: every row is found whole, and a missed bound is said."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "bench.audit", "--rows", "40", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_audit_is_written_linked_and_verified() -> None:
    done = run("--bound", "60")
    result = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, result["missed"], result["rows"]) == (0, [], 40), done.stderr


def test_audit_that_takes_too_long_ends_with_one() -> None:
    done = run("--bound", "0")
    assert done.returncode == 1
    assert len(json.loads(done.stdout.splitlines()[-1])["missed"]) == 1
