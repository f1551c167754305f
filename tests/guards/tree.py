"""The files of this repository, as the guards look at them.

Owns which files are code, and which of them somebody writes by hand. Starts no Git: the guards
are quick tests.
"""

import ast
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
CODE: Final = {".py", ".ts", ".tsx", ".css", ".js", ".lua", ".mjs"}
GENERATED: Final = {Path("frontend/src/messages.ts")}
NOT_OURS: Final = {"__pycache__", "dist", "node_modules", "var"}
MIGRATIONS: Final = "migrations"  # Django writes them, and they are never changed


@cache
def code_files() -> tuple[Path, ...]:
    """Relative to the root, in order, without generated ones."""
    return tuple(sorted(path for path in all_files() if is_written(path)))


def all_files() -> Iterator[Path]:
    """Below the root, without hidden folders and what is installed or built."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [one for one in folders if one not in NOT_OURS and not one.startswith(".")]
        yield from ((Path(folder) / name).relative_to(ROOT) for name in names)


def is_written(path: Path) -> bool:
    """Whether it is code that somebody wrote."""
    return path.suffix in CODE and path not in GENERATED and MIGRATIONS not in path.parts


def lines_of(path: Path) -> int:
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path))


def python_files(*folders: str) -> list[Path]:
    """All, or those below these top folders."""
    return [
        path
        for path in code_files()
        if path.suffix == ".py" and (not folders or path.parts[0] in folders)
    ]
