"""An evening for each test of the record."""

import pytest

from tests.record.evening import Evening


@pytest.fixture
def evening(db: None) -> Evening:
    return Evening.make()
