"""Sealing with the keys of this installation (THIRDS_FIELD_KEYS), and fresh nonces.

The edge of `core.sealing`: owns where keys and randomness come from. What a value means is not
known here.
"""

import secrets
from functools import lru_cache

from django.conf import settings

from sessions.core import sealing
from sessions.core.key_ring import KeyRing
from sessions.core.sealing import NONCE_BYTES, Place


@lru_cache(maxsize=4)
def _parsed(text: str) -> KeyRing:
    return KeyRing.parse(text)


def field_keys() -> KeyRing:
    """The ring of the settings, parsed once for each text."""
    return _parsed(settings.THIRDS_FIELD_KEYS)


def seal(value: str, place: Place) -> str:
    """The value as it may be stored at this place."""
    return sealing.seal(value, place, field_keys(), secrets.token_bytes(NONCE_BYTES))


def unseal(sealed: str, place: Place) -> str:
    """What was stored at this place. Raises core.sealing.SealError."""
    return sealing.unseal(sealed, place, field_keys())


def is_current(sealed: str) -> bool:
    """Whether it is sealed with the ring's current key."""
    return sealing.sealed_with(sealed) == field_keys().current
