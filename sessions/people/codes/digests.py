"""What the tables and cookies of sign-in hold in place of an address, a code or an account.

Owns the keyed digests (HMAC-SHA256 under the server's secret key). Without that key a row shows
neither whose it is nor what the code was. A new secret key ends the codes that are live and sets
the counts of wrong codes to nothing.
"""

import hmac
from typing import Final

from django.utils.crypto import salted_hmac

from sessions.core.typed.digits import LENGTH
from sessions.models import Person

_SALT: Final = "sessions.people.codes."


def of_address(address: str) -> str:
    """64 hexadecimal digits for a stored address."""
    return _digest("address", address).hex()


def of_factor(person: Person) -> str:
    """The account under which wrong codes of a person's second factor are counted."""
    return _digest("factor", str(person.pk)).hex()


def code_of(address: str, nonce: bytes) -> str:
    """The six digits of a nonce, uniform to one part in 10¹³. They are stored nowhere."""
    number = int.from_bytes(_digest("code", f"{address} {nonce.hex()}")[:8], "big")
    return f"{number % 10**LENGTH:0{LENGTH}d}"


def is_code(address: str, nonce: bytes, typed: str) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(code_of(address, nonce).encode(), typed.encode())


def of_device(secret: str, address: str) -> str:
    """What a browser shows of having signed in to this address."""
    return _digest("device", f"{secret} {address}").hex()[:32]


def _digest(kind: str, value: str) -> bytes:
    return salted_hmac(_SALT + kind, value, algorithm="sha256").digest()
