"""Display names: what others in a room may read of a person.

Owns the rules for a name to show and the suggestion for a roster. Never builds a name that
holds more of the surname than its first letter.
"""

import unicodedata
from collections.abc import Collection

from sessions.core.refusal import Refuse
from sessions.core.typed.characters import has_letter, is_shown, without_steering

LONGEST = 24  # characters


def display_name(raw: str) -> str | Refuse:
    """NAM1-NAM3. The name as it is stored (trimmed, inner space runs made one), or why not."""
    seen = without_steering(raw.strip())
    if not all(is_shown(mark) for mark in seen):
        return Refuse("person.name_characters")
    name = " ".join(without_steering(unicodedata.normalize("NFC", seen)).split())
    if not 1 <= len(name) <= LONGEST:
        return Refuse("person.name_length")
    if "@" in name or "＠" in name:
        return Refuse("person.name_sign")
    return name if has_letter(name) else Refuse("person.name_letter")


def name_key(name: str) -> str:
    """NAM4. Two names with the same key are the same name: case and width make no difference."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def is_taken(name: str, taken: Collection[str]) -> bool:
    """NAM4. Whether the name is in use in the track."""
    return name_key(name) in {name_key(other) for other in taken}


def suggest(first: str, last: str, taken: Collection[str]) -> str:
    """NAM5. First name; if taken, first name and initial; if taken too, a number after it.

    `first` must pass `display_name`; `last` may be empty.
    """
    keys = {name_key(other) for other in taken}
    initial = last.strip()[:1].upper()
    with_initial = f"{first[: LONGEST - 2]} {initial}" if initial.isalpha() else first
    for candidate in (first, with_initial):
        if name_key(candidate) not in keys:
            return candidate
    return _numbered(with_initial, keys)


def _numbered(name: str, keys: Collection[str]) -> str:
    number = 2
    while True:
        tail = f" {number}"
        candidate = name[: LONGEST - len(tail)] + tail
        if name_key(candidate) not in keys:
            return candidate
        number += 1
