"""Makes the browser side from its sources: packages by `npm ci`, then `npm run build`.

Both only when what they start from has changed. Node comes from its wheel in the environment.
Only the standard library. Must not know what is built.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from server.launcher.errors import LauncherError
from server.launcher.failures import npm_sentence

BUILT = Path("frontend") / "dist" / "manifest.json"
SHARED_STYLES = Path("sessions") / "web" / "static" / "css"  # the room imports the pages' own
STAMP = Path("var") / "frontend.stamp"
PACKAGES_STAMP = Path("node_modules") / ".thirds-stamp"


def digest(root: Path, files: list[Path]) -> str:
    """One hash of names and contents; the order of `files` does not matter."""
    total = hashlib.sha256()
    for file in sorted(files):
        total.update(f"{file.relative_to(root)}\0".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def package_files(root: Path) -> list[Path]:
    """What `npm ci` starts from."""
    return [root / "package.json", root / "package-lock.json"]


def source_files(root: Path) -> list[Path]:
    """What `npm run build` starts from: the packages, the styles that it shares with the pages,
    and all of frontend/ but its product."""
    product = root / "frontend" / "dist"
    sources = (root / "frontend").rglob("*")
    kept = [file for file in sources if file.is_file() and product not in file.parents]
    return [*package_files(root), *(root / SHARED_STYLES).glob("*.css"), *kept]


def npm(root: Path, *arguments: str) -> None:
    """Runs npm of the environment, quietly; raises a LauncherError when it fails."""
    programs = root / ".venv" / "bin"
    search = os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)])
    done = subprocess.run(
        [programs / "npm", *arguments],
        cwd=root,
        env=os.environ | {"PATH": search},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0:
        output = done.stdout.decode(errors="replace")
        raise LauncherError(npm_sentence(output))


def is_current(stamp: Path, wanted: str) -> bool:
    """Whether the stamp says that this was made already."""
    return stamp.is_file() and stamp.read_text(encoding="ascii") == wanted


def install_packages(root: Path) -> None:
    """`npm ci`, when the lock changed. It removes node_modules and the stamp with it."""
    wanted = digest(root, package_files(root))
    if is_current(root / PACKAGES_STAMP, wanted):
        return
    print("Fetching the packages of the browser side.", file=sys.stderr)
    npm(root, "ci", "--ignore-scripts")
    (root / PACKAGES_STAMP).write_text(wanted, encoding="ascii")


def build(root: Path) -> None:
    """`npm run build`, when a source changed or the product is not there."""
    wanted = digest(root, source_files(root))
    if (root / BUILT).is_file() and is_current(root / STAMP, wanted):
        return
    install_packages(root)
    print("Building the browser side.", file=sys.stderr)
    npm(root, "run", "build")
    (root / STAMP).write_text(wanted, encoding="ascii")
