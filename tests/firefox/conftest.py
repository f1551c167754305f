"""Firefox tests: the stack on an address that Firefox uses for media, each person in a browser.

They need the network namespace that `./test` makes for them (server.launcher.checks).
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect, sync_playwright

from server.launcher.arguments import own_address
from server.launcher.checks import OWN_ADDRESS
from server.launcher.debian import CHROMIUM
from tests.e2e.colours import Look
from tests.e2e.people import LAPTOP, SECONDS, Visitor
from tests.e2e.stack import Stack, running_stack
from tests.firefox.visitor import FirefoxVisitor
from tests.programs import needed

Arrive = Callable[[str, Look], FirefoxVisitor]
ArriveByChromium = Callable[[str, Look], Visitor]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """Refused outside of the namespace: nothing may go to a network that is not the test's."""
    if own_address() != OWN_ADDRESS:
        pytest.fail("run it in its namespace: ./test firefox")
    with running_stack(tmp_path, media=OWN_ADDRESS) as running:
        yield running


@pytest.fixture
def arrive(stack: Stack, tmp_path: Path) -> Iterator[Arrive]:
    with ExitStack() as open_ones:

        def come(name: str, look: Look) -> FirefoxVisitor:
            visitor = FirefoxVisitor(name, stack, look, tmp_path / name)
            open_ones.callback(visitor.firefox.close)
            return visitor

        yield come


@pytest.fixture
def playwright() -> Iterator[Playwright]:
    needed(CHROMIUM)
    expect.set_options(timeout=20 * SECONDS)  # until what never comes fails a test; never asserted
    with sync_playwright() as running:
        yield running


@pytest.fixture
def arrive_by_chromium(playwright: Playwright, stack: Stack) -> Iterator[ArriveByChromium]:
    with ExitStack() as open_ones:

        def come(name: str, look: Look) -> Visitor:
            visitor = Visitor.arrive(playwright, stack, name, look, LAPTOP)
            open_ones.callback(visitor.leave)
            return visitor

        yield come
