"""No log line holds a value: whatever the fault, however it was logged."""

import asyncio
import io
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from server.logs import WithoutValues, describe
from sessions.models import Person

SECRET = "quibblezorn@mail.example"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    """What a handler with our formatter writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(WithoutValues())
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def fail() -> None:
    raise ValueError(SECRET)


def fail_of_another() -> None:
    try:
        fail()
    except ValueError as fault:
        raise RuntimeError(SECRET) from fault


def fail_in_a_group() -> None:
    raise ExceptionGroup(SECRET, [ValueError(SECRET), KeyError(SECRET)])


def never_retrieved() -> None:
    """asyncio itself says so, when the task is forgotten."""

    async def run() -> None:
        async def work() -> None:
            fail()

        task = asyncio.create_task(work())
        await asyncio.wait([task])

    asyncio.run(run())


log = logging.getLogger("tests.logs")
WAYS: dict[str, Callable[[BaseException], None]] = {
    "with its trace": lambda fault: log.error("it failed", exc_info=fault),
    "as an argument": lambda fault: log.error("it failed: %s", fault),
    "as a named argument": lambda fault: log.error("it failed: %(why)s", {"why": fault}),
    "as the message": log.error,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("failing", [fail, fail_of_another, fail_in_a_group])
def test_text_of_a_fault_is_not_logged_its_type_is(
    failing: Callable[[], None], way: str, output: io.StringIO
) -> None:
    """Killed by: logging.Formatter, which writes the text of each exception."""
    with pytest.raises(Exception, match=r".*") as failed:
        failing()
    WAYS[way](failed.value)
    assert describe(failed.value) in output.getvalue()
    assert SECRET not in output.getvalue()


def test_trace_says_where_and_what_it_came_of(output: io.StringIO) -> None:
    try:
        fail_of_another()
    except RuntimeError:
        log.exception("it failed for %d", 3)
    lines = output.getvalue().splitlines()
    assert lines[0] == "ERROR tests.logs it failed for 3"
    said = [line.rpartition(", in ")[2] for line in lines[1:]]
    assert said == [
        "test_trace_says_where_and_what_it_came_of",
        "fail_of_another",
        "RuntimeError",
        "which came of:",
        "fail_of_another",
        "fail",
        "ValueError",
    ]


def test_task_that_nobody_waited_for_is_logged_without_its_repr(output: io.StringIO) -> None:
    never_retrieved()
    assert "ERROR asyncio Task exception was never retrieved" in output.getvalue()
    assert SECRET not in output.getvalue()


@pytest.mark.django_db
def test_row_that_postgresql_refuses_is_not_logged_the_constraint_is(output: io.StringIO) -> None:
    """What psycopg raises holds the whole row, the e-mail address too."""
    person = Person.objects.create(email=SECRET, display_name="Q")
    broken = "UPDATE group_sessions_person SET roles = NULL WHERE id = %s"
    with pytest.raises(IntegrityError, match=SECRET) as failed:  # noqa: SIM117  # raised within
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(broken, [person.pk])
    log.error("it failed", exc_info=failed.value)
    assert SECRET not in output.getvalue()
    assert "psycopg.errors.NotNullViolation (23502, group_sessions_person, roles)" in (
        output.getvalue()
    )


def test_why_there_is_no_connection_is_logged(output: io.StringIO) -> None:
    fault = psycopg.OperationalError("connection is bad: no such file\nIs the server running?")
    log.warning("error connecting: %s", fault)
    assert output.getvalue() == (
        "WARNING tests.logs error connecting: psycopg.OperationalError "
        "(connection is bad: no such file)\n"
    )


UNCAUGHT = f"""
import os, threading
import django
django.setup()
from server.logs import hook_uncaught
hook_uncaught()
def fail():
    raise ValueError({SECRET!r})
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


def test_what_nobody_catches_is_logged_alike_in_every_thread() -> None:
    """Killed by: Python's own hooks, which print the text."""
    done = subprocess.run(
        [sys.executable, "-c", UNCAUGHT],
        env={"PATH": "", "DJANGO_SETTINGS_MODULE": "server.settings.development"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if not line.startswith("  ")]
    assert lines == [
        "CRITICAL uncaught a fault ended a thread",
        "ValueError",
        "CRITICAL uncaught a fault ended the process",
        "ValueError",
    ]


def test_settings_use_no_other_formatter_and_no_handler_that_mails() -> None:
    told: dict[str, Any] = settings.LOGGING
    assert list(told["handlers"]) == ["stderr"]
    assert told["formatters"] == {"plain": {"()": "server.logs.WithoutValues"}}
    assert logging.getLogger("django").handlers == []
