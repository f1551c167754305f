"""Logs without values: what a fault was and where, never what was in it.

Owns how a log line of web and worker looks. The text of an exception may hold anything (what
PostgreSQL says of a broken constraint holds the whole row), so no exception's text is written:
its type, the lines of code it went through, and what names no person. Knows nothing of Thirds.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

import psycopg


class WithoutValues(logging.Formatter):
    """`LEVEL logger message`, then the trace of a fault."""

    def format(self, record: logging.LogRecord) -> str:
        """The record itself stays as it is: other handlers may want it."""
        said = f"{record.levelname} {record.name} {_message(record)}"
        fault = record.exc_info[1] if record.exc_info else None
        return "\n".join([said, *_trace(fault)]) if fault else said


def describe(fault: BaseException) -> str:
    """The type of a fault, and what names no person: a table and a constraint, an error's number,
    why a connection to PostgreSQL could not be made."""
    name = f"{type(fault).__module__}.{type(fault).__qualname__}".removeprefix("builtins.")
    return f"{name} ({detail})" if (detail := _harmless(fault)) else name


def _harmless(fault: BaseException) -> str:
    if isinstance(fault, psycopg.OperationalError) and fault.sqlstate is None:
        return str(fault).partition("\n")[0]  # libpq's own words: nothing was asked yet
    if isinstance(fault, psycopg.Error):
        diag = fault.diag
        named = (fault.sqlstate, diag.table_name, diag.column_name, diag.constraint_name)
        return ", ".join(one for one in named if one)
    if isinstance(fault, OSError) and fault.errno is not None:
        return f"errno {fault.errno}"
    return ""


def _message(record: logging.LogRecord) -> str:
    """The message, with the type of every exception that it would hold the text of."""
    if isinstance(record.msg, BaseException):
        return describe(record.msg)
    if (
        record.name == "asyncio"
    ):  # puts the repr of a task, exception and all, behind the first line
        return str(record.msg).partition("\n")[0]
    args: Any = record.args
    if isinstance(args, Mapping):
        args = {key: _plain(value) for key, value in args.items()}
    elif args:
        args = tuple(map(_plain, args))
    return str(record.msg) % args if args else str(record.msg)


def _plain(value: object) -> object:
    return describe(value) if isinstance(value, BaseException) else value


def _trace(fault: BaseException) -> Iterator[str]:
    """Files, lines and functions, the one that failed last; then what it came from."""
    seen: set[int] = set()
    waiting: list[tuple[str, BaseException | None]] = [("", fault)]
    while waiting:
        before, one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if before:
            yield before
        yield from _frames(one.__traceback__)
        yield describe(one)
        context = None if one.__suppress_context__ else one.__context__
        waiting.append(("which came of:", one.__cause__ or context))
        if isinstance(one, BaseExceptionGroup):
            waiting += [("one of which was:", each) for each in reversed(one.exceptions)]


def _frames(trace: TracebackType | None) -> Iterator[str]:
    for frame in traceback.extract_tb(trace):
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'


def hook_uncaught() -> None:
    """What nobody catches is logged like the rest, in the main thread and in any other."""
    log = logging.getLogger("uncaught")

    def uncaught(
        kind: type[BaseException], fault: BaseException, trace: TracebackType | None
    ) -> None:
        log.critical("a fault ended the process", exc_info=(kind, fault, trace))

    def uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            fault = (args.exc_type, args.exc_value, args.exc_traceback)
            log.critical("a fault ended a thread", exc_info=fault)

    sys.excepthook = uncaught
    threading.excepthook = uncaught_in_thread
