"""From a fresh clone to a process in its own environment: what `./run` and `./test` begin with.

Owns `.venv` and what is installed in it. Only the standard library, any Python from 3.11 on:
nothing is installed yet when this runs. Nothing here says where pip finds packages.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from server.launcher import debian, frontend
from server.launcher.arguments import LOOPBACK, check_port, own_address, parse
from server.launcher.compiler import compile_fan_out
from server.launcher.errors import LauncherError
from server.launcher.failures import NO_VENV, pip_sentence, venv_sentence

ROOT = Path(__file__).resolve().parent.parent.parent


def run(arguments: Sequence[str]) -> None:
    """`./run`: sets up, then becomes `python -m server.launcher`."""

    def set_up() -> None:
        options = parse(arguments)
        check_port(options.port, own_address() if options.lan else LOOPBACK)
        prepare(ROOT, "runtime.lock")
        with one_at_a_time(ROOT):
            compile_fan_out(ROOT / ".venv")
            frontend.build(ROOT)

    in_words(set_up)
    become(ROOT, "server.launcher", arguments)


def test(arguments: Sequence[str]) -> None:
    """`./test`: sets up with what the checks need, then becomes `server.launcher.checks`."""

    def set_up() -> None:
        if can_install_venv():
            install_venv()
        prepare(ROOT, "dev.lock")
        with one_at_a_time(ROOT):
            frontend.install_packages(ROOT)
        debian.install_missing()
        compile_fan_out(ROOT / ".venv")

    in_words(set_up)
    become(ROOT, "server.launcher.checks", arguments)


def in_words(set_up: Callable[[], None]) -> None:
    """Runs it; a LauncherError or Ctrl-C ends the process with one sentence."""
    try:
        set_up()
    except LauncherError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped before Thirds was set up: start it again to go on.")


def become(root: Path, module: str, arguments: Sequence[str]) -> None:
    """Replaces this process by the environment's Python; does not return."""
    python = str(root / ".venv" / "bin" / "python")
    os.chdir(root)
    sys.stdout.flush()
    os.execv(python, [python, "-m", module, *arguments])


def prepare(root: Path, lock: str) -> None:
    """Makes `.venv` hold what `requirements/<lock>` says; quick when it does already."""
    environment = root / ".venv"
    with one_at_a_time(root):
        stamp = environment / f"thirds-{lock}.stamp"
        wanted = fingerprint(environment, root / "requirements" / lock)
        if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
            return
        if not is_healthy(environment):
            make_environment(environment)
        install(environment, root / "requirements" / lock)
        wanted = fingerprint(environment, root / "requirements" / lock)
        stamp.write_text(wanted, encoding="ascii")


@contextlib.contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Holds var/ for one set-up, so that two starts do not install over each other."""
    try:
        (root / "var").mkdir(mode=0o700, exist_ok=True)
        file = (root / "var" / "setup.lock").open("w")
    except OSError:
        text = f"No permission to write {root}: put Thirds into a folder of yours, then retry."
        raise LauncherError(text) from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fingerprint(environment: Path, lock: Path) -> str:
    """Of the lock, of where the environment is (its scripts name it) and of its Python."""
    python = os.path.realpath(environment / "bin" / "python")
    place = f"{environment}\0{python}\0{os.path.exists(python)}".encode()
    return hashlib.sha256(place + b"\0" + lock.read_bytes()).hexdigest()


def is_healthy(environment: Path) -> bool:
    """Whether its pip runs and is its own: not half-made, moved, or of a Python that is gone."""
    try:
        command = [str(environment / "bin" / "pip"), "--version"]
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0 and f" from {environment}/".encode() in done.stdout


def make_environment(environment: Path) -> None:
    """Makes a new one with the Python that runs this."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise LauncherError(NO_VENV)
    if environment.is_symlink() or environment.is_file():
        environment.unlink()
    shutil.rmtree(environment, ignore_errors=True)
    print("Making the environment in .venv.", file=sys.stderr)
    command = [sys.executable, "-m", "venv", str(environment)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(environment, ignore_errors=True)
        output = (done.stdout + done.stderr).decode(errors="replace")
        raise LauncherError(venv_sentence(output))


def install(environment: Path, lock: Path) -> None:
    """Installs the lock, wheels alone, each checked against its hash (pip, "Hash-checking")."""
    print("Installing packages into .venv: about half a minute, once.", file=sys.stderr)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    options = ["--no-input", "--require-hashes", "--only-binary=:all:", "--retries=2", "-q"]
    command = [*pip, "install", *options, "-r", str(lock)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, cwd=lock.parent
    )
    if done.returncode != 0:
        machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
        raise LauncherError(pip_sentence(done.stdout.decode(errors="replace"), machine))


def can_install_venv() -> bool:
    """A bare Debian as root: ensurepip is missing, and apt-get may bring it."""
    missing = importlib.util.find_spec("ensurepip") is None
    return missing and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install_venv() -> None:
    """Brings Debian's venv for the Python that runs this."""
    print("Installing python3-venv.", file=sys.stderr)
    debian.apt_get("update")
    debian.apt_get("install", "-y", "--no-install-recommends", "python3-venv")
