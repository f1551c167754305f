"""A sealed stream opens whole or not at all."""

import io
from collections.abc import Iterable

import pytest

from sessions.core import sealed_stream
from sessions.core.key_ring import KeyRing
from sessions.core.sealed_stream import MAGIC, SALT_BYTES, TAG, StreamError, seal, unseal

OLD, NEW = KeyRing.parse(f"old:{'o' * 43}"), KeyRing.parse(f"new:{'n' * 43},old:{'o' * 43}")
SALT = bytes(range(SALT_BYTES))
HEADER = len(MAGIC) + 1 + len("old") + SALT_BYTES


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_stream, "CHUNK", 8)


def sealed(plain: bytes, ring: KeyRing = OLD) -> bytes:
    return b"".join(seal([plain[:5], plain[5:]], ring, SALT))


def opened(file: bytes, ring: KeyRing = OLD) -> bytes:
    return b"".join(unseal(io.BytesIO(file), ring))


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 16, 17, 40])
def test_what_was_sealed_is_read(size: int) -> None:
    plain = bytes(range(size))
    assert opened(sealed(plain)) == plain


def test_pieces_of_any_size_give_the_same_file() -> None:
    plain = bytes(range(40))
    pieces: Iterable[bytes] = (plain[at : at + 3] for at in range(0, 40, 3))
    assert b"".join(seal(pieces, OLD, SALT)) == sealed(plain)


def test_file_that_was_cut_anywhere_does_not_open() -> None:
    """At the end of a chunk too. Kills: chunks that do not know whether they are the last."""
    file = sealed(bytes(range(40)))
    for length in range(len(file)):
        with pytest.raises(StreamError):
            opened(file[:length])


def test_every_changed_bit_is_seen() -> None:
    file = sealed(bytes(range(20)))
    for at in range(len(file)):
        changed = file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :]
        with pytest.raises(StreamError):
            opened(changed, NEW)


def test_chunks_in_another_order_twice_or_of_another_file_do_not_open() -> None:
    file, one = sealed(bytes(range(40))), 8 + TAG
    first, second = file[HEADER : HEADER + one], file[HEADER + one : HEADER + 2 * one]
    rest = file[HEADER + 2 * one :]
    other = b"".join(seal([bytes(40)], OLD, bytes(SALT_BYTES)))[HEADER : HEADER + one]
    for chunks in (second + first, first + first + second, other + second, first + second + rest):
        with pytest.raises(StreamError):
            opened(file[:HEADER] + chunks + rest)


def test_older_key_on_the_ring_opens_and_one_that_is_not_on_it_is_named() -> None:
    file = sealed(b"a backup")
    assert opened(file, NEW) == b"a backup"
    with pytest.raises(StreamError, match=r"^it is sealed with key old, which is not on the ring$"):
        opened(file, KeyRing.parse(f"new:{'n' * 43}"))


def test_file_of_another_kind_is_said() -> None:
    with pytest.raises(StreamError, match=r"^it is no backup of Thirds$"):
        opened(b"PGDMP" + bytes(100))
