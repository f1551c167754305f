"""The worker's heartbeat: its age by Valkey's clock, and when it is late."""

import pytest

from sessions.core.refusal import Refuse
from sessions.live.heartbeat import KEY, LATE_S, age_s, beat, is_late
from sessions.rooms.process import Process
from tests.valkey import connection


@pytest.fixture(autouse=True)
def no_worker() -> None:
    connection().delete(KEY)


async def test_age_counts_from_the_last_round(process: Process) -> None:
    assert await age_s(process.store) is None
    await beat(process.store)
    age = await age_s(process.store)
    assert isinstance(age, float)
    assert 0.0 <= age < LATE_S
    await process.store.close()


async def test_worker_that_hangs_grows_old(process: Process) -> None:
    """Kills: a heartbeat that only says that the process is there."""
    await beat(process.store)
    connection().set(KEY, int(connection().get(KEY)) - 20_000)  # type: ignore[arg-type]
    age = await age_s(process.store)
    assert isinstance(age, float)
    assert age >= 20.0
    assert is_late(age)
    await process.store.close()


@pytest.mark.parametrize(
    ("age", "late"),
    [
        (0.0, False),
        (LATE_S, False),
        (LATE_S + 0.1, True),
        (None, True),
        (Refuse("store.down"), True),
    ],
)
def test_what_is_not_known_is_late(age: float | Refuse | None, late: bool) -> None:
    assert is_late(age) is late
