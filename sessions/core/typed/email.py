"""An e-mail address in what a person typed or pasted, in the one form in which it is stored.

Owns what may stand around it (spaces, `mailto:`, a name before `<…>`, a full stop or comma after
it), and that a domain has one form: lower case, in A-labels (IDNA 2008 after UTS 46, the tables
of the pinned package `idna`). Pure. That an address is well formed beyond that is for Django's
validator; that it exists nobody knows.
"""

import re
import unicodedata
from typing import Final
from urllib.parse import unquote

import idna

from sessions.core.refusal import Refuse

LENGTH: Final = 254  # characters (RFC 5321 §4.5.3.1.3 leaves 254 for an address)
LONGEST: Final = 1024  # characters that are read at all
_AROUND: Final = " \t.,;:!?'\"()<>[]«»„“”‘’"
_BRACKETS: Final = re.compile(r"<([^<>]*)>")
_SCHEME: Final = re.compile(r"mailto:", re.IGNORECASE)


def email_address(typed: str) -> str | Refuse:
    """Codes: person.email, person.email_many (more than one address)."""
    text = unicodedata.normalize("NFKC", _seen(typed[:LONGEST])).strip()
    bracketed = _BRACKETS.findall(text)
    text = _without_scheme(bracketed[0] if len(bracketed) == 1 else text).strip(_AROUND)
    if text.count("@") > 1:
        return Refuse("person.email_many")
    local, at, domain = text.partition("@")
    ascii_domain = _domain(domain)
    if not (local and at and ascii_domain) or any(map(str.isspace, local)):
        return Refuse("person.email")
    address = f"{local.lower()}@{ascii_domain}"
    return address if len(address) <= LENGTH else Refuse("person.email")


def shown_email(address: str) -> str:
    """A stored address as a person reads it: a domain in its own script."""
    local, at, domain = address.partition("@")
    try:
        return f"{local}{at}{idna.decode(domain)}"
    except (idna.IDNAError, UnicodeError):
        return address


def _seen(text: str) -> str:
    """Without marks that are not seen: zero width, direction, a byte order mark."""
    return "".join(" " if mark.isspace() else mark for mark in text if not _is_unseen(mark))


def _is_unseen(mark: str) -> bool:
    return unicodedata.category(mark) == "Cf"


def _without_scheme(text: str) -> str:
    found = _SCHEME.search(text)
    return unquote(text[found.end() :].partition("?")[0]) if found else text


def _domain(typed: str) -> str:
    """In A-labels; nothing if it is no domain."""
    try:
        domain = idna.encode(typed, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return ""
    return domain if "." in domain else ""
