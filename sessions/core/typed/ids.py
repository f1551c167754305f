"""An opaque id in an address. Pure."""

import re
from typing import Final

PATTERN: Final = "[A-Za-z0-9_-]{1,64}"
_ID: Final = re.compile(PATTERN)


def opaque_id(typed: str) -> str:
    """The same; what cannot be an id (a NUL, which PostgreSQL takes in no text) is that of
    nothing."""
    return typed if _ID.fullmatch(typed) else "unknown"
