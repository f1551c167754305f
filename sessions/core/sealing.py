"""Sealed values: AES-256-GCM (NIST SP 800-38D), bound to the place where they are stored.

Owns the form of a sealed value, `v1.<key id>.<nonce and ciphertext, URL-safe base64>`. The place
(table, row, column) is associated data: a value that was moved to another row or column does not
open. The key's id is too. Pure: keys and nonces are arguments. The length of a value can be read
from its sealed form; nothing else can.
"""

import base64
import binascii
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sessions.core.key_ring import KeyRing

VERSION = "v1"
NONCE_BYTES = 12


class SealError(Exception):
    """A sealed value does not open here: changed, moved, or of a key that is not on the ring.

    A fault, never a refusal. Holds the place and nothing of the value. A log gets the place
    itself: the text of an exception is written to none (server/logs.py).
    """

    def __init__(self, place: "Place") -> None:
        super().__init__(str(place))
        self.place = place


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is stored. `row` is the primary key as text."""

    table: str
    row: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}|{self.row}|{self.column}"


def seal(value: str, place: Place, ring: KeyRing, nonce: bytes) -> str:
    """The value under the ring's current key. `nonce`: 12 random bytes, never used before."""
    associated = _associated(ring.current, place)
    sealed = AESGCM(ring.current_key).encrypt(nonce, value.encode(), associated)
    return f"{VERSION}.{ring.current}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(sealed: str, place: Place, ring: KeyRing) -> str:
    """What was sealed at this place. Raises SealError."""
    try:
        version, name, encoded = sealed.split(".")
        key = ring.keys[name]
        raw = base64.b64decode(encoded, altchars=b"-_", validate=True)
        opened = AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _associated(name, place))
    except (ValueError, KeyError, binascii.Error, InvalidTag):
        raise SealError(place) from None
    if version != VERSION:
        raise SealError(place)
    return opened.decode()


def sealed_with(sealed: str) -> str:
    """The id of the key a value is sealed with; empty if it is no sealed value."""
    version, _, rest = sealed.partition(".")
    name, dot, _ = rest.partition(".")
    return name if version == VERSION and dot else ""


def _associated(name: str, place: Place) -> bytes:
    return f"{VERSION}|{name}|{place}".encode()
