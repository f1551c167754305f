"""What a fault is, for the registry and the runner."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.faults.evening import Evening
from tests.faults.figures import Findings


@dataclass(frozen=True, slots=True)
class Fault:
    """`run` breaks the evening, measures, and leaves every process running. `rules` are the rows
    of the table of bounds that it answers."""

    name: str
    rules: tuple[str, ...]
    run: Callable[[Evening, Findings], Awaitable[None]]
