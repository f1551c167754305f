"""`python -m server.probe`: the other end of echoes, configured by its environment."""

import asyncio
import logging
import os
import sys

from server.probe.configuration import ConfigurationError, read
from server.probe.process import run
from server.zones import use_pinned_zones


def ready() -> None:
    """The one line that says that the probe is up."""
    sys.stderr.write("probe: up\n")
    sys.stderr.flush()


def main() -> int:
    """The exit status: 0 after a signal, 2 when the environment is wrong."""
    use_pinned_zones()
    try:
        configuration = read(os.environ)
    except ConfigurationError as error:
        sys.stderr.write(f"probe: {error}\n")
        return 2
    for name in ("aiortc", "aioice"):  # their lines have addresses in them
        logging.getLogger(name).setLevel(logging.CRITICAL)
    asyncio.run(run(configuration, ready))
    return 0


if __name__ == "__main__":
    sys.exit(main())
