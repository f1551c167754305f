"""The plugin of the test run: its services, and a Valkey database for each xdist worker."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services import with_database

ROOT = Path(__file__).resolve().parent.parent.parent
PROBE = """
import os
import pytest

@pytest.mark.parametrize("n", range(4))
def test_probe(n: int) -> None:
    with open(os.environ["PROBE"], "a") as file:
        file.write(f"{os.environ['PYTEST_XDIST_WORKER']} {os.environ['REDIS_URL']}\\n")
"""


@pytest.mark.parametrize(
    ("url", "changed"),
    [
        ("unix:///s/valkey.sock?db=0", "unix:///s/valkey.sock?db=3"),
        ("unix:///s/valkey.sock", "unix:///s/valkey.sock?db=3"),
        ("redis://:secret@host:6379/0", "redis://:secret@host:6379/3"),
        ("rediss://host", "rediss://host/3"),
    ],
)
def test_a_worker_gets_another_database_of_the_same_server(url: str, changed: str) -> None:
    assert with_database(url, 3) == changed


def test_this_run_has_services() -> None:
    names = ("DATABASE_URL", "REDIS_URL", "THIRDS_SECRET_KEY", "THIRDS_MEDIA_SECRET")
    assert [name for name in names if not os.environ.get(name)] == []


def test_given_services_are_used_and_nothing_is_started(tmp_path: Path) -> None:
    """Two workers on services that do not exist. Kills: starting our own all the same, and
    workers that share one Valkey database."""
    (tmp_path / "test_probe.py").write_text(PROBE)
    given = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "PROBE": str(tmp_path / "seen"),
        "TMPDIR": str(tmp_path / "nowhere"),
    }
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p tests.services\n")
    options = ["-p", "no:django", "-n", "2", f"--basetemp={tmp_path / 'base'}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if "XDIST" not in name} | given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "4 passed" in done.stdout, done.stdout + done.stderr
    seen = set((tmp_path / "seen").read_text().splitlines())
    assert seen <= {"gw0 redis://127.0.0.1:1/1", "gw1 redis://127.0.0.1:1/2"}
