"""Which tests `./test quick` runs: those that need neither a service nor a browser.

The rule: a test is quick unless it asks for the database, or its module, or a module of tests/ or
bench/ that this one or its fixtures come from, imports something of OUTSIDE: it starts a process,
opens a socket, or talks to Valkey. No list of tests is kept.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
OURS: Final = ("tests", "bench")
DATABASE: Final = {"db", "transactional_db", "django_db_setup"}
OUTSIDE: Final = {
    "multiprocessing",
    "playwright",
    "psycopg",
    "redis",
    "server.media.process",
    "sessions.live.store",
    "socket",
    "subprocess",
}
# pytest's and pytest-django's own fixtures, and what holds for every test.
EVERYWHERE: Final = ("tests.conftest", "tests.services")


def is_quick(item: pytest.Item) -> bool:
    """Whether it needs nothing but this process."""
    if not isinstance(item, pytest.Function):
        return False
    names = set(item.fixturenames)
    if item.get_closest_marker("django_db") or names & DATABASE:
        return False
    modules = {item.module.__name__} | set(fixture_modules(item))
    return not any(goes_outside(module) for module in modules)


def fixture_modules(item: pytest.Function) -> Iterator[str]:
    """The modules of tests/ that define the fixtures it asks for."""
    for name in item.fixturenames:
        for fixture in item._fixtureinfo.name2fixturedefs.get(name, ()):
            module = fixture.func.__module__
            if module.startswith("tests.") and module not in EVERYWHERE:
                yield module


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def goes_outside(module: str) -> bool:
    return any(
        name == outside or name.startswith(f"{outside}.")
        for name in reached(module)
        for outside in OUTSIDE
    )


@cache
def reached(module: str) -> frozenset[str]:
    """Every module that it imports, by itself or through modules of OURS."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        for name in imported(waiting.pop()) - found:
            found.add(name)
            if name.split(".")[0] in OURS and name not in EVERYWHERE:
                waiting.append(name)
    return frozenset(found)


@cache
def imported(module: str) -> frozenset[str]:
    """What its source names in imports; of a name that is no module, nothing."""
    path = ROOT / module.replace(".", "/")
    source = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    if not source.exists():
        return frozenset()
    names: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return frozenset(names)
