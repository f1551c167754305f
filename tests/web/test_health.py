"""`/health/`: whether a worker does its rounds, which `/alive/` must not ask."""

import json
from importlib.metadata import version

import pytest
from django.test import Client

from sessions.live.heartbeat import KEY
from tests.valkey import connection
from tests.web.conftest import Programme, signed_in
from tests.web.pages import main

HANGS = "has not answered lately"


def beaten(seconds_ago: float) -> None:
    seconds, microseconds = connection().time()  # type: ignore[misc]
    connection().set(KEY, seconds * 1000 + microseconds // 1000 - round(seconds_ago * 1000))


def answer() -> tuple[int, dict[str, object]]:
    response = Client().get("/health/")
    return response.status_code, json.loads(response.content)["worker"]


def test_worker_that_beats_is_healthy() -> None:
    beaten(0)
    status, worker = answer()
    assert (status, worker["late"]) == (200, False)


@pytest.mark.parametrize("seconds_ago", [16, 3600])
def test_worker_that_hangs_is_said_and_no_web_process_is_to_blame(seconds_ago: int) -> None:
    """Kills: 200 while the worker is stopped by a signal; a web process started again for it."""
    beaten(seconds_ago)
    status, worker = answer()
    assert (status, worker["late"]) == (503, True)
    assert Client().get("/alive/").status_code == 200


def test_the_time_zone_rules_are_named() -> None:
    assert json.loads(Client().get("/health/").content)["tzdata"] == version("tzdata")


def test_without_any_heartbeat_the_age_is_not_known() -> None:
    connection().delete(KEY)
    assert answer() == (503, {"age_s": None, "late": True})


@pytest.mark.parametrize(("seconds_ago", "said"), [(0, False), (60, True)])
def test_managers_page_says_that_the_worker_hangs(
    programme: Programme, seconds_ago: int, said: bool
) -> None:
    beaten(seconds_ago)
    assert (HANGS in main(signed_in(programme.morgan).get("/")).text) is said
    assert HANGS not in main(signed_in(programme.sam).get("/")).text
