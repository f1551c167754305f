"""Figures and findings: what counts as met."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.figures import Figure, Findings, percentile

VALUES = st.lists(st.floats(0, 1e6), min_size=1, max_size=60)


@given(VALUES, st.floats(0.01, 1.0))
def test_percentile_is_the_least_value_that_the_share_does_not_exceed(
    values: list[float], share: float
) -> None:
    """Kills: rounding the rank down."""
    found = percentile(values, share)
    within = [value for value in values if value <= found]
    below = [value for value in values if value < found]
    assert len(within) >= share * len(values) > len(below)


def test_percentile_of_nothing_is_a_fault() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)


def test_figure_without_values_is_not_met() -> None:
    """Kills: taking what never happened for a success."""
    assert not Figure("back", "ms", (), 100).met


def test_figure_is_judged_at_its_share() -> None:
    values = tuple(float(one) for one in range(1, 21))
    assert Figure("back", "ms", values, 19, 0.95).met
    assert not Figure("back", "ms", values, 19).met


def test_figure_without_a_bound_is_told_and_not_judged() -> None:
    figure = Figure("shown", "count", (7.0,), None)
    assert figure.met
    assert figure.json() == {"unit": "count", "trials": 1, "p50": 7.0, "p95": 7.0, "max": 7.0}


def test_findings_declared_and_never_measured_are_missed() -> None:
    findings = Findings(("R1",))
    findings.expect("back", "ms", 300)
    before = findings.met
    findings.add("back", 299.0)
    assert (before, findings.met) == (False, True)


def test_findings_with_a_broken_invariant_are_missed() -> None:
    """Kills: judging by the bounds alone."""
    findings = Findings(("R1",))
    findings.break_invariants({"I1": [], "I2": []})
    before = findings.met
    findings.break_invariants({"I2": ["Sam was told 4 twice"]})
    assert (before, findings.met) == (True, False)
    assert findings.json()["invariants"] == {"I1": [], "I2": ["Sam was told 4 twice"]}
