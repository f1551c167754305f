"""`python -m server.media.health`: whether the media node of this container answers.

Owns one question over its control connection, which the node's one loop has to answer: a node that
hangs does not. It says nothing of the store on purpose: a node outlives its absence.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import Final

from server.media.configuration import EVERYWHERE, LOOPBACK, ConfigurationError, read
from server.media.messages import Hello, Ping, Pong, read_to_web, to_node_line

SECONDS: Final = 2.0
NAME: Final = "health"


async def answers(environment: Mapping[str, str]) -> bool:
    """Whether a ping is answered within two seconds, on the loop of the caller."""
    try:
        configuration = read(environment)
        async with asyncio.timeout(SECONDS):
            return await _is_answered(configuration.control, configuration.secret)
    except (ConfigurationError, OSError, TimeoutError, ValueError):
        return False


async def _is_answered(control: str, secret: str) -> bool:
    reader, writer = await _connected(control)
    try:
        writer.write(to_node_line(Hello(secret=secret, web=NAME)) + to_node_line(Ping(number=1)))
        while line := await reader.readline():
            if isinstance(read_to_web(line), Pong):
                return True
        return False
    finally:
        writer.close()


async def _connected(control: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    kind, _, rest = control.partition(":")
    if kind == "unix":
        return await asyncio.open_unix_connection(rest)
    host, _, port = rest.rpartition(":")
    return await asyncio.open_connection(LOOPBACK if host == EVERYWHERE else host, int(port))


if __name__ == "__main__":
    sys.exit(not asyncio.run(answers(os.environ)))
