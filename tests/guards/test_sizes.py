"""Files of at most 400 lines, functions of at most 50.

The browser's functions are held to the same by Biome (noExcessiveLinesPerFunction).
"""

import ast
from pathlib import Path

from tests.guards.tree import code_files, lines_of, parsed, python_files

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 50


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    long = {str(path): lines_of(path) for path in code_files()}
    assert {path: n for path, n in long.items() if n > MOST_LINES_OF_A_FILE} == {}


def test_no_function_is_longer_than_fifty_lines() -> None:
    long = {
        f"{path}:{function}": length
        for path in python_files()
        for function, length in lengths(path).items()
        if length > MOST_LINES_OF_A_FUNCTION
    }
    assert long == {}


def lengths(path: Path) -> dict[str, int]:
    """Lines of each function by its name and first line, decorators left out."""
    return {
        f"{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
