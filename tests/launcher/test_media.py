"""The media nodes of one machine."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from server.launcher.errors import LauncherError
from server.launcher.media import media_programs
from server.launcher.processes import Keeper, Program

CONTROL = {"THIRDS_MEDIA_CONTROL": "unix:/a/media.sock"}


def test_one_node_unless_more_are_asked_for() -> None:
    assert [program.name for program in media_programs("python", CONTROL)] == ["media"]
    assert [program.env for program in media_programs("python", CONTROL)] == [{}]


def test_each_further_node_has_a_control_socket_of_its_own() -> None:
    """Kills: two nodes that take each other's socket away."""
    made = media_programs("python", CONTROL | {"THIRDS_MEDIA_NODES": "3"})
    assert [(program.name, program.env) for program in made] == [
        ("media", {}),
        ("media-2", {"THIRDS_MEDIA_CONTROL": "unix:/a/media-2.sock"}),
        ("media-3", {"THIRDS_MEDIA_CONTROL": "unix:/a/media-3.sock"}),
    ]


@pytest.mark.parametrize("given", ["0", "17", "-1", "two"])
def test_a_number_of_nodes_that_cannot_be_is_refused_in_words(given: str) -> None:
    with pytest.raises(LauncherError, match="from 1 to 16"):
        media_programs("python", CONTROL | {"THIRDS_MEDIA_NODES": given})


async def test_a_program_that_is_started_at_once_pauses_from_its_second_end(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Kills: a node that ends at each start and is started without a pause for ever."""
    command = [sys.executable, "-c", "import os; print(os.environ['X'])"]
    program = Program("media", command, at_once=True, env={"X": "own"})
    keeper = Keeper(program, os.environ | {"X": "of all"}, Path.cwd())
    keeper.begin()
    log = ""
    async with asyncio.timeout(60):
        while "in 2 s." not in log:
            log += capfd.readouterr().err
            await asyncio.sleep(0.01)
    await keeper.stop()
    ended = "thirds | media ended unexpectedly (exit code 0): starting it again in"
    assert log.splitlines()[:4] == [
        "media  | own",
        f"{ended} 0 s.",
        "media  | own",
        f"{ended} 2 s.",
    ]
