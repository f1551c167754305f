"""The clock of these tests stands still."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.scheduling.tracks import NOW


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as coordinates:
        yield coordinates
