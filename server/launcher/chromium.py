"""The Chromium of the browser tests: where it is, and Debian's when there is none.

Only the standard library. Must not know the tests.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """Its path: THIRDS_CHROMIUM, else the first of NAMES on PATH."""
    given = os.environ.get("THIRDS_CHROMIUM")
    return given or next(filter(None, map(shutil.which, NAMES)), None)


def apt_get(*arguments: str) -> bool:
    """Runs apt-get, asking nothing; whether it succeeded."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "-qq", *arguments]
    done = subprocess.run(command, env=environment, stdout=sys.stderr, check=False)
    return done.returncode == 0


def install_if_missing() -> None:
    """As root on Debian, installs it; otherwise leaves it missing, and the checks say so."""
    if find() or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    print("Installing Chromium for the browser tests.", file=sys.stderr)
    if not (apt_get("update") and apt_get("install", "-y", "chromium")):
        print("Chromium could not be installed: browser tests will not run.", file=sys.stderr)
