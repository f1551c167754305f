"""Personal details: what each may look like, and what of them changed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.core.personal import FIELDS, LONGEST, PHONES, Personal, changed, personal
from sessions.core.refusal import Refuse, sentence

RIGHT = Personal(
    "12 Elm St Apt 4, Albany NY",
    "+1 518 555 0130",
    "Ottoline (sister)",
    "518-555-0131 ext 4",
    "911",
)
texts = st.text(max_size=30)


def test_all_may_be_empty_and_what_is_right_stays_as_it_is() -> None:
    assert personal(Personal()) == Personal()
    assert personal(RIGHT) == RIGHT


def test_space_is_made_tidy() -> None:
    assert personal(Personal(address="  12  Elm St\n Apt 4 ")) == Personal("12 Elm St Apt 4")


@pytest.mark.parametrize("name", FIELDS)
def test_value_that_is_too_long_or_cannot_be_shown_is_refused_by_its_field(name: str) -> None:
    """Kills: a limit that is one off, or that another field's stands in for."""
    mark = "1" if name in PHONES else "a"
    fits = {"phone": 15, "contact_phone": 15, "local_emergency": 15}.get(name, LONGEST[name])
    assert not isinstance(personal(Personal(**{name: mark * fits})), Refuse)
    for wrong in (mark * (fits + 1), f"{mark * 4}\ue000", f"{mark * 4}\u200b", " " + "(" * 41):
        refused = personal(replace(RIGHT, **{name: wrong}))
        if refused != replace(RIGHT, **{name: wrong.strip()}):
            assert isinstance(refused, Refuse)
            assert refused.code == f"details.{name}"
            assert "{" not in sentence(refused)


def test_joiner_inside_a_name_stays_and_what_only_steers_direction_goes() -> None:
    """Kills: zero-width marks refused, or kept, wherever they stand."""
    kept = personal(
        Personal(contact_name="\u202bمی\u200cخواهم\u202c", address="\u200e12 Elm\u200d St")
    )
    assert kept == Personal(contact_name="می\u200cخواهم", address="12 Elm St")


@pytest.mark.parametrize("name", PHONES)
@pytest.mark.parametrize("wrong", ["call me", "12", "1" * 16, "555 0130 (home)", "٣٣٣x", "+", "()"])
def test_what_is_no_number_is_refused(name: str, wrong: str) -> None:
    refused = personal(Personal(**{name: wrong}))
    assert isinstance(refused, Refuse)
    assert refused.code == f"details.{name}"


@given(st.builds(Personal, texts, texts, texts, texts, texts))
def test_what_is_kept_is_kept_again_as_it_is(typed: Personal) -> None:
    """Saving a form that nobody touched changes nothing."""
    kept = personal(typed)
    if isinstance(kept, Personal):
        assert personal(kept) == kept


@given(st.builds(Personal, texts, texts), st.builds(Personal, texts, texts))
def test_changed_names_exactly_what_differs(one: Personal, other: Personal) -> None:
    old, new = one.by_name(), other.by_name()
    assert changed(one, other) == tuple(name for name in FIELDS if old[name] != new[name])
    assert changed(one, one) == ()
