"""`python -m tests.media.fuzz [seconds] [seed]`: the parsers' fuzz for as long as one likes.

Goes round all parsers in turns. Prints how many inputs each was given; the first that raises
ends the run with the input in hexadecimal, to become a test.
"""

import random
import sys
import time

from tests.media.parsers import PARSERS, mutated

TURN = 500  # inputs to one parser before the next


def main(seconds: float, seed: int) -> int:
    """The exit code: 1 when an input raised."""
    chance = random.Random(seed)
    counts = dict.fromkeys((parser.name for parser in PARSERS), 0)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for parser in PARSERS:
            for _ in range(TURN):
                given = mutated(chance, parser.examples)
                try:
                    parser.parse(given)
                except Exception as error:
                    sys.stderr.write(f"{parser.name}: {error!r} for {given.hex()}\n")
                    return 1
            counts[parser.name] += TURN
    for name, count in counts.items():
        sys.stdout.write(f"{count:>12,} {name}\n")
    return 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main(float((arguments or ["60"])[0]), int((arguments[1:] or ["1"])[0])))
