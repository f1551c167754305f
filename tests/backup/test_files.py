"""The folder of backups."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.backup import files

BEGAN = datetime(2026, 11, 30, 23, 45, 1, tzinfo=UTC)


def test_file_is_named_by_its_beginning_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    file = files.write(tmp_path, BEGAN, [b"one", b"two"])
    assert file == tmp_path / "thirds-20261130T234501Z.backup"
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"onetwo", 0o600)
    assert files.began(file) == BEGAN


def test_backup_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    def failing() -> Iterator[bytes]:
        yield b"one"
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        files.write(tmp_path, BEGAN, failing())
    assert list(tmp_path.iterdir()) == []


def test_older_ones_go_by_the_age_in_their_name_and_nothing_else_goes(tmp_path: Path) -> None:
    for days in (0, 34, 35, 36):
        files.write(tmp_path, BEGAN - timedelta(days=days), [b"x"])
    (tmp_path / "thirds-yesterday.backup").touch()
    gone = files.remove_older(tmp_path, timedelta(days=35), BEGAN)
    assert [file.name for file in gone] == ["thirds-20261025T234501Z.backup"]
    assert len(files.backups(tmp_path)) == 3
    assert (tmp_path / "thirds-yesterday.backup").exists()
