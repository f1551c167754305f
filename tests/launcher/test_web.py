"""What the web process chooses before it serves, each in a process of its own."""

import subprocess
import sys


def printed(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_web_runs_on_uvloop() -> None:
    """Kills: a reactor of Twisted that was made on asyncio's own loop first."""
    assert (
        printed(
            "from server.web import choose_loop; choose_loop();"
            "import daphne.server; print(type(daphne.server.twisted_loop).__module__)"
        )
        == "uvloop"
    )


def test_collector_leaves_alone_what_was_loaded_and_still_works() -> None:
    """Kills: pauses of a tenth of a second over objects that never go; a collector that is off."""
    program = (
        "import gc, weakref, django; from server.web import THRESHOLDS, spare_the_loop;"
        "spare_the_loop();"
        "cycle = type('Cycle', (), {})(); cycle.me = cycle; gone = weakref.ref(cycle);"
        "del cycle; gc.collect();"
        "print(gc.get_freeze_count() > 1000, gc.get_threshold() == THRESHOLDS, gone() is None,"
        " gc.isenabled())"
    )
    assert printed(program) == "True True True True"


def test_web_takes_the_words_of_daphne() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "server.web", "--help"], check=False, capture_output=True, text=True
    )
    assert (done.returncode, "--ping-interval" in done.stdout) == (0, True)
