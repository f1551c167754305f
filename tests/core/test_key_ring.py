"""The form in which keys are given."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.core.key_ring import KeyRing

A, B = base64.urlsafe_b64encode(b"a" * 32).decode(), base64.urlsafe_b64encode(b"b" * 32).decode()
names = st.from_regex(r"[A-Za-z0-9_-]{1,16}", fullmatch=True)


@given(
    st.dictionaries(names, st.binary(min_size=32, max_size=32), min_size=1, max_size=4),
    st.booleans(),
)
def test_first_key_is_current_and_all_are_on_the_ring(keys: dict[str, bytes], padded: bool) -> None:
    """Kills: taking the last key, or the greatest id, for the current one."""
    encoded = {name: base64.urlsafe_b64encode(key).decode() for name, key in keys.items()}
    text = ", ".join(f"{n}:{key if padded else key.rstrip('=')}" for n, key in encoded.items())
    ring = KeyRing.parse(text)
    assert (ring.current, ring.keys) == (next(iter(keys)), keys)
    assert ring.current_key == keys[ring.current]


@pytest.mark.parametrize(
    "text",
    ["", A, "1:", f"1:{A[:-4]}", f"1:{A},", f"1:{A},1:{B}", f"ä:{A}", f"{'x' * 17}:{A}", "1:ä" * 9],
)
def test_anything_else_is_a_value_error_that_holds_no_key(text: str) -> None:
    with pytest.raises(ValueError, match="key") as refused:
        KeyRing.parse(text)
    assert A[:8] not in str(refused.value)


def test_repr_shows_no_key() -> None:
    assert repr(KeyRing.parse(f"now:{A}")) == "KeyRing(current='now')"
