"""Versions below which there are known holes: of the locks, of what is installed, of images.

A floor is the first version without the hole. pip-audit asks a network; this asks nobody, so it
holds in every run, and a lock that goes back fails.
"""

from importlib.metadata import version
from typing import NamedTuple

import pytest
from packaging.version import Version

from tests.deploy.compose import service
from tests.deploy.locks import locked


class Floor(NamedTuple):
    """The first good version, and why."""

    first: str
    why: str


FLOORS = {
    "daphne": Floor("4.2.2", "CVE-2026-44545 unbounded message, CVE-2026-44546 header smuggling"),
    "django": Floor("5.2.14", "CVE-2026-5766, CVE-2026-33034, CVE-2025-14550 and SQL injections"),
    "channels": Floor("3.0.3", "CVE-2020-35681 one request's scope in another"),
    "twisted": Floor("24.7.0", "CVE-2024-41671, CVE-2024-41810 pipelined answers in disorder"),
    "cryptography": Floor("44.0.1", "CVE-2024-12797 in the OpenSSL of its wheels"),
    "sqlparse": Floor("0.5.0", "CVE-2024-4340 endless recursion"),
    "idna": Floor("3.7", "CVE-2024-3651 quadratic time"),
    "redis": Floor("4.5.4", "CVE-2023-28859 an answer for another request"),
    "pydantic": Floor("2.4.0", "CVE-2024-3772 slow expression for e-mail addresses"),
}
IMAGES = {
    "turn": Floor("4.9", "CVE-2026-27624 mapped addresses pass the list of denied peers"),
    "postgres": Floor("18", "the major version that ./run and ./test run"),
    "valkey": Floor("9", "the major version that ./run and ./test run"),
}


@pytest.mark.parametrize("name", FLOORS)
@pytest.mark.parametrize("lock", ["runtime.lock", "dev.lock"])
def test_lock_is_not_below_the_floor(lock: str, name: str) -> None:
    """Kills: a lock made again with an upper bound that takes an old version."""
    assert Version(locked(lock)[name]) >= Version(FLOORS[name].first), FLOORS[name].why


@pytest.mark.parametrize("name", FLOORS)
def test_what_is_installed_is_not_below_the_floor(name: str) -> None:
    assert Version(version(name)) >= Version(FLOORS[name].first), FLOORS[name].why


@pytest.mark.parametrize("name", IMAGES)
def test_image_is_not_below_the_floor(name: str) -> None:
    tag = service(name)["image"].rsplit(":", 1)[1].split("-")[0]
    assert Version(tag) >= Version(IMAGES[name].first), IMAGES[name].why


def test_both_locks_take_the_same_versions() -> None:
    """They are installed into one environment, one after the other."""
    tested, run = locked("dev.lock"), locked("runtime.lock")
    assert {name: tested.get(name) for name in run} == run
