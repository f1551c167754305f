"""Codes as people type and paste them."""

import pytest

from sessions.core.typed.digits import code_digits


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("123456", "123456"),
        (" 123 456 ", "123456"),
        ("123\u00a0456", "123456"),
        ("123\u2009456", "123456"),
        ("\u200e123\u202f456\u200f", "123456"),
        ("1 2 3 4 5 6", "123456"),
        ("123-456", "123456"),
        ("123\u2013456", "123456"),
        ("١٢٣٤٥٦", "123456"),
        ("۱۲۳ ۴۵۶", "123456"),
        ("１２３４５６", "123456"),
        ("१२३४५६", "123456"),
        ("Your code is 123 456", "123456"),
        ("123 456 is your code. It works until 12:10 PM, once.\nIf you did not ask", "123456"),
        ("It works until 5:22 PM: 418207", "418207"),
        ("x" * 4000 + "123456", "123456"),
        ("12345", "12345"),
        ("1234567", "1234567"),
        ("123456 or 654321", "123456654321"),
        ("123²56", "12356"),
        ("abc", ""),
        ("", ""),
    ],
)
def test_code_is_found_in_what_was_typed(typed: str, code: str) -> None:
    assert code_digits(typed) == code
