"""Every process reads the pinned tzdata, whatever zone files the machine has."""

import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

VANCOUVER = "America/Vancouver"
ASKED = (
    "from datetime import *; from zoneinfo import ZoneInfo; "
    f"at = datetime(2026, 12, 3, 18, tzinfo=ZoneInfo('{VANCOUVER}')); "
    "print(at.astimezone(timezone.utc).hour)"
)
PROCESSES = {
    "web": f"import server.asgi; {ASKED}",
    "media node": f"from server.media.__main__ import main; main(); {ASKED}",
    "probe": f"from server.probe.__main__ import main; main(); {ASKED}",
}
COMMANDS = ["manage.py", "shell", "--no-imports", "-v", "0", "-c", ASKED]


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine whose zone files are old: Vancouver still changes its clocks,
    as Los Angeles does."""
    where = tmp_path / VANCOUVER
    where.parent.mkdir()
    old = files("tzdata").joinpath("zoneinfo", "America", "Los_Angeles").read_bytes()
    where.write_bytes(old)
    return {
        **os.environ,
        "PYTHONTZPATH": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "server.settings.development",
        "THIRDS_MEDIA_SECRET": "",  # node and probe say so and end
    }


def hour(words: list[str], env: dict[str, str]) -> str:
    command = [sys.executable, *words]
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_machine_is_an_old_one(machine: dict[str, str]) -> None:
    assert hour(["-c", ASKED], machine) == "2"


@pytest.mark.parametrize("process", PROCESSES)
def test_process_reads_the_pinned_rules(process: str, machine: dict[str, str]) -> None:
    """Kills: one entry that does not call use_pinned_zones."""
    assert hour(["-c", PROCESSES[process]], machine) == "1"


def test_commands_and_worker_read_the_pinned_rules(machine: dict[str, str]) -> None:
    assert hour(COMMANDS, machine) == "1"
