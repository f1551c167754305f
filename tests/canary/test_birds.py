"""The net itself: a planted word is caught wherever it hides, and only that word."""

import base64
import zlib
from urllib.parse import quote

import pytest

from tests.canary.birds import Canaries, caught

MAIL = Canaries().client_mail
SIGNED = b"eyJ4Ijoi:1vabcd:sig"


@pytest.mark.parametrize(
    "where",
    [
        MAIL.encode(),
        b"..." + MAIL.upper().encode() + b"...",
        quote(MAIL, safe="").encode(),
        base64.b64encode(b'{"email": "%s"}' % MAIL.encode()),
        SIGNED + b":." + base64.urlsafe_b64encode(zlib.compress(MAIL.encode())).rstrip(b"="),
        base64.b64encode(base64.b64encode(MAIL.encode())),
    ],
)
def test_word_is_caught_wherever_it_hides(where: bytes) -> None:
    assert caught([MAIL, "other"], where) == {MAIL}


def test_nothing_is_caught_where_nothing_is() -> None:
    assert caught(Canaries().words(), b"GET /people/ 200 " + SIGNED * 9) == set()


def test_no_canary_lies_within_what_is_not_one() -> None:
    """Words of the product: a canary among them would be caught everywhere."""
    product = b"Thirds sign in code group session relapse detox telephone apt telegram contact"
    assert caught(Canaries().words(), product) == set()
