"""What `./run` is told on its command line, and whether its port can be had.

Only the standard library: it is read before anything is installed.
"""

import argparse
import errno
import socket
from collections.abc import Sequence

from server.launcher.errors import LauncherError

DEFAULT_PORT = 8000
LOOPBACK = "127.0.0.1"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """`port`: the TCP port of the web server on loopback. Ends the process on bad usage."""
    parser = argparse.ArgumentParser(prog="./run", description="Runs Thirds on this machine.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="default: %(default)s")
    return parser.parse_args(arguments)


def check_port(port: int) -> None:
    """Raises LauncherError when nothing can listen on 127.0.0.1:`port`."""
    other = "choose another with ./run --port N."
    if not 1 <= port <= 65535:
        raise LauncherError(f"Port {port} does not exist: {other}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except PermissionError:
            raise LauncherError(f"Port {port} needs more rights: {other}") from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise LauncherError(f"Port {port} is taken: {other}") from None
            raise
