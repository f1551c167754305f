"""Browser tests: the stack once for the session, each person in a Chromium of their own."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from server.launcher import chromium
from tests.e2e.colours import Look
from tests.e2e.people import Visitor
from tests.e2e.stack import Stack, running_stack

Arrive = Callable[[str, Look, dict[str, int]], Visitor]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Skips without a Chromium; in CI that is a failure, for what is not run proves nothing."""
    if chromium.find() is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs Chromium for the browser tests")
        pytest.skip("no Chromium on this machine: install it to run the browser tests")
    with sync_playwright() as running:
        yield running


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A fresh installation with the demo programme, its session about to begin."""
    with running_stack(tmp_path) as running:
        yield running
        for name in running.processes:  # shown by pytest when the test fails
            sys.stdout.write(f"---- {name} ----\n{running.log(name)[-6000:]}\n")


@pytest.fixture
def arrive(playwright: Playwright, stack: Stack) -> Iterator[Arrive]:
    """Lets people arrive, each in a browser of their own; all leave at the end."""
    here: list[Visitor] = []

    def come(name: str, look: Look, size: dict[str, int]) -> Visitor:
        visitor = Visitor.arrive(playwright, stack, name, look, size)
        here.append(visitor)
        return visitor

    yield come
    for visitor in here:
        visitor.leave()
