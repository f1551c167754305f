"""The fan-out in C under AddressSanitizer and UndefinedBehaviorSanitizer, over random packets.

The long form, with clang, once for a change of the C: docs/media.md, "The way out in C".
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from server.launcher.compiler import SOURCE
from server.launcher.debian import COMPILER
from tests.programs import needed

HERE = Path(__file__).parent
WATCHED = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-DALONE")
ROUNDS = "20000"


def watched(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """The fuzz target over a copy of the sources whose C is `text`."""
    root = folder / "server" / "media" / "fan_out"
    root.mkdir(parents=True)
    (root / SOURCE.name).write_text(text)
    shutil.copy(SOURCE.with_suffix(".h"), root)
    target = folder / "tests" / "media"
    target.mkdir(parents=True)
    shutil.copy(HERE / "fan_out_fuzz.c", target)
    made = folder / "fuzz"
    subprocess.run([needed(COMPILER), *WATCHED, "-o", made, target / "fan_out_fuzz.c"], check=True)
    environment = {"PATH": os.environ["PATH"]}
    return subprocess.run(
        [made, ROUNDS], env=environment, capture_output=True, text=True, check=False
    )


def test_no_packet_reaches_beyond_its_memory(tmp_path: Path) -> None:
    done = watched(tmp_path, SOURCE.read_text(encoding="utf-8"))
    assert (done.returncode, done.stdout) == (0, f"{ROUNDS}\n"), done.stderr


@pytest.mark.parametrize(
    ("bound", "without"),
    [
        ("size > ROOM - TRAILER - HEADER", "0"),
        ("number % PLACES", "number"),
    ],
)
def test_bound_that_is_taken_away_is_missed(bound: str, without: str, tmp_path: Path) -> None:
    """The watch sees what it is there for."""
    text = SOURCE.read_text(encoding="utf-8")
    assert bound in text
    assert watched(tmp_path, text.replace(bound, without)).returncode != 0
