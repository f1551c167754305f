"""A real Daphne with a small application, for the tests of its bounds."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.launcher.web import OPTIONS
from tests.ports import free_port
from tests.server.wire import PATIENCE_S, told, until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def port() -> Iterator[int]:
    """Where a Daphne of this test listens, started with the options of the product."""
    number = free_port()
    place = ("-b", "127.0.0.1", "-p", str(number))
    process = subprocess.Popen(
        [sys.executable, "-m", "daphne", *place, *OPTIONS, "tests.server.talker:application"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        until(lambda: told(number) is not None)
        yield number
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
