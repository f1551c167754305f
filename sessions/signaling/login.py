"""Who is at the other end of a websocket: the person of the login session's cookie.

Reads Django's login session through the one database wrapper, not through channels.auth, which
runs every query of the process on one thread.
"""

from collections.abc import Mapping
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.http.cookie import parse_cookie
from django.utils.crypto import salted_hmac

from sessions.core.refusal import Refuse
from sessions.models import Person
from sessions.people.second_factor.selectors import refusal_to_enter
from sessions.rooms.process import Process


async def person_of(process: Process, scope: Mapping[str, Any]) -> Person | Refuse:
    """Refuses `permission.signed_out`, `permission.second_factor`, or `store.down`."""
    cookie = cookie_of(scope)
    if cookie is None:
        return Refuse("permission.signed_out")
    return await process.database.run(person_behind, cookie)


def cookie_of(scope: Mapping[str, Any]) -> str | None:
    """The login session's key as the browser sent it."""
    headers = [value for name, value in scope["headers"] if name.lower() == b"cookie"]
    cookies = parse_cookie("; ".join(value.decode("latin-1") for value in headers))
    return cookies.get(settings.SESSION_COOKIE_NAME)


def digest_of(scope: Mapping[str, Any]) -> str:
    """What presence may hold of a login session: nobody signs in with it."""
    cookie = cookie_of(scope)
    return salted_hmac("room", cookie, algorithm="sha256").hexdigest() if cookie else ""


def person_behind(cookie: str) -> Person | Refuse:
    """Whose login session it is, by its key. Refuses as `person_of` does; in a thread."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(cookie)
    request: Any = SimpleNamespace(session=store)
    person = auth.get_user(request)
    if not isinstance(person, Person):
        return Refuse("permission.signed_out")
    return refusal_to_enter(store, person) or person
