"""`python -m server.media`: one media node, configured by its environment alone.

Owns the choice of event loop and what is printed. docs/media.md lists the variables.
"""

import asyncio
import os
import sys

from server.media import metrics
from server.media.configuration import ConfigurationError, read
from server.media.process import MediaProcess, run
from server.zones import use_pinned_zones


def ready(process: MediaProcess) -> None:
    """The one line that says that the node is up; from here on it shows its figures."""
    metrics.serve(process.configuration.metrics, lambda: process.node.load(0))
    sys.stderr.write(
        f"media: node {process.node.name} on UDP port {process.port},"
        f" control {process.control_address}, packets out by {process.node.path.fan_out.name}\n"
    )
    sys.stderr.flush()


def main() -> int:
    """The exit status: 0 after a signal, 2 when the environment is wrong."""
    use_pinned_zones()
    try:
        configuration = read(os.environ)
    except ConfigurationError as error:
        sys.stderr.write(f"media: {error}\n")
        return 2
    with asyncio.Runner(loop_factory=event_loop) as runner:
        runner.run(run(configuration, ready))
    return 0


def event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it can be had: a quarter less time for each packet."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    fast: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return fast


if __name__ == "__main__":
    sys.exit(main())
