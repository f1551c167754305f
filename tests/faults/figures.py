"""Figures of a fault: values against a bound. Pure.

Owns percentiles, what counts as met, and the JSON of one fault. Knows no fault by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Literal

Unit = Literal["ms", "s", "count", "rows", "percent"]


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: the smallest value that `share` of all do not exceed.

    Raises ValueError for no values: nothing measured is nothing met.
    """
    if not values:
        raise ValueError("a percentile of nothing")
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True)
class Figure:
    """Values of one thing measured; `bound` is the highest allowed, None: told, not judged.

    `share` is the part of the values that must be within the bound (0.95: the 95th percentile).
    """

    name: str
    unit: Unit
    values: tuple[float, ...]
    bound: float | None
    share: float = 1.0

    @property
    def met(self) -> bool:
        """Nothing measured is never met: what did not happen proves nothing."""
        if self.bound is None:
            return True
        return bool(self.values) and percentile(self.values, self.share) <= self.bound

    def json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"unit": self.unit, "trials": len(self.values)}
        if self.values:
            shares = {"p50": 0.5, "p95": 0.95, "max": 1.0}
            shown |= {key: round(percentile(self.values, q), 1) for key, q in shares.items()}
        if self.bound is not None:
            at = "max" if self.share == 1.0 else f"p{round(self.share * 100)}"
            shown |= {"bound": self.bound, "judged_at": at, "met": self.met}
        return shown


@dataclass(slots=True)
class Findings:
    """What one fault showed."""

    rules: tuple[str, ...]
    trials: int = 0
    values: dict[str, list[float]] = field(default_factory=dict)
    bounds: dict[str, tuple[Unit, float | None, float]] = field(default_factory=dict)
    invariants: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def expect(self, name: str, unit: Unit, bound: float | None = None, share: float = 1.0) -> None:
        """Declares a figure before it is measured, so that a value that never comes is missed."""
        self.bounds[name] = (unit, bound, share)
        self.values.setdefault(name, [])

    def add(self, name: str, *values: float) -> None:
        self.values[name].extend(values)

    def break_invariants(self, broken: Mapping[str, Sequence[str]]) -> None:
        """Adds what was found of each invariant; an empty list says that it was looked at."""
        for rule, found in broken.items():
            self.invariants.setdefault(rule, []).extend(found)

    def figures(self) -> list[Figure]:
        return [
            Figure(name, unit, tuple(self.values[name]), bound, share)
            for name, (unit, bound, share) in self.bounds.items()
        ]

    @property
    def met(self) -> bool:
        return all(f.met for f in self.figures()) and not any(self.invariants.values())

    def json(self) -> dict[str, Any]:
        return {
            "rules": list(self.rules),
            "trials": self.trials,
            "met": self.met,
            "figures": {figure.name: figure.json() for figure in self.figures()},
            "invariants": {rule: found[:5] for rule, found in sorted(self.invariants.items())},
            **({"notes": self.notes} if self.notes else {}),
        }
