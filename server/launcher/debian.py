"""What the tests drive that no Python package brings: where it is, and Debian's where it is not.

Only the standard library. Must not know the tests. `./run` needs none of these.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class DebianProgram:
    """`names` are looked for on PATH in their order; the variable names another place. `package`:
    one or several of Debian's, by blanks."""

    title: str
    package: str
    names: Sequence[str]
    variable: str

    def find(self) -> str | None:
        """Its path, if it is there."""
        given = os.environ.get(self.variable)
        return given or next(filter(None, map(shutil.which, self.names)), None)


CHROMIUM: Final = DebianProgram(
    "Chromium", "chromium", ("chromium", "chromium-browser", "google-chrome"), "THIRDS_CHROMIUM"
)
FIREFOX: Final = DebianProgram(
    "Firefox", "firefox-esr", ("firefox-esr", "firefox"), "THIRDS_FIREFOX"
)
CADDY: Final = DebianProgram("Caddy", "caddy", ("caddy",), "THIRDS_CADDY")
COTURN: Final = DebianProgram("coturn", "coturn", ("turnserver",), "THIRDS_TURNSERVER")
COMPILER: Final = DebianProgram("a C compiler", "gcc libc6-dev", ("cc",), "CC")
PROGRAMS: Final = (CHROMIUM, FIREFOX, CADDY, COTURN, COMPILER)


def apt_get(*arguments: str) -> bool:
    """Runs apt-get, asking nothing; whether it succeeded."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "-qq", *arguments]
    done = subprocess.run(command, env=environment, stdout=sys.stderr, check=False)
    return done.returncode == 0


def install_missing() -> None:
    """As root on Debian, installs what is missing; otherwise leaves it so, and the checks say
    which tests cannot run."""
    missing = [program for program in PROGRAMS if program.find() is None]
    if not missing or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    titles = ", ".join(program.title for program in missing)
    print(f"Installing for the tests: {titles}.", file=sys.stderr)
    packages = [name for program in missing for name in program.package.split()]
    if not (apt_get("update") and apt_get("install", "-y", "--no-install-recommends", *packages)):
        print(f"Not installed: {titles}. Their tests will not run.", file=sys.stderr)
