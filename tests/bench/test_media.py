"""The media benchmark end to end, small: what it says of a run, and when it fails."""

import json

import pytest

from bench.media.__main__ import main, missed

SMALL = ["--rooms", "1", "--peers", "3", "--seconds", "1"]


def test_small_run_delivers_all_and_ends_with_one_json_object(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main([*SMALL, "--bound", "100000"])
    printed = capsys.readouterr().out.splitlines()
    result = json.loads(printed[-1])
    assert (status, len(printed), result["missed"]) == (0, 1, [])
    assert (result["delivery"], result["wrong"]) == (1.0, 0)
    assert result["expected"] == 3 * 2 * (50 + 30)
    assert result["decrypted"] > 0
    assert result["cpu_us_per_packet"] > result["floor_us_per_packet"] > 0


GOOD = {"ratio_to_floor": 2.0, "delivery": 0.999, "wrong": 0}


def test_bounds_are_met_at_the_bound() -> None:
    assert missed(GOOD, 2.0) == []


@pytest.mark.parametrize(
    ("name", "value"), [("ratio_to_floor", 2.01), ("delivery", 0.9989), ("wrong", 1)]
)
def test_each_bound_that_is_missed_is_named(name: str, value: float) -> None:
    assert len(missed(GOOD | {name: value}, 2.0)) == 1
