"""Asking for a program that a test drives. What continuous integration skips proves nothing."""

import os

import pytest

from server.launcher.debian import DebianProgram


def needed(program: DebianProgram) -> str:
    """Its path. Without it the test is skipped; in CI that is a failure."""
    path = program.find()
    if path is not None:
        return path
    words = f"no {program.title} on this machine: apt-get install {program.package}"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)
