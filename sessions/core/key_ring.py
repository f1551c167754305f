"""A ring of keys: the current one, with which is written, and older ones, which still read.

Owns the form in which an operator gives keys: `id:key,id:key`, the current one first, each key
32 bytes in URL-safe base64. Pure; knows neither where the text comes from nor what it protects.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

KEY_BYTES = 32
ID = re.compile(r"[A-Za-z0-9_-]{1,16}")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys by id. `current` is one of them. Its repr shows ids only."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """Raises ValueError, which says what is wrong and holds no part of a key."""
        pairs = [_pair(one.strip()) for one in text.split(",")]
        keys = dict(pairs)
        if len(keys) != len(pairs):
            raise ValueError("two keys have the same id")
        return cls(pairs[0][0], keys)

    @property
    def current_key(self) -> bytes:
        """The key to write with."""
        return self.keys[self.current]


def _pair(text: str) -> tuple[str, bytes]:
    name, colon, encoded = text.partition(":")
    if not colon or not ID.fullmatch(name):
        raise ValueError("a key is given as id:key; an id has 1 to 16 letters, digits, _ and -")
    try:
        key = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"key {name} is not {KEY_BYTES} bytes in URL-safe base64")
    return name, key
