"""The library in C: made once for its sources, and never needed."""

import os
import shutil
from pathlib import Path

import pytest

from server.launcher import compiler, debian
from tests.programs import needed


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    (tmp_path / "env" / "lib").mkdir(parents=True)
    return tmp_path / "env"


def program(file: Path, text: str) -> str:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


def test_library_is_made_once_for_its_sources(
    prefix: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls = tmp_path / "calls"
    real = shutil.which(needed(debian.COMPILER))
    compiles = program(tmp_path / "cc", f'echo >> {calls}; exec {real} "$@"')
    monkeypatch.setenv("CC", compiles)
    assert [compiler.compile_fan_out(prefix) for _ in range(2)] == [True, True]
    assert calls.read_text() == "\n"
    assert capsys.readouterr().err == "Media packets go out by C.\n"
    assert os.listdir(prefix / "lib") == [compiler.library_path(prefix).name]


def test_other_sources_have_another_library(
    prefix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a library that is taken for what another version of the sources says."""
    before = compiler.library_path(prefix)
    for name in ("SOURCE", "HEADER"):
        changed = tmp_path / name
        changed.write_bytes(getattr(compiler, name).read_bytes() + b"\n")
        with monkeypatch.context() as patch:
            patch.setattr(compiler, name, changed)
            assert compiler.library_path(prefix) != before


ABSENT = (
    "Media packets go out by Python; with a C compiler (cc) here they would go out by C, faster."
)
UNFIT = "Media packets go out by Python: the C compiler here would not make the faster way."


@pytest.mark.parametrize("sentence", [ABSENT, UNFIT])
def test_without_a_compiler_that_works_one_line_says_so(
    sentence: str,
    prefix: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stand_in = tmp_path / "cc"
    if sentence == UNFIT:
        program(stand_in, "exit 1")
    monkeypatch.setenv("CC", str(stand_in))
    assert compiler.compile_fan_out(prefix) is False
    assert capsys.readouterr().err == sentence + "\n"
    assert os.listdir(prefix / "lib") == []
