"""Who is at the other end of a websocket: the person of the login session's cookie.

Reads Django's login session through the one database wrapper, not through channels.auth, which
runs every query of the process on one thread.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Final

from django.conf import settings
from django.contrib import auth
from django.http.cookie import parse_cookie
from django.utils.crypto import salted_hmac

from sessions.core.refusal import Refuse
from sessions.models import Person
from sessions.models.round_trip import Read, Rows
from sessions.people.second_factor.selectors import refusal_to_enter
from sessions.signaling import database


async def person_of(scope: Mapping[str, Any]) -> Person | Refuse:
    """Refuses `permission.signed_out`, `permission.second_factor`, or `store.down`."""
    cookie = cookie_of(scope)
    if cookie is None:
        return Refuse("permission.signed_out")
    return await database.run(person_behind, cookie)


def cookie_of(scope: Mapping[str, Any]) -> str | None:
    """The login session's key as the browser sent it."""
    headers = [value for name, value in scope["headers"] if name.lower() == b"cookie"]
    cookies = parse_cookie("; ".join(value.decode("latin-1") for value in headers))
    return cookies.get(settings.SESSION_COOKIE_NAME)


def digest_of(scope: Mapping[str, Any]) -> str:
    """What presence may hold of a login session: nobody signs in with it."""
    cookie = cookie_of(scope)
    return salted_hmac("room", cookie, algorithm="sha256").hexdigest() if cookie else ""


@dataclass(frozen=True, slots=True)
class Proof:
    """Digests of the two rows that say who somebody is: while both are the same and the login
    session runs, `person_behind` says the same."""

    login: bytes
    person: bytes


_PROOF: Final = """
SELECT sha256(convert_to(login.session_data, 'UTF8')), sha256(convert_to(person::text, 'UTF8'))
FROM django_session login, group_sessions_person person
WHERE login.session_key = %(login)s AND login.expire_date > now() AND person.id = %(person)s
"""


def proof_asked(cookie: str, person: Person) -> Read[Proof | None]:
    """The proof as it is now; None: the login session is over, or not kept in these rows."""
    return Read(_PROOF, {"login": cookie, "person": person.pk}, _proof)


def _proof(rows: Rows) -> Proof | None:
    return Proof(*map(bytes, rows[0])) if rows else None


def person_behind(cookie: str) -> Person | Refuse:
    """Whose login session it is, by its key. Refuses as `person_of` does; in a thread."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(cookie)
    request: Any = SimpleNamespace(session=store)
    person = auth.get_user(request)
    if not isinstance(person, Person):
        return Refuse("permission.signed_out")
    return refusal_to_enter(store, person) or person
