"""Makes the media node's fan-out in C, where a compiler is: one file, in a fifth of a second.

Owns where the library is: under a name of its sources' digest, so that one made of other sources is
never loaded. Only the standard library. Never needed: without it the node does the same in Python.
`python -m server.launcher.compiler` makes it for the Python that runs this (the image does so).
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).parents[1] / "media" / "fan_out" / "fan_out.c"
HEADER: Final = SOURCE.with_suffix(".h")
FLAGS: Final = ("-O2", "-shared", "-fPIC", "-Wall", "-Wextra", "-Wconversion", "-Werror")


def library_path(prefix: Path) -> Path:
    """Of the environment with this prefix, for exactly the sources that are here."""
    digest = hashlib.sha256(SOURCE.read_bytes() + HEADER.read_bytes()).hexdigest()
    return prefix / "lib" / f"thirds-fan-out-{digest[:16]}.so"


def compile_fan_out(prefix: Path) -> bool:
    """Whether the library is there now. One line says so when it was made, or why it was not."""
    made = library_path(prefix)
    if made.is_file():
        return True
    compiler = shutil.which(os.environ.get("CC") or "cc")
    if compiler is None:
        _say(
            "Media packets go out by Python; with a C compiler (cc) here they would go out by C, faster."
        )
        return False
    draft = made.with_suffix(f".{os.getpid()}")
    done = subprocess.run(
        [compiler, *FLAGS, "-o", draft, SOURCE],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0:
        draft.unlink(missing_ok=True)
        _say("Media packets go out by Python: the C compiler here would not make the faster way.")
        return False
    draft.replace(made)
    _say("Media packets go out by C.")
    return True


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(not compile_fan_out(Path(sys.prefix)))
