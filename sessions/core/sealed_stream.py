"""A stream of bytes under a key of a ring, sealed in chunks, so that it need not fit in memory.

Owns the form of a backup's file. Each chunk is AES-256-GCM under a key of this file alone; its
nonce holds its place and whether it is the last one (the STREAM construction of Hoang,
Reyhanitabar, Rogaway, Vizár, 2015). So a file that was cut, at a chunk's end too, prolonged, or put
in another order does not open. Pure: randomness is an argument. Knows nothing of what is sealed.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sessions.core.key_ring import KeyRing

MAGIC: Final = b"thirds sealed stream 1\n"
SALT_BYTES: Final = 32
CHUNK: Final = 1 << 20  # bytes of what is sealed
TAG: Final = 16  # bytes that GCM adds


class StreamError(Exception):
    """The stream does not open: cut, changed, or of a key that is not on the ring."""


def seal(plain: Iterable[bytes], ring: KeyRing, salt: bytes) -> Iterator[bytes]:
    """The file's bytes, under the ring's current key. `salt`: 32 random bytes, never used before."""
    header = MAGIC + bytes([len(ring.current)]) + ring.current.encode() + salt
    cipher = _cipher(ring.current_key, header)
    yield header
    held, number = bytearray(), 0
    for piece in plain:
        held += piece
        while len(held) > CHUNK:  # what fills a chunk may still be the last one
            yield cipher.encrypt(_nonce(number, last=False), bytes(held[:CHUNK]), None)
            del held[:CHUNK]
            number += 1
    yield cipher.encrypt(_nonce(number, last=True), bytes(held), None)


def unseal(file: BinaryIO, ring: KeyRing) -> Iterator[bytes]:
    """What was sealed. Raises StreamError, after chunks that were right maybe: nothing counts
    before the end has come."""
    header = _header(file)
    name = header[len(MAGIC) + 1 : -SALT_BYTES].decode("ascii", errors="replace")
    if name not in ring.keys:
        raise StreamError(f"it is sealed with key {name}, which is not on the ring")
    cipher = _cipher(ring.keys[name], header)
    number, chunk = 0, file.read(CHUNK + TAG)
    while True:
        following = file.read(CHUNK + TAG)
        try:
            yield cipher.decrypt(_nonce(number, last=not following), chunk, None)
        except (InvalidTag, ValueError):
            raise StreamError("it was cut off or changed") from None
        if not following:
            return
        number, chunk = number + 1, following


def _header(file: BinaryIO) -> bytes:
    start = file.read(len(MAGIC) + 1)
    if len(start) <= len(MAGIC) or not start.startswith(MAGIC):
        raise StreamError("it is no backup of Thirds")
    rest = file.read(start[-1] + SALT_BYTES)
    if len(rest) != start[-1] + SALT_BYTES:
        raise StreamError("it was cut off or changed")
    return start + rest


def _cipher(key: bytes, header: bytes) -> AESGCM:
    """Under a key of this file alone, so that nonces may count from 0."""
    salt = header[-SALT_BYTES:]
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=header).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
