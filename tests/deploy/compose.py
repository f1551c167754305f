"""docker-compose.yml as the tests read it: merged, and its variables filled from example.env."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
VARIABLE = re.compile(r"\$\{(\w+)(?::(-|\?)([^}]*))?\}")


def example() -> dict[str, str]:
    """What deploy/example.env names, with its values."""
    lines = (ROOT / "deploy" / "example.env").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def filled(text: str, values: dict[str, str]) -> str:
    """As compose fills in: the value, else the default. KeyError for one that nobody gives."""

    def value(found: re.Match[str]) -> str:
        name, kind, default = found.groups()
        return values.get(name) or default if kind == "-" else values[name]

    return VARIABLE.sub(value, text)


@cache
def compose() -> dict[str, Any]:
    """The file with every variable filled in from the example."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    parsed: dict[str, Any] = yaml.safe_load(filled(text, example()))
    return parsed


def service(name: str) -> dict[str, Any]:
    """One service of it."""
    found: dict[str, Any] = compose()["services"][name]
    return found


def mounted(name: str, target: str) -> Path:
    """The file of this folder that the service sees at that path."""
    volumes: list[str] = service(name)["volumes"]
    pairs = (one.split(":") for one in volumes)
    return (ROOT / next(source for source, there, *_ in pairs if there == target)).resolve()


def postgres_settings() -> dict[str, str]:
    """Those that PostgreSQL's container is started with: `postgres -c name=value …`."""
    words = service("postgres")["command"]
    assert words[0] == "postgres"
    assert words[1::2] == ["-c"] * len(words[1::2])
    pairs = (word.partition("=") for word in words[2::2])
    return {name: value for name, _, value in pairs}
