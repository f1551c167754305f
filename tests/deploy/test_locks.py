"""pyproject.toml is the one place that says what is wanted; the locks are made from it."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.deploy.compose import ROOT
from tests.deploy.locks import locked

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = [Requirement(one) for one in PROJECT["project"]["dependencies"]]
TEST = [Requirement(one) for one in PROJECT["dependency-groups"]["test"]]


def named(requirements: list[Requirement]) -> set[str]:
    return {re.sub(r"[-_.]+", "-", one.name).lower() for one in requirements}


@pytest.mark.parametrize(
    ("lock", "wanted"), [("runtime.lock", RUNTIME), ("dev.lock", RUNTIME + TEST)]
)
def test_lock_has_what_the_project_asks_for(lock: str, wanted: list[Requirement]) -> None:
    """Kills: a package or a bound that was written down without `./requirements/lock`."""
    versions = locked(lock)
    assert named(wanted) - set(versions) == set()
    for one in wanted:
        assert versions[named([one]).pop()] in one.specifier, one


def test_what_only_tests_need_is_not_in_production() -> None:
    """Of the group only what a package of ours brings as well is in both."""
    assert named(TEST) & set(locked("runtime.lock")) == {"av", "packaging", "psutil"}


@pytest.mark.parametrize("name", ["runtime.lock", "dev.lock"])
def test_lock_is_hashed_and_names_no_index(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert [line for line in pins if not line.endswith("\\")] == []
    assert text.count("--hash=sha256:") >= len(pins)
    assert re.findall(r"https?://|file:|--(?:extra-)?index|--find-links", text) == []
