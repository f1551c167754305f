"""Browser tests: the stack once for the session, each person in a Chromium of their own."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect, sync_playwright

from server.launcher.debian import CHROMIUM
from tests.e2e.colours import RED, Look
from tests.e2e.people import LAPTOP, PHONE, SECONDS, Visitor
from tests.e2e.relay import Relay, running_relay
from tests.e2e.stack import Stack, running_stack
from tests.programs import needed

Arrive = Callable[[str, Look, dict[str, int]], Visitor]
ArriveByRelay = Callable[[str, Look], tuple[Visitor, Relay]]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Skips without a Chromium; in CI that is a failure, for what is not run proves nothing."""
    needed(CHROMIUM)
    expect.set_options(timeout=20 * SECONDS)  # until what never comes fails a test; never asserted
    with sync_playwright() as running:
        yield running


def with_logs(folder: Path) -> Iterator[Stack]:
    """The stack; at its end what its processes printed, which pytest shows of what failed."""
    with running_stack(folder) as running:
        yield running
        for name in running.processes:
            sys.stdout.write(f"---- {name} ----\n{running.log(name)[-6000:]}\n")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A fresh installation with the demo programme, its session about to begin."""
    yield from with_logs(tmp_path)


@pytest.fixture(scope="module")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One for all tests of a module, whose `stack` returns it; each test brings its own people."""
    yield from with_logs(tmp_path_factory.mktemp("stack"))


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


@pytest.fixture(scope="module")
def dana(playwright: Playwright, shared_stack: Stack) -> Iterator[Visitor]:
    """The facilitator at her desk, in red, for all tests of a module: the group has started."""
    visitor = Visitor.arrive(playwright, shared_stack, "Dana", RED, LAPTOP)
    visitor.come_in()
    visitor.wait_for("room")
    visitor.turn_on("Unmute", "Mute")
    visitor.tap("Start")
    visitor.wait_for_segment("Check-in")
    yield visitor
    visitor.leave()


@pytest.fixture
def arrive_by_relay(playwright: Playwright, stack: Stack) -> Iterator[ArriveByRelay]:
    """Lets people arrive with a phone, each through a network that can be cut."""
    web, media = int(stack.origin.rsplit(":", 1)[1]), int(stack.environment["THIRDS_MEDIA_PORT"])
    with ExitStack() as leaving:

        def come(name: str, look: Look) -> tuple[Visitor, Relay]:
            relay = leaving.enter_context(running_relay(web, media))
            visitor = Visitor.arrive(playwright, stack, name, look, PHONE, relay)
            leaving.callback(visitor.leave)
            return visitor, relay

        yield come
