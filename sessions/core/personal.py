"""Personal details of a client: what a program needs when somebody is alone at home, and no more.

Owns what each may look like. All of it may be empty: nobody is made up an address. Knows nothing
of how it is stored.
"""

import re
import unicodedata
from dataclasses import asdict, dataclass

from sessions.core.refusal import Refuse
from sessions.core.typed.characters import is_shown, without_steering

LONGEST = {
    "address": 200,
    "phone": 40,
    "contact_name": 60,
    "contact_phone": 40,
    "local_emergency": 40,
}
PHONES = ("phone", "contact_phone", "local_emergency")
FEWEST_DIGITS, MOST_DIGITS = 3, 15  # ITU-T E.164 §6.2.1: at most 15; 911 and 112 have three
_PHONE = re.compile(r"[0-9+()./ext -]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Personal:
    """Where a client is during sessions, how to call back, who to call, and who comes there.

    `local_emergency` is the ten-digit number of the emergency services where the client is: a
    call to 911 reaches those of the caller.
    """

    address: str = ""
    phone: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    local_emergency: str = ""

    def by_name(self) -> dict[str, str]:
        """Its values by the names of its fields, in their order."""
        return asdict(self)


FIELDS = tuple(Personal().by_name())


def personal(typed: Personal) -> Personal | Refuse:
    """The details as they are kept (trimmed, runs of space made one), or the first that is wrong.

    Codes: details.<field>.
    """
    kept = {name: _tidy(value) for name, value in typed.by_name().items()}
    for name, value in kept.items():
        if not _fits(name, value):
            return Refuse(f"details.{name}", {"limit": LONGEST[name]})
    return Personal(**kept)


def changed(before: Personal, after: Personal) -> tuple[str, ...]:
    """The names of the fields that differ."""
    old, new = before.by_name(), after.by_name()
    return tuple(name for name in FIELDS if old[name] != new[name])


def _tidy(value: str) -> str:
    composed = unicodedata.normalize("NFC", without_steering(value))
    return " ".join(without_steering(composed).split())


def _fits(name: str, value: str) -> bool:
    if len(value) > LONGEST[name] or not all(is_shown(one) for one in value):
        return False
    if name not in PHONES or not value:
        return True
    digits = sum(one.isdecimal() for one in value)
    return _PHONE.fullmatch(value) is not None and FEWEST_DIGITS <= digits <= MOST_DIGITS
