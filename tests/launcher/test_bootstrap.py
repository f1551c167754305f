"""Setting up from a fresh clone: what is made, what is left alone, what is said when it fails."""

import hashlib
import os
import runpy
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.launcher import bootstrap, checks, frontend
from server.launcher.arguments import check_port, parse
from server.launcher.debian import CHROMIUM, FIREFOX
from server.launcher.errors import LauncherError
from server.launcher.failures import NO_VENV
from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent


def program(path: Path, text: str) -> None:
    """An executable shell script; it appends its arguments to `log` beside the clone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose environment has a pip, a python and an npm that only write down their use."""
    root = tmp_path / "clone"
    programs = root / ".venv" / "bin"
    log = tmp_path / "log"
    program(programs / "pip", f'echo "pip 1 from {root}/.venv/lib/pip (python 3.11)"')
    program(programs / "python", f'echo "python $*" >> {log}')
    program(programs / "npm", f'echo "npm $*" >> {log}; {made(root)}')
    (root / "requirements").mkdir()
    (root / "requirements" / "runtime.lock").write_text("one==1\n")
    (root / "frontend" / "src").mkdir(parents=True)
    (root / "frontend" / "src" / "main.tsx").write_text("1")
    (root / "package.json").write_text("{}")
    (root / "package-lock.json").write_text("{}")
    return root


def made(root: Path) -> str:
    """What npm leaves: packages and a product."""
    return (
        f"mkdir -p {root}/node_modules {root}/frontend/dist {root}/var;"
        f" echo x > {root}/{frontend.BUILT}"
    )


def uses(clone: Path) -> list[str]:
    """The arguments of pip's Python and npm, which are forgotten."""
    log = clone.parent / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def test_a_second_set_up_installs_nothing(clone: Path) -> None:
    """Kills: a stamp that is not written, or does not depend on the lock."""
    lock = clone / "requirements" / "runtime.lock"
    for expected in (1, 0):
        bootstrap.prepare(clone, "runtime.lock")
        assert len(uses(clone)) == expected
    lock.write_text("one==2\n")
    bootstrap.prepare(clone, "runtime.lock")
    (use,) = uses(clone)
    assert use.startswith("python -m pip --disable-pip-version-check install")
    assert use.endswith(f"--require-hashes --only-binary=:all: --retries=2 -q -r {lock}")


def test_an_environment_that_was_moved_is_not_healthy(clone: Path) -> None:
    """Its scripts name the old place. Kills: looking only whether pip runs."""
    assert bootstrap.is_healthy(clone / ".venv")
    moved = clone.rename(clone.parent / "moved")
    assert not bootstrap.is_healthy(moved / ".venv")


@pytest.mark.parametrize("state", ["absent", "empty", "half", "file"])
def test_an_environment_that_is_not_whole_is_not_healthy(tmp_path: Path, state: str) -> None:
    environment = tmp_path / ".venv"
    if state == "file":
        environment.touch()
    if state in ("empty", "half"):
        environment.mkdir()
    if state == "half":
        program(environment / "bin" / "pip", "exit 1")
    assert not bootstrap.is_healthy(environment)


def test_a_half_made_environment_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a Python whose venv writes a pip at once; the real one takes seconds."""
    environment = tmp_path / ".venv"
    program(environment / "bin" / "pip", "exit 1")
    (environment / "leftover").touch()
    whole = f"echo '#!/bin/sh\necho pip 1 from {environment}/lib' > $3/bin/pip"
    program(tmp_path / "python", f"mkdir -p $3/bin; {whole}; chmod 755 $3/bin/pip")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    bootstrap.make_environment(environment)
    assert bootstrap.is_healthy(environment)
    assert not (environment / "leftover").exists()


def test_no_ensurepip_is_said_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_ensurepip(name: str) -> object | None:
        return None if name == "ensurepip" else name

    monkeypatch.setattr("importlib.util.find_spec", without_ensurepip)
    with pytest.raises(LauncherError) as raised:
        bootstrap.make_environment(tmp_path / ".venv")
    assert str(raised.value) == NO_VENV


def test_a_failed_install_is_said_in_one_sentence(clone: Path) -> None:
    """And leaves no stamp: the next start tries again."""
    broken = "echo 'ERROR: No matching distribution found for one==1'; exit 1"
    program(clone / ".venv" / "bin" / "python", broken)
    for _ in range(2):
        with pytest.raises(LauncherError, match=r"^No wheel of one for .*: use Python 3\.11 to"):
            bootstrap.prepare(clone, "runtime.lock")


def test_no_permission_is_said_in_one_sentence(clone: Path) -> None:
    (clone / "var").write_text("a file, where nobody can make a folder")
    with pytest.raises(LauncherError) as raised:
        bootstrap.prepare(clone, "runtime.lock")
    sentence = f"No permission to write {clone}: put Thirds into a folder of yours, then retry."
    assert str(raised.value) == sentence


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_run_says_that_its_port_is_taken(taken_port: int) -> None:
    """The command itself, before it installs anything."""
    command = [sys.executable, str(ROOT / "run"), "--port", str(taken_port)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    sentence = f"Port {taken_port} is taken: choose another with ./run --port N.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)


def test_a_port_that_does_not_exist_is_refused() -> None:
    with pytest.raises(LauncherError, match="Port 70000 does not exist"):
        check_port(70000)


def test_a_free_port_is_accepted(taken_port: int) -> None:
    assert parse([]).port == 8000
    check_port(free_port())


@pytest.mark.parametrize("command", ["run", "test"])
def test_an_older_python_is_told_in_one_sentence(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit) as raised:
        runpy.run_path(str(ROOT / command))
    sentence = "Thirds needs Python 3.11 or newer and this is 3.9: install it, then: python3.11"
    assert str(raised.value) == f"{sentence} {command}"


def test_the_browser_side_is_built_only_when_a_source_changed(clone: Path) -> None:
    """Kills: hashing the product with the sources, or names without contents."""
    frontend.build(clone)
    assert uses(clone) == ["npm ci --ignore-scripts", "npm run build"]
    frontend.build(clone)
    assert uses(clone) == []
    (clone / "frontend" / "src" / "main.tsx").write_text("2")
    frontend.build(clone)
    assert uses(clone) == ["npm run build"]
    (clone / "package-lock.json").write_text("{ }")
    frontend.build(clone)
    assert uses(clone) == ["npm ci --ignore-scripts", "npm run build"]
    (clone / frontend.BUILT).unlink()
    frontend.build(clone)
    assert uses(clone) == ["npm run build"]


def test_a_failed_build_is_said_in_one_sentence(clone: Path) -> None:
    program(clone / ".venv" / "bin" / "npm", "echo 'npm error code ENOTFOUND'; exit 1")
    with pytest.raises(LauncherError, match=r"^No network: npm could not fetch packages"):
        frontend.build(clone)


def test_the_runtime_lock_is_part_of_the_development_lock() -> None:
    """Both share one environment: a version that differs would be installed back and forth."""

    def pins(name: str) -> set[str]:
        lines = (ROOT / "requirements" / name).read_text().splitlines()
        return {line.rstrip(" \\") for line in lines if "==" in line and not line.startswith(" ")}

    assert pins("runtime.lock") - pins("dev.lock") == set()


def test_every_locked_package_has_a_hash() -> None:
    for name in ("runtime.lock", "dev.lock"):
        text = (ROOT / "requirements" / name).read_text()
        blocks = text.replace(" \\\n", " ").splitlines()
        assert [line for line in blocks if "==" in line and "--hash=sha256:" not in line] == []
        assert "://" not in text


def test_words_select_folders_of_tests() -> None:
    words = ["launcher", "tests/core", "tests/services.py::x", "nowhere"]
    assert checks.paths_of(words) == [
        "tests/launcher",
        "tests/core",
        "tests/services.py::x",
        "tests/nowhere",
    ]


def test_a_skipped_browser_run_fails_in_continuous_integration(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert str(checks.without(CHROMIUM, strict=True)) == "0 passed, 1 failed, 0 skipped"
    assert str(checks.without(CHROMIUM, strict=False)) == "0 passed, 0 failed, 1 skipped"
    assert "apt-get install chromium" in capsys.readouterr().out


def test_checks_go_on_after_a_failed_step_and_sum_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Kills: stopping at the first failure, and a last line that is not the sum."""
    writes = f"echo '<testcase/>' > {tmp_path}/vitest.xml"
    steps = [
        checks.Step("bad", ["/bin/sh", "-c", "exit 3"]),
        checks.Step("good", ["/bin/true"]),
        checks.Step("tests", ["/bin/sh", "-c", writes], report="vitest"),
    ]
    monkeypatch.setattr(checks, "REPORTS", tmp_path)
    monkeypatch.setattr(checks, "reading_steps", lambda: steps[:1])
    monkeypatch.setattr(checks, "migrations_step", lambda: steps[1])
    monkeypatch.setattr(checks, "browser_unit_step", lambda: steps[2])
    monkeypatch.setattr(checks, "build_step", lambda: steps[1])
    monkeypatch.setattr(checks, "test_steps", lambda *_words, **_options: [])
    for program in (CHROMIUM, FIREFOX):
        monkeypatch.setenv(program.variable, "/usr/bin/there")
    assert checks.main([]) == 1
    lines = capfd.readouterr().out.splitlines()
    assert lines[-2:] == ["Failed: bad", "thirds: 2 passed, 1 failed, 0 skipped"]
    titles = ["== bad", "== good", "== tests", "== good"]
    assert [line for line in lines if line.startswith("==")] == titles


def test_quick_checks_show_what_failed_and_sum_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Kills: output of steps that run at once mixed up, and a failure that is not counted."""
    steps = [
        checks.Step("bad", ["/bin/sh", "-c", "echo one; echo two >&2; exit 3"]),
        checks.Step("good", ["/bin/sh", "-c", "echo nothing of interest"]),
    ]
    monkeypatch.setattr(checks, "REPORTS", tmp_path)
    monkeypatch.setattr(checks, "quick_steps", lambda: steps)
    assert checks.main(["quick"]) == 1
    lines = capfd.readouterr().out.splitlines()
    assert lines[-2:] == ["Failed: bad", "thirds: 1 passed, 1 failed, 0 skipped"]
    assert "nothing of interest" not in lines
    assert lines[lines.index("one") + 1] == "two"


def test_the_licence_is_apaches() -> None:
    """The text is fixed: https://www.apache.org/licenses/LICENSE-2.0.txt."""
    text = (ROOT / "LICENSE").read_text()
    assert text.split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert len(hashlib.sha256(text.encode()).hexdigest()) == 64
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
