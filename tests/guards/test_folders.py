"""Three files with one prefix are a folder: a_x.py, a_y.py and a_z.py are a/x.py, a/y.py, a/z.py.

Tests count apart, so that a module and its tests in one folder are not three.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.guards.tree import code_files

MOST = 2
TEST_OF_THE_BROWSER = re.compile(r"\.test\.tsx?$")


def prefix_of(path: Path) -> tuple[Path, bool, str]:
    """(folder, whether it is a test, the first word of its name)."""
    is_test = path.name.startswith("test_") or bool(TEST_OF_THE_BROWSER.search(path.name))
    name = path.name.removeprefix("test_").split(".")[0]
    return path.parent, is_test, re.split(r"[_-]", name)[0]


def crowded(paths: Iterable[Path]) -> list[list[str]]:
    """The files that should be a folder together."""
    groups = defaultdict(list)
    for path in paths:
        groups[prefix_of(path)].append(str(path))
    return [sorted(group) for group in groups.values() if len(group) > MOST]


def test_three_files_with_one_prefix_are_a_folder() -> None:
    assert crowded(path for path in code_files() if path.name != "__init__.py") == []


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["a_x.py", "a_y.py"], 0),
        (["a_x.py", "a_y.py", "a.py"], 1),
        (["a-x.tsx", "a-y.tsx", "a.tsx"], 1),
        (["test_a_x.py", "test_a_y.py", "a_z.py"], 0),
        (["test_a_x.py", "test_a_y.py", "test_a.py"], 1),
        (["gate.ts", "gate.worker.ts", "gate.test.ts"], 0),
        (["ab_x.py", "a_y.py", "abc_z.py"], 0),
    ],
)
def test_prefix_is_the_first_word_of_the_name(names: list[str], found: int) -> None:
    assert len(crowded(Path("folder") / name for name in names)) == found
