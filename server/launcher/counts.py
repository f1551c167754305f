"""Counting what passed, failed and was skipped, from exit codes and JUnit reports.

Pure: text and numbers in, counts out.
"""

from dataclasses import dataclass
from xml.etree import ElementTree

# pytest's own: 5 is "no tests were collected", which a selection of paths may well be.
PYTEST_NOTHING_COLLECTED = 5


@dataclass(frozen=True, slots=True)
class Counts:
    """Tests by outcome. Adding two adds each; as text it is `N passed, N failed, N skipped`."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"

    def with_skipped_failed(self) -> "Counts":
        """Where nothing may be skipped, what was skipped has failed."""
        return Counts(self.passed, self.failed + self.skipped, 0)


def of_static(returncode: int) -> Counts:
    """A step without tests counts as one."""
    return Counts(passed=1) if returncode == 0 else Counts(failed=1)


def of_report(text: str, returncode: int) -> Counts:
    """From a JUnit report (pytest's and vitest's) and the exit code of who wrote it.

    A run that failed without a failed test (a crash, a collection that broke, no report at all)
    counts as one failed, so that it cannot pass unseen.
    """
    if returncode == PYTEST_NOTHING_COLLECTED:
        return Counts()
    counts = sum((of_case(case) for case in cases(text)), start=Counts())
    if returncode != 0 and not counts.failed:
        return counts + Counts(failed=1)
    if returncode == 0 and not text:
        return Counts(failed=1)
    return counts


def cases(text: str) -> list[ElementTree.Element]:
    """The test cases of a report; none of one that is cut short."""
    try:
        return list(ElementTree.fromstring(text).iter("testcase"))  # noqa: S314 - our own file
    except ElementTree.ParseError:
        return []


def of_case(case: ElementTree.Element) -> Counts:
    """One test case, by the element inside it."""
    if case.find("failure") is not None or case.find("error") is not None:
        return Counts(failed=1)
    return Counts(skipped=1) if case.find("skipped") is not None else Counts(passed=1)
