"""The notes on the sign-in page: why somebody was sent there. A note is a word in the address.

Owns the words. They are not kept in the login session, because a stranger's request must make no
row. Anybody can put one of them on the own screen, and nothing else.
"""

from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from sessions.core.refusal import Refuse, sentence

NOTE: Final = "note"  # in the address
WORDS: Final = {
    "passkey": "This passkey did not open your page. Try again, or ask for a code.",
    "busy": "Very many people try passkeys from your network right now. Wait a minute, then try "
    "again, or ask for a code.",
    "next": "Sign in to go on. Then we open the page you asked for.",
    "over": sentence(Refuse("codes.over")),
    "device": "A code works in the browser that asked for it, and this one did not ask. Type "
    "your e-mail here: the code comes once more, and works here too.",
}


def to_sign_in(note: str) -> HttpResponse:
    """Redirects to the sign-in page with one of the notes."""
    return redirect(f"{reverse('account_login')}?{urlencode({NOTE: note})}")


def note_words(request: HttpRequest, otherwise: str) -> str:
    """The words of this request's note, or of `otherwise`."""
    return WORDS.get(request.GET.get(NOTE, otherwise), "")
