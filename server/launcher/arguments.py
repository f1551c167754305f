"""The command line of `./run`, and which address and port it can have.

Only the standard library: it is read before anything is installed.
"""

import argparse
import errno
import socket
from collections.abc import Sequence

from server.launcher.errors import LauncherError

DEFAULT_PORT = 8000
LOOPBACK = "127.0.0.1"
# Addresses kept for documentation (RFC 5737): a route to them is looked up, nothing is sent.
SOMEWHERE = ("192.0.2.1", 9)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """`port`: the web server's TCP port; `lan`: on the machine's own address instead of
    loopback. Ends the process on bad usage."""
    parser = argparse.ArgumentParser(prog="./run", description="Runs Thirds on this machine.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="default: %(default)s")
    lan = "let phones in this network join: HTTPS on this machine's own address"
    parser.add_argument("--lan", action="store_true", help=lan)
    return parser.parse_args(arguments)


def check_port(port: int, host: str = LOOPBACK) -> None:
    """Raises LauncherError when nothing can listen on `host`:`port`."""
    other = "choose another with ./run --port N."
    if not 1 <= port <= 65535:
        raise LauncherError(f"Port {port} does not exist: {other}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise LauncherError(f"Port {port} needs more rights: {other}") from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise LauncherError(f"Port {port} is taken: {other}") from None
            raise


def own_address() -> str:
    """This machine's IPv4 address towards others; loopback when it has none. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(SOMEWHERE)
            return str(probe.getsockname()[0])
        except OSError:
            return LOOPBACK
