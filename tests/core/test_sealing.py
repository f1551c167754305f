"""Sealed values open at their own place, under a key of the ring, unchanged; else not at all."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.core.key_ring import KeyRing
from sessions.core.sealing import Place, SealError, seal, sealed_with, unseal

OLD, NEW = KeyRing("old", {"old": b"o" * 32}), KeyRing("new", {"new": b"n" * 32, "old": b"o" * 32})
PLACE = Place("details", "7", "phone")
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
nonces = st.binary(min_size=12, max_size=12)
SEALED = seal("12 Elm St", PLACE, NEW, b"n" * 12)


@given(texts, nonces)
def test_value_opens_where_it_was_sealed_and_its_form_holds_nothing_of_it(
    value: str, nonce: bytes
) -> None:
    sealed = seal(value, PLACE, NEW, nonce)
    assert unseal(sealed, PLACE, NEW) == value
    assert sealed_with(sealed) == "new"
    if len(value) > 3:
        assert value not in sealed
        assert value.encode() not in base64.urlsafe_b64decode(sealed.split(".")[2])


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place("other", "7", "phone"),
        Place("details", "8", "phone"),
        Place("details", "7", "address"),
    ],
)
def test_moved_value_does_not_open(elsewhere: Place) -> None:
    """Kills: leaving table, row or column out of the associated data."""
    with pytest.raises(SealError, match=r"^\w+\|\d\|\w+$"):
        unseal(SEALED, elsewhere, NEW)


@given(st.integers(0, len(SEALED) - 1), st.characters(codec="ascii", exclude_categories=["Cc"]))
def test_value_with_any_character_changed_does_not_open(index: int, mark: str) -> None:
    """The last characters of base64 may spell the same bytes: then it is the same value.

    Kills: decoding base64 so that foreign characters are skipped."""
    changed = SEALED[:index] + mark + SEALED[index + 1 :]
    try:
        assert unseal(changed, PLACE, NEW) == "12 Elm St"
    except SealError:
        return
    version, name, encoded = changed.split(".")
    assert (version, name) == ("v1", "new")
    assert base64.urlsafe_b64decode(encoded) == base64.urlsafe_b64decode(SEALED.split(".")[2])


def test_older_key_still_reads_and_a_key_that_is_gone_does_not() -> None:
    sealed = seal("a", PLACE, OLD, b"n" * 12)
    assert unseal(sealed, PLACE, NEW) == "a"
    with pytest.raises(SealError):
        unseal(SEALED, PLACE, OLD)


def test_value_under_another_keys_id_does_not_open() -> None:
    """Two ids with one key: kills leaving the id out of the associated data."""
    ring = KeyRing("a", {"a": b"k" * 32, "b": b"k" * 32})
    with pytest.raises(SealError):
        unseal(seal("x", PLACE, ring, b"n" * 12).replace("v1.a.", "v1.b."), PLACE, ring)


@pytest.mark.parametrize("text", ["", "plain", "v1.new", "v2.new.AAAA", "v1.new.AAAA", "v1..", "…"])
def test_what_was_never_sealed_does_not_open(text: str) -> None:
    with pytest.raises(SealError):
        unseal(text, PLACE, NEW)


@pytest.mark.parametrize(("text", "key"), [("", ""), ("plain", ""), ("v1.k", ""), ("v1.k.", "k")])
def test_key_of_a_value_is_read_from_its_form(text: str, key: str) -> None:
    assert sealed_with(text) == key
