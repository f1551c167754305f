"""The sum at the end of `./test`: nothing is lost, and a crash cannot pass unseen."""

from hypothesis import given
from hypothesis import strategies as st

from server.launcher.counts import Counts, of_report, of_static

numbers = st.integers(min_value=0, max_value=30)
all_counts = st.builds(Counts, numbers, numbers, numbers)


def report(counts: Counts) -> str:
    """A JUnit report as pytest and vitest write it."""
    inner = (
        "<testcase/>" * counts.passed
        + '<testcase><failure message="no"/></testcase>' * (counts.failed // 2)
        + '<testcase><error message="no"/></testcase>' * (counts.failed - counts.failed // 2)
        + '<testcase><skipped message="why"/></testcase>' * counts.skipped
    )
    return f"<testsuites><testsuite>{inner}</testsuite></testsuites>"


@given(all_counts)
def test_a_report_is_counted_as_it_is(counts: Counts) -> None:
    """Kills: counting an error as passed."""
    assert of_report(report(counts), 1 if counts.failed else 0) == counts


@given(st.lists(all_counts))
def test_a_sum_loses_nothing(several: list[Counts]) -> None:
    total = sum(several, start=Counts())
    assert total.passed == sum(counts.passed for counts in several)
    assert total.failed == sum(counts.failed for counts in several)
    assert total.skipped == sum(counts.skipped for counts in several)


@given(st.builds(Counts, numbers, st.just(0), numbers))
def test_a_failed_run_without_a_failed_test_counts_as_one(counts: Counts) -> None:
    """Kills: believing the report alone when the run crashed."""
    assert of_report(report(counts), 3) == counts + Counts(failed=1)


@given(all_counts)
def test_where_nothing_may_be_skipped_a_skip_has_failed(counts: Counts) -> None:
    strict = counts.with_skipped_failed()
    assert strict == Counts(counts.passed, counts.failed + counts.skipped, 0)


def test_a_missing_or_broken_report_has_failed() -> None:
    assert of_report("", 0) == Counts(failed=1)
    assert of_report("<testsuites><testcase/>", 1) == Counts(failed=1)


def test_a_selection_without_tests_counts_nothing() -> None:
    assert of_report("<testsuites/>", 5) == Counts()


def test_a_static_step_counts_as_one() -> None:
    assert (of_static(0), of_static(2)) == (Counts(passed=1), Counts(failed=1))


def test_the_last_line_has_this_form() -> None:
    assert f"thirds: {Counts(3, 2, 1)}" == "thirds: 3 passed, 2 failed, 1 skipped"
