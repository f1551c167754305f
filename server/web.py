"""`python -m server.web`: Daphne on uvloop's event loop, with Daphne's own words.

Owns the choice of the loop, which has to be made before Twisted's reactor is. uvloop takes less
of the processor for each message; where it is not installed, asyncio's own loop does.
"""

import asyncio
import contextlib


def main() -> None:
    """Serves until it is told to stop; the words are those of `daphne`."""
    with contextlib.suppress(ImportError):
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    from daphne.cli import CommandLineInterface

    CommandLineInterface.entrypoint()


if __name__ == "__main__":
    main()
