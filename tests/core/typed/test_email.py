"""Addresses as people type and paste them; each has one stored form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.core.refusal import Refuse
from sessions.core.typed.email import email_address, shown_email

EVA = "eva@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "typed",
    [
        EVA,
        "eva@bücher.example",
        "EVA@BÜCHER.Example",
        "eva@bu\u0308cher.example",
        "  eva@bücher.example \n",
        "mailto:eva@bücher.example",
        "MAILTO:eva%40bücher.example?subject=Hello",
        "eva@bücher.example.",
        "eva@bücher.example,",
        "eva@bücher.example;",
        "Eva B <eva@bücher.example>",
        '"B, Eva" <mailto:eva@bücher.example>',
        "<eva@bücher.example>",
        "(eva@bücher.example)",
        "eva＠bücher.example",
        "ｅｖａ@bücher．example",
        "eva@bücher。example",
        "\u200eeva@bücher.example\u200f",
        "\ufeffeva@bücher.\u200bexample",
    ],
)
def test_address_is_understood(typed: str) -> None:
    assert email_address(typed) == EVA


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "person.email"),
        ("eva", "person.email"),
        ("eva@", "person.email"),
        ("@bücher.example", "person.email"),
        ("eva@example", "person.email"),
        ("eva b@bücher.example", "person.email"),
        ("eva@bü cher.example", "person.email"),
        ("eva@a..example", "person.email"),
        (f"{'e' * 250}@a.example", "person.email"),
        ("eva@a.example, sam@b.example", "person.email_many"),
        ("<eva@a.example> <sam@b.example>", "person.email_many"),
        ("eva@@a.example", "person.email_many"),
    ],
)
def test_address_is_refused(typed: str, code: str) -> None:
    assert email_address(typed) == Refuse(code)


@given(st.text(max_size=60) | st.emails())
def test_stored_form_is_its_own(typed: str) -> None:
    """Kills: a form that a second reading changes, so that one person has two accounts."""
    address = email_address(typed)
    if isinstance(address, str):
        assert address == address.lower()
        assert email_address(address) == address
        assert email_address(shown_email(address)) == address


def test_address_is_shown_in_its_own_script() -> None:
    assert shown_email(EVA) == "eva@bücher.example"
