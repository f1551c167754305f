"""The media nodes that `./run` keeps: one, or as many as THIRDS_MEDIA_NODES says.

Owns how several on one machine differ. Must not know what a node does.
"""

from collections.abc import Mapping
from typing import Final

from server.launcher.errors import LauncherError
from server.launcher.processes import Program

MOST: Final = 16


def media_programs(python: str, env: Mapping[str, str]) -> list[Program]:
    """`env` is what every process gets; each further node has a control socket of its own.
    A node is started again at once: people hear nobody until it is back."""
    control = env["THIRDS_MEDIA_CONTROL"]
    command = [python, "-m", "server.media"]
    first = Program("media", command, at_once=True)
    return [
        first,
        *(
            Program(
                f"media-{number}",
                command,
                at_once=True,
                env={"THIRDS_MEDIA_CONTROL": _numbered(control, number)},
            )
            for number in range(2, _count(env) + 1)
        ),
    ]


def _count(env: Mapping[str, str]) -> int:
    given = env.get("THIRDS_MEDIA_NODES", "") or "1"
    if not given.isdecimal() or not 1 <= int(given) <= MOST:
        raise LauncherError(f"THIRDS_MEDIA_NODES is a number from 1 to {MOST}.")
    return int(given)


def _numbered(control: str, number: int) -> str:
    """`unix:/folder/media.sock` becomes `unix:/folder/media-2.sock`."""
    return f"{control.removesuffix('.sock')}-{number}.sock"
