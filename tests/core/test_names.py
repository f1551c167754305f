"""Names to show: NAM1 to NAM5."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.core.names import LONGEST, display_name, is_taken, suggest
from sessions.core.refusal import Refuse
from sessions.core.typed.characters import without_steering


@given(st.text(max_size=40))
def test_nam1_what_is_accepted_is_safe_to_show_and_stable(raw: str) -> None:
    """Kills: inner line breaks and bidirectional overrides are let through."""
    name = display_name(raw)
    if isinstance(name, str):
        assert 1 <= len(name) <= LONGEST
        assert without_steering(name) == name
        assert not any(mark in name for mark in "\n\u2028\u202e\u2066\u200b\x07")
        assert "@" not in name
        assert display_name(name) == name


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  Maya ", "Maya"),
        ("Maya   K", "Maya K"),
        ("Jose\u0301", "José"),
        ("x" * 24, "x" * 24),
        ("x" * 25, Refuse("person.name_length")),
        ("   ", Refuse("person.name_length")),
        ("", Refuse("person.name_length")),
        ("maya@example.org", Refuse("person.name_sign")),
        ("maya＠example", Refuse("person.name_sign")),
        ("Ma\u202eya", "Maya"),
        ("\u200fMaya\u200e\u2069", "Maya"),
        ("Ma\u200dya", "Maya"),
        ("Maya\u200d", "Maya"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("ක්\u200dෂේම", "ක්\u200dෂේම"),
        ("क्\u200dषमा", "क्\u200dषमा"),
        ("Mo 👩\u200d🚒", "Mo 👩\u200d🚒"),
        ("Mo 🫩", "Mo 🫩"),
        ("王", "王"),
        ("𞤀𞤣", "𞤀𞤣"),
        ("\u3164", Refuse("person.name_letter")),
        ("\u3164\u3164 ", Refuse("person.name_letter")),
        ("12", Refuse("person.name_letter")),
        ("👩\u200d🚒", Refuse("person.name_letter")),
        ("--", Refuse("person.name_letter")),
        ("\u0301", Refuse("person.name_letter")),
        ("Ma\ue000", Refuse("person.name_characters")),
        ("Ma\uffff", Refuse("person.name_characters")),
        ("Ma\nya", Refuse("person.name_characters")),
        ("Ma\u200bya", Refuse("person.name_characters")),
        ("Ma\x07ya", Refuse("person.name_characters")),
    ],
)
def test_nam1_by_case(raw: str, expected: str | Refuse) -> None:
    assert display_name(raw) == expected


def test_nam4_case_and_width_do_not_make_a_new_name() -> None:
    assert [is_taken(name, ["Maya"]) for name in ("maya", "Ｍaya", "Mayas")] == [True, True, False]


@given(
    st.sampled_from(["Maya", "Sam", "x" * 24, "x" * 23]),
    st.sampled_from(["Kim", "Okafor", "", "3"]),
    st.integers(1, 12),
)
def test_nam5_suggestions_are_valid_and_never_twice(first: str, last: str, people: int) -> None:
    """Kills: a number is added to a name that has its full length already."""
    taken: list[str] = []
    for _ in range(people):
        name = suggest(first, last, taken)
        assert display_name(name) == name
        assert not is_taken(name, taken)
        taken.append(name)


def test_nam5_first_name_then_initial_then_a_number() -> None:
    assert suggest("Maya", "Kim", []) == "Maya"
    assert suggest("Maya", "Kim", ["maya"]) == "Maya K"
    assert suggest("Maya", "Kim", ["maya", "Maya k"]) == "Maya K 2"
    assert suggest("Maya", "", ["Maya", "Maya 2"]) == "Maya 3"
