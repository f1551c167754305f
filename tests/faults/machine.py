"""The machine and the versions that a run's figures belong to."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

from server.launcher.debian import CHROMIUM
from server.launcher.valkey import binary

PACKAGES = ("Django", "daphne", "channels", "redis", "playwright", "uvloop")


def machine() -> dict[str, Any]:
    """Processor, cores and system."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
    }


def load() -> list[float]:
    """The load average of the last minute, five and fifteen."""
    return [round(one, 2) for one in os.getloadavg()]


def versions(database_url: str) -> dict[str, str]:
    """Of what was broken and of what measured."""
    with psycopg.connect(database_url) as connection:
        postgres = connection.info.server_version // 10000
    return {
        "python": platform.python_version(),
        "postgresql": str(postgres),
        "valkey": _first_line([str(binary()), "--version"]),
        "chromium": _first_line([CHROMIUM.find() or "chromium", "--version"]),
        **{package.lower(): version(package) for package in PACKAGES},
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _first_line(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout.splitlines() or [""])[0]
