"""The matrix, pages: every role set and context against every address, by real requests.

What is expected comes from the table alone; what is found, from the answer, the rows and the
audit log. Each request is rolled back.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.test import Client

from server import surface
from server.surface import WITHIN, Address
from sessions.core.permissions import Role, Verb, allowed
from sessions.models import Person
from sessions.people.selectors import principal_of
from tests.permissions.principals import ROLE_SETS, Case, Context, case
from tests.permissions.rows import fingerprint, newest, written
from tests.web.conftest import signed_in

pytestmark = pytest.mark.django_db

PAGES = [one for one in surface.addresses() if one.verb]
OF_SESSION = ("/sessions/", "/rooms/")
OF_TABLE = {"permission.role", "permission.not_staff", "seat.not_on_roster", "seat.removed"}
OUT = "permission.signed_out"
FORMS = {
    "attendance": {"person": "x", "segment": "0", "minutes": "1", "reason": "x"},
    "person_details": {"phone": "+1 555 010 2030"},
}
Ask = Callable[[Client, str], Any]


@dataclass
class Findings:
    """What was wrong, cell by cell; and who got past the table where."""

    wrong: list[str] = field(default_factory=list)
    passed: set[Verb] = field(default_factory=set)

    def expect(self, cell: str, found: object, expected: object) -> None:
        if found != expected:
            self.wrong.append(f"{cell}: found {found}, expected {expected}")


def is_of_session(address: Address) -> bool:
    return address.route.startswith(OF_SESSION)


def where(address: Address, one: Case) -> str:
    """The address, about this case's session, its track, or somebody on its roster."""
    sam = one.evening["Sam"].public_id
    kind = address.route.split("/")[1]
    owner = {"people": sam, "tracks": one.session.track.public_id}
    public_id = owner.get(kind, one.session.public_id)
    return address.route.replace("<id:key>", sam).replace("<id:public_id>", public_id)


def get_or_post(browser: Client, path: str) -> Any:
    """What a link does; where there is no page to read, what its button does."""
    answer = browser.get(path)
    return browser.post(path) if answer.status_code == 405 else answer


def outcome(answer: Any, rows: list[tuple[int | None, str, str]]) -> str:
    """Empty: past the table. Else the code with which the table said no."""
    if answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in/"):
        return OUT
    told = rows[-1][2] if answer.status_code == 403 and rows else ""
    return told if told in OF_TABLE else ""


def ask(  # noqa: PLR0917  # a cell's parts
    browser: Client, one: Case, address: Address, verb: Verb, how: Ask, found: Findings
) -> None:
    """One cell: the request, then the answer, the rows and the audit log against the table."""
    about = one.principal() if is_of_session(address) else principal_of(_signed(one))
    refused = allowed(verb, about)
    cell, before, since = f"{verb} for {one}", fingerprint(), newest()
    with transaction.atomic():
        answer = how(browser, where(address, one))
        rows = written(since)
        got = outcome(answer, rows)
        found.expect(cell, got, refused.code if refused else "")
        if got:
            found.expect(f"{cell}, rows", fingerprint() == before, True)
            told = [(one.person.pk if one.signed_in else None, verb.value, got)]
            silent = got == OUT and not is_of_session(address)
            found.expect(f"{cell}, audit", rows, [] if silent else told)
        else:
            found.passed.add(verb)
        transaction.set_rollback(True)


def _signed(one: Case) -> Person | None:
    return one.person if one.signed_in else None


def walk(one: Case) -> Findings:
    """Every address, and what is sent to those that are read under another verb."""
    found, browser = Findings(), signed_in(_signed(one))
    for address in PAGES:
        everywhere = one.context in {Context.IN_ROOM, Context.SIGNED_OUT}
        if is_of_session(address) or everywhere:
            assert address.verb is not None
            ask(browser, one, address, address.verb, get_or_post, found)
    for verb, name in WITHIN.items():
        (address,) = [page for page in PAGES if page.name == name]
        if address.verb in found.passed:
            ask(browser, one, address, verb, partial(Client.post, data=FORMS[name]), found)
    return found


@pytest.mark.parametrize("context", Context)
@pytest.mark.parametrize("roles", ROLE_SETS, ids=lambda roles: "+".join(sorted(roles)) or "none")
def test_matrix_of_pages(roles: frozenset[Role], context: Context, settings: LazySettings) -> None:
    """Kills: a view under another page's verb; a refusal that leaves no row; a page that writes
    before it asks; a table that answers by role where it has to answer by session."""
    settings.THIRDS_STAFF_PHONE = ""
    found = walk(case(context, roles, 1))
    assert found.wrong == []
    assert invariants(found.passed, roles, context) == []


def invariants(passed: set[Verb], roles: frozenset[Role], context: Context) -> list[str]:
    """What holds whatever the table says. Written by hand, on purpose.

    Kills: the manager's line with ROOM_PAGE in it; READING granted by the role of facilitator.
    """
    people = {verb for verb in passed if verb.startswith(("person.", "track."))}
    records = passed & {Verb.SESSION_ROSTER, Verb.SESSION_DETAILS, Verb.ATTENDANCE_READ}
    manages, leads = Role.PROGRAM_MANAGER in roles, Role.FACILITATOR in roles
    broken = {
        "nobody who is signed out gets anything": bool(passed) and context is Context.SIGNED_OUT,
        "only a manager sees people and tracks": bool(people) and not manages,
        "a client sees no roster": bool(records) and not (manages or leads),
        "a manager enters no room": Verb.ROOM_PAGE in passed and not roles - {Role.PROGRAM_MANAGER},
        "another session's room is closed": Verb.ROOM_PAGE in passed and context is Context.OTHER,
        "another session's record is closed": bool(records)
        and context is Context.OTHER
        and not manages,
        "who was removed stays out": Verb.ROOM_PAGE in passed and context is Context.REMOVED,
        "minutes are the facilitator's word": Verb.ATTENDANCE_CORRECT in passed and not leads,
    }
    return [rule for rule, is_broken in broken.items() if is_broken]
