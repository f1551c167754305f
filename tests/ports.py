"""Ports for servers that a test starts, and may end and start again.

A port that was free a moment ago may be anybody's when the server comes to bind it: the kernel
gives it to the next socket that asks for any. So ports are taken from below those that it gives
away, and each is held until this process ends, by a socket that does not listen: no other test
run gets it, and a server that sets SO_REUSEADDR, as all of ours do, can bind it.
"""

import random
import socket
from typing import Final

NOT_GIVEN_AWAY: Final = range(20_000, 32_768)  # Linux gives 32768 and up, others 49152 and up
LOOPBACK: Final = "127.0.0.1"
_held: Final[list[socket.socket]] = []


def free_port() -> int:
    """One that nobody has, of TCP and of UDP, and that nobody else is given."""
    for port in random.sample(NOT_GIVEN_AWAY, len(NOT_GIVEN_AWAY)):
        if hold(port):
            return port
    raise AssertionError("every port is taken")


def hold(port: int) -> bool:
    """Keeps a port for servers of this test run; False where somebody has it."""
    held = socket.socket()
    try:
        held.bind((LOOPBACK, port))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind((LOOPBACK, port))
    except OSError:
        held.close()
        return False
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # not before: it is ours alone
    _held.append(held)
    return True
