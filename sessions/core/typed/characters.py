"""Which characters a name may hold, by tables that do not change with the Python that runs.

Owns what is a letter, what steers direction only, and where a joiner belongs. The tables are
Python's frozen Unicode 3.2 (`unicodedata.ucd_3_2_0`, the same in every Python) and, for what came
later, those of the pinned package `idna`; NFC is stable for every character that Python 3.11
knows. Pure.
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

import idna
from idna.idnadata import codepoint_classes
from idna.intranges import intranges_contain

_FROZEN: Final = unicodedata.ucd_3_2_0
_NEVER: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_NO_LETTERS: Final = frozenset({"Mn", "Mc", "Me", "Nd", "Nl", "No"})
_FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")  # letters and signs that show nothing
_UNSEEN: Final = frozenset("\u180e\u200b")  # spaces then, format characters since
_STEERS: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_JOINERS: Final = frozenset("\u200c\u200d")
_JOINED: Final = (  # scripts in which a joiner is spelling, and emoji
    (0x0600, 0x08FF),  # Arabic, Syriac, Thaana, N’Ko and what extends them
    (0x0900, 0x0DFF),  # the scripts of India and Sri Lanka
    (0x0F00, 0x109F),  # Tibetan, Myanmar
    (0x1780, 0x18AF),  # Khmer, Mongolian
    (0x1B00, 0x1BFF),  # Balinese, Sundanese, Batak
    (0xA800, 0xABFF),  # Syloti Nagri to Meetei Mayek
    (0x11000, 0x11FFF),  # later Indic scripts
)
_EMOJI: Final = ((0x2190, 0x2BFF), (0xFE0F, 0xFE0F), (0x1F000, 0x1FAFF))


def without_steering(text: str) -> str:
    """Without the marks that only steer direction, and without joiners that join nothing."""
    marks = [mark for mark in text if mark not in _STEERS]
    return "".join(mark for at, mark in enumerate(marks) if _stays(marks, at))


def is_shown(mark: str) -> bool:
    """Whether a name may hold this mark. Joiners may stay where `without_steering` left them."""
    if mark in _JOINERS:
        return True
    if mark in _UNSEEN:
        return False
    category = _FROZEN.category(mark)
    if category != "Cn":
        return category not in _NEVER
    return _is_valid(mark) or _within(mark, _EMOJI)


def has_letter(text: str) -> bool:
    """Whether there is a letter that is seen."""
    return any(_is_letter(mark) for mark in text)


def _is_letter(mark: str) -> bool:
    return (
        mark not in _FILLERS
        and _FROZEN.category(mark) not in _NO_LETTERS
        and _is_valid(mark)
        and mark != "-"
    )


def _is_valid(mark: str) -> bool:
    """Whether it, in lower case, is of a word in some script (RFC 5892: PVALID)."""
    try:
        plain = idna.uts46_remap(mark, std3_rules=False)
    except idna.IDNAError:
        return False
    valid = codepoint_classes["PVALID"]
    return bool(plain) and all(intranges_contain(ord(one), valid) for one in plain)


def _stays(marks: Sequence[str], at: int) -> bool:
    """A joiner stays between two marks of a script that joins, or of an emoji."""
    if marks[at] not in _JOINERS:
        return True
    around = (*marks[max(0, at - 1) : at], *marks[at + 1 : at + 2])
    if len(around) < 2:
        return False
    return any(all(_within(one, ranges) for one in around) for ranges in (_JOINED, _EMOJI))


def _within(mark: str, ranges: Sequence[tuple[int, int]]) -> bool:
    return any(first <= ord(mark) <= last for first, last in ranges)
