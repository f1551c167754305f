"""Gives a pytest run its PostgreSQL and its Valkey, before Django reads its settings.

Loaded by `-p tests.services`. Without DATABASE_URL in the environment it starts the embedded
services in a folder of this run and stops them at its end. Under xdist the controller alone
starts them; each worker gets a Valkey database of its own, and pytest-django gives each a
PostgreSQL database of its own. With DATABASE_URL it starts nothing, and nothing for tests that
need no services: `--quick` keeps only those (tests.quick), and tests/core has no others.
"""

import atexit
import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

RUNNING = contextlib.ExitStack()
CORE: Final = Path(__file__).resolve().parent / "core"
NOWHERE: Final = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    help_text = "start no services, and run only the tests that need none and no browser"
    parser.addoption("--quick", action="store_true", help=help_text)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    """A wrapper runs before pytest-django's own, which imports the settings."""
    asked = early_config.known_args_namespace
    prepare_environment(needed=not asked.quick and not all_pure(asked.file_or_dir))
    return (yield)


def all_pure(paths: Sequence[str]) -> bool:
    """Whether only tests of the pure core are asked for."""
    found = [Path(path.split("::")[0]).resolve() for path in paths]
    return bool(found) and all(path.is_relative_to(CORE) for path in found)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Modules without a quick test are not even imported. None lets others decide."""
    if not config.getoption("--quick") or not collection_path.name.startswith("test_"):
        return None
    from tests.quick import goes_outside, module_name

    return goes_outside(module_name(collection_path)) or None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--quick"):
        return
    from tests.quick import is_quick

    quick = [item for item in items if is_quick(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(quick)])
    items[:] = quick


def pytest_unconfigure() -> None:
    """Stops what this process started; a worker started nothing."""
    RUNNING.close()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: Sequence[Any]) -> None:
    """Before the workers start: each gets its own number in REDIS_URL; 0 is the controller's."""
    redis_url = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
    for number, spec in enumerate(specs, start=1):
        spec.env["REDIS_URL"] = with_database(redis_url, number)


def own_number() -> int:
    """This process's number under xdist, from 1; 0 without, and for the controller."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw")) + 1


def with_database(redis_url: str, number: int) -> str:
    """The same server, another database: `?db=N` on a unix socket, a path `/N` over TCP."""
    if redis_url.startswith("unix:"):
        return f"{redis_url.partition('?')[0]}?db={number}"
    return urlsplit(redis_url)._replace(path=f"/{number}").geturl()


def prepare_environment(*, needed: bool = True) -> None:
    """Starts the services unless they are given, and sets what settings read. If they are not
    needed, they are at addresses where nobody listens."""
    if not needed:
        os.environ.update(NOWHERE)
    elif "DATABASE_URL" not in os.environ:
        from server.launcher.services import embedded_services

        folder = Path(tempfile.mkdtemp(prefix="thirds-test-"))
        atexit.register(RUNNING.close)  # a run that fails while it loads is never unconfigured
        RUNNING.callback(shutil.rmtree, folder, ignore_errors=True)
        services = RUNNING.enter_context(embedded_services(folder, durable=False))
        os.environ["DATABASE_URL"] = services.database_url
        os.environ["REDIS_URL"] = services.redis_url
    for name in ("THIRDS_SECRET_KEY", "THIRDS_MEDIA_SECRET"):
        os.environ.setdefault(name, secrets.token_urlsafe(32))
