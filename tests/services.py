"""Gives a pytest run its PostgreSQL and its Valkey, before Django reads its settings.

Loaded by `-p tests.services`. Without DATABASE_URL in the environment it starts the embedded
services in a folder of this run and stops them at its end. Under xdist the controller alone
starts them; each worker gets a Valkey database of its own, and pytest-django gives each a
PostgreSQL database of its own. With DATABASE_URL it starts nothing.
"""

import atexit
import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

RUNNING = contextlib.ExitStack()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, Any, Any]:
    """A wrapper runs before pytest-django's own, which imports the settings."""
    prepare_environment()
    return (yield)


def pytest_unconfigure() -> None:
    """Stops what this process started; a worker started nothing."""
    RUNNING.close()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: Sequence[Any]) -> None:
    """Before the workers start: each gets its own number in REDIS_URL; 0 is the controller's."""
    redis_url = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
    for number, spec in enumerate(specs, start=1):
        spec.env["REDIS_URL"] = with_database(redis_url, number)


def with_database(redis_url: str, number: int) -> str:
    """The same server, another database: `?db=N` on a unix socket, a path `/N` over TCP."""
    if redis_url.startswith("unix:"):
        return f"{redis_url.partition('?')[0]}?db={number}"
    return urlsplit(redis_url)._replace(path=f"/{number}").geturl()


def prepare_environment() -> None:
    """Starts the services unless they are given, and sets what settings read."""
    if "DATABASE_URL" not in os.environ:
        from server.launcher.services import embedded_services

        folder = Path(tempfile.mkdtemp(prefix="thirds-test-"))
        atexit.register(RUNNING.close)  # a run that fails while it loads is never unconfigured
        RUNNING.callback(shutil.rmtree, folder, ignore_errors=True)
        services = RUNNING.enter_context(embedded_services(folder, durable=False))
        os.environ["DATABASE_URL"] = services.database_url
        os.environ["REDIS_URL"] = services.redis_url
    for name in ("THIRDS_SECRET_KEY", "THIRDS_MEDIA_SECRET"):
        os.environ.setdefault(name, secrets.token_urlsafe(32))
