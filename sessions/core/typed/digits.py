"""The six digits of a code in what a person typed or pasted.

Owns what may stand around and between them: spaces of any kind, dashes, words ("Your code is
123 456"), digits of any script. Pure.
"""

import re
import unicodedata
from typing import Final

LENGTH: Final = 6
LONGEST: Final = 4096  # characters; of a longer paste the rest is not read
_BETWEEN: Final = re.compile(r"(?<=\d)[^\d\w]{1,3}(?=\d)")
_RUN: Final = re.compile(r"[0-9]+")


def code_digits(typed: str) -> str:
    """The code as six ASCII digits. If the text holds no run of exactly six, or two different
    ones, all its digits: those are not the code, and nothing is guessed.
    """
    text = "".join(_plain(mark) for mark in typed[:LONGEST])
    for read in (text, _BETWEEN.sub("", text)):
        found: list[str] = _RUN.findall(read)
        runs = {run for run in found if len(run) == LENGTH}
        if len(runs) == 1:
            return runs.pop()
    return "".join(_RUN.findall(text))


def _plain(mark: str) -> str:
    """A digit of any script as 0 to 9; a mark that is not seen as nothing."""
    value = unicodedata.decimal(mark, None)
    if value is not None:
        return str(value)
    return "" if unicodedata.category(mark) == "Cf" else mark
