"""The media benchmark end to end, small: what it says of a run, and when it fails."""

import json
from dataclasses import asdict

import pytest

from bench.media.__main__ import main, missed
from bench.media.features import FEATURES, switched_off
from bench.media.turns import Turn, missed_beside, ratios

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


GOOD = {"ratio_to_floor": 2.0, "delivery": 0.999, "wrong": 0, "switched_off": []}


def test_bounds_are_met_at_the_bound() -> None:
    assert missed(GOOD, 2.0) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("ratio_to_floor", 2.01), ("delivery", 0.9989), ("wrong", 1), ("switched_off", ["DTX"])],
)
def test_each_bound_that_is_missed_is_named(name: str, value: object) -> None:
    assert len(missed(GOOD | {name: value}, 2.0)) == 1


def turn(server: str, cpu: float, p99: float, kilobytes: float) -> Turn:
    return Turn(server, cpu, 0.1, p99, 1.0, 0, 100.0, kilobytes, 0.0, [])


def test_ratio_beside_another_server_is_of_the_medians() -> None:
    done = [
        *(turn("node", cpu, 1.0, 100.0) for cpu in (4.0, 5.0, 90.0)),
        *(turn("janus", cpu, 4.0, 400.0) for cpu in (1.0, 10.0, 11.0)),
    ]
    assert ratios(done) == {"cpu_ratio": 0.5, "p99_ratio": 0.25, "memory_ratio": 0.25}


BESIDE = {"cpu_ratio": 0.65, "p99_ratio": 0.3, "memory_ratio": 0.4}


@pytest.mark.parametrize("name", list(BESIDE))
def test_each_ratio_that_is_missed_is_named(name: str) -> None:
    assert missed_beside({**BESIDE, "turns": []}) == []
    found = missed_beside({**BESIDE, name: 0.66, "turns": []})
    assert [text.split()[0] for text in found] == [name]


def test_turn_that_lost_packets_is_missed() -> None:
    lost = asdict(turn("janus", 1.0, 1.0, 1.0)) | {"delivery": 0.9}
    assert len(missed_beside({**BESIDE, "turns": [lost]})) == 1


def test_machine_without_janus_is_told_how_to_get_it_and_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    status = main([*SMALL, "--peer", "janus"])
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (status, result["missed"]) == (1, ["no Janus on this machine: apt-get install janus"])


ON = "usedtx=1 useinbandfec=1 transport-cc nack rtx/90000 ssrc-audio-level"


def test_all_is_on_when_each_answer_and_each_packet_shows_it() -> None:
    assert switched_off([ON, ON], numbered=1, unnumbered=0) == []


@pytest.mark.parametrize("name", list(FEATURES))
def test_feature_that_one_answer_lacks_is_named(name: str) -> None:
    without = ON.replace(FEATURES[name].strip(), "")
    assert switched_off([ON, without], numbered=1, unnumbered=0) == [f"{name} is switched off"]


@pytest.mark.parametrize(("numbered", "unnumbered"), [(0, 0), (5, 1)])
def test_packets_without_numbers_are_named(numbered: int, unnumbered: int) -> None:
    assert len(switched_off([ON], numbered=numbered, unnumbered=unnumbered)) == 1
