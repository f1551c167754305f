"""Browser tests: one stack for each xdist worker, each person in a Chromium of their own.

A test or a module begins with rows of its own on it, so none sees what another left behind.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from server.launcher.debian import CHROMIUM
from sessions.signaling.messages.room import Snapshot
from tests.e2e.colours import BLUE, RED, Look, launch, wear
from tests.e2e.people import LAPTOP, PHONE, SECONDS, Visitor
from tests.e2e.relay import Relay, running_relay
from tests.e2e.scripted import DIST, ScriptedRoom
from tests.e2e.stack import Stack, running_stack
from tests.programs import needed

Enter = Callable[..., ScriptedRoom]
Arrive = Callable[[str, Look, dict[str, int]], Visitor]
ArriveByRelay = Callable[[str, Look], tuple[Visitor, Relay]]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Skips without a Chromium; in CI that is a failure, for what is not run proves nothing."""
    needed(CHROMIUM)
    expect.set_options(timeout=20 * SECONDS)  # until what never comes fails a test; never asserted
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium for all tests of a module."""
    running = launch(playwright)
    yield running
    running.close()


@pytest.fixture
def enter(browser: Browser) -> Iterator[Enter]:
    """Opens the room's page before a server that answers with the snapshot."""
    contexts = []

    def come(snapshot: Snapshot, size: dict[str, int] = PHONE) -> ScriptedRoom:
        context = browser.new_context(viewport=size)  # type: ignore[arg-type]
        contexts.append(context)
        wear(context, BLUE)
        return ScriptedRoom(context.new_page(), snapshot).open()

    assert DIST.exists(), "build the frontend first: npm run build"
    yield come
    for context in contexts:
        context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed shows what the processes of its stack printed."""
    report = yield
    if report.failed:
        stacks = {id(one): one for one in item.funcargs.values() if isinstance(one, Stack)}
        for stack in stacks.values():
            report.sections += [(name, stack.log(name)[-6000:]) for name in stack.processes]
    return report


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The processes, once for all tests of a worker. Ask for `stack` or `shared_stack`."""
    with running_stack(tmp_path_factory.mktemp("stack"), seeded=False) as running:
        yield running


@pytest.fixture
def stack(installation: Stack) -> Stack:
    """The demo programme as on the first day, its session about to begin, for one test."""
    installation.refill()
    return installation


@pytest.fixture(scope="module")
def shared_stack(installation: Stack) -> Stack:
    """The same for all tests of a module, whose `stack` returns it; each test brings its own
    people."""
    installation.refill()
    return installation


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
