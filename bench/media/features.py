"""Whether everything is on that makes a node's packets dearer than bare forwarding.

Owns the list. A run with one of them off says nothing beside another server's.
"""

from collections.abc import Sequence
from typing import Final

FEATURES: Final = {
    "DTX": "usedtx=1",
    "FEC of Opus": "useinbandfec=1",
    "transport-cc": " transport-cc",
    "NACK": " nack",
    "repairs by RTX": " rtx/90000",
    "audio levels": "ssrc-audio-level",
}  # and by what an answer shows that it is on


def switched_off(answers: Sequence[str], *, numbered: int, unnumbered: int) -> list[str]:
    """The features that an answer lacks, as sentences; and numbers, where packets bear none."""
    found = [
        f"{name} is switched off"
        for name, sign in FEATURES.items()
        if not answers or any(sign not in answer for answer in answers)
    ]
    if unnumbered or not numbered:
        found.append("packets without a number for transport-cc, so no link is estimated")
    return found
