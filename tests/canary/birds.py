"""The canaries: words that are planted, and the net that looks for them in what was left behind.

The net looks through what would hide a word: upper case, percent-encoding, base64, zlib.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from urllib.parse import unquote_to_bytes

BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}")
DEEPEST = 3


@dataclass(frozen=True)
class Canaries:
    """Everything that was typed somewhere. Each word is unlike any other text of the product."""

    client: str = "Quibblezorn"
    client_mail: str = "quibblezorn.vextrill@canarymail.example"
    client_named: str = "Quibblezorn V"
    staff: str = "Ulfgarnia"
    staff_mail: str = "ulfgarnia@canarymail.example"
    stranger_mail: str = "mottlefinch@canarymail.example"
    track: str = "Dextrovale relapse group"
    broken_track: str = "Trembleknap detox group"
    address: str = "7731 Wexworth Plinth Apt 9"
    phone: str = "+1 555 773 1094"
    contact: str = "Ottoline Brackwater"
    contact_phone: str = "555 773 2095"
    emergency: str = "555 773 3096"
    reason: str = "Grumplefenn called in by telephone"

    def words(self) -> list[str]:
        """What is looked for: each thing whole, and its telling part alone."""
        whole: list[str] = list(astuple(self))
        telling = ["vextrill", "canarymail", "dextrovale", "trembleknap", "wexworth", "brackwater"]
        return [*whole, *telling, "mottlefinch", "grumplefenn", "7731094", "7732095", "7733096"]

    def sealed(self) -> list[str]:
        """What is kept sealed only."""
        return [
            *(self.address, self.phone, self.contact, self.contact_phone, self.emergency),
            *("wexworth", "brackwater"),
        ]


def caught(words: list[str], where: bytes) -> set[str]:
    """Which of the words are in there, on the face of it or below."""
    layers = list(_layers(where, DEEPEST))
    return {word for word in words if any(word.lower().encode() in one for one in layers)}


def _layers(text: bytes, depth: int) -> Iterator[bytes]:
    """The text in lower case, as it is and percent-decoded, and all that is packed into it."""
    yield text.lower()
    yield unquote_to_bytes(text).lower()
    if depth:
        for piece in BASE64.findall(text):
            for inner in _unpacked(piece):
                yield from _layers(inner, depth - 1)


def _unpacked(piece: bytes) -> Iterator[bytes]:
    """What base64 of either alphabet holds, inflated if it is zlib's (RFC 1950)."""
    plain = piece.replace(b"-", b"+").replace(b"_", b"/")
    try:
        raw = base64.b64decode(plain + b"=" * (-len(plain) % 4))
    except (binascii.Error, ValueError):
        return
    yield raw
    try:
        yield zlib.decompress(raw)
    except zlib.error:
        return
