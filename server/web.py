"""`python -m server.web`: Daphne on uvloop's event loop, with Daphne's own words.

Owns what has to be chosen before the first request: the loop, before Twisted's reactor is, and
how often the collector of cycles looks through everything. Must not know what is served.
"""

import asyncio
import contextlib
import gc
import sys
from importlib import import_module
from typing import Final

APPLICATION: Final = "server.asgi"
# Net allocations before each generation of the collector is looked through (gc.set_threshold).
# Of 240 sockets the oldest one takes 120 ms, in which nobody hears anything; with these numbers
# it comes after some 5,000,000 allocations instead of 70,000.
THRESHOLDS: Final = (10_000, 10, 50)

# Seconds after which a thread that computes gives way (sys.setswitchinterval). At Python's own
# 5 ms the loop, which sends to everybody, waited behind the threads that ask the database: with
# forty rooms a tap took 42 ms in the middle and 290 at the 99th percentile, and so 35 and 179.
GIVE_WAY_S: Final = 0.0005


def choose_loop() -> None:
    """uvloop's, which takes less of the processor; where it is not installed, asyncio's own."""
    with contextlib.suppress(ImportError):
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())


def spare_the_loop() -> None:
    """Threads give way to it soon; the collector looks at what lives as long as the process never
    again, at the rest seldom."""
    sys.setswitchinterval(GIVE_WAY_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def main() -> None:
    """Serves until it is stopped; the arguments are those of `daphne`."""
    choose_loop()
    from daphne.cli import CommandLineInterface

    import_module(APPLICATION)
    from django.conf import settings

    from server import metrics

    metrics.serve(settings.THIRDS_METRICS)
    spare_the_loop()
    CommandLineInterface.entrypoint()


if __name__ == "__main__":
    main()
