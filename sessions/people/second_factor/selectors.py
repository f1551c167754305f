"""Reading second factors: which ones a person has, and what a login session has proved and when.

Owns the facts behind the rule in `core.second_factor`, taken from the login session (allauth's
list of methods used in it, and the instant of the last activity) and from allauth's rows. Pages
and sockets ask here. Must not know pages, rooms or how a factor is presented.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import urlsplit

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from sessions.core import second_factor as rule
from sessions.core.refusal import Refuse
from sessions.core.second_factor import LoginFacts, Step
from sessions.models import Person

ACTIVE_AT: Final = "active_at"  # key of the login session: seconds since 1970
OFFER: Final = "offer_passkey"  # key of the login session: the first page offers one
CODES: Final = {
    Step.SET_UP: "permission.second_factor",
    Step.CONFIRM: "permission.second_factor",
    Step.UNLOCK: "permission.locked",
}
TYPES: Final = Authenticator.Type


@dataclass(frozen=True, slots=True)
class Factor:
    """One passkey or one authenticator app, as its owner's page lists it."""

    pk: int
    kind: str  # "passkey" or "app"
    name: str
    added_at: datetime
    used_at: datetime | None


def needs_second_factor(person: Person) -> bool:
    """SF1, of a person as the rows are now. Demo people are exempt where there is a demo."""
    return rule.is_required(person.role_set, exempt=person.is_demo and settings.THIRDS_DEMO)


def has_factor(person: Person, *, besides: int | None = None) -> bool:
    """Whether there is a passkey or an app; recovery codes alone are none. One query."""
    rows = Authenticator.objects.filter(user=person).exclude(type=TYPES.RECOVERY_CODES)
    return bool(rows.exclude(pk=besides).exists())


def factors(person: Person) -> list[Factor]:
    """A person's passkeys and app, oldest first."""
    rows = Authenticator.objects.filter(user=person).exclude(type=TYPES.RECOVERY_CODES)
    return [_factor(row) for row in rows.order_by("pk")]


def codes_left(person: Person) -> int | None:
    """How many recovery codes still work; None if there never were any."""
    row = Authenticator.objects.filter(user=person, type=TYPES.RECOVERY_CODES).first()
    if row is None:
        return None
    return int(settings.MFA_RECOVERY_CODE_COUNT - row.data["used_mask"].bit_count())


def step_to_enter(session: SessionBase, person: Person) -> Step:
    """What is missing before the room: its page and its socket. At most one query."""
    facts, required, known = _known(session, person)
    return rule.step_to_enter(facts, required=required, has_factor=known)


def step_to_read(session: SessionBase, person: Person, now: datetime) -> Step:
    """What is missing before any other page. At most one query."""
    facts, required, known = _known(session, person)
    return rule.step_to_read(facts, required=required, has_factor=known, now=now)


def refusal_to_enter(session: SessionBase, person: Person) -> Refuse | None:
    """`step_to_enter` as a refusal, for a socket."""
    step = step_to_enter(session, person)
    return Refuse(CODES[step]) if step is not Step.OPEN else None


def left_s(session: SessionBase, person: Person, now: datetime) -> int | None:
    """Seconds until this person's pages are locked; None if they never are."""
    if not needs_second_factor(person):
        return None
    return rule.left_s(facts_of(session, person), now)


def may_change_factors(session: SessionBase, person: Person, now: datetime) -> bool:
    """SF4. Anyone signed in may add a first factor. Later changes need a fresh proof: a second
    factor where one is required, otherwise an e-mailed code counts too."""
    if not has_factor(person) and needs_second_factor(person):
        return True
    methods = {"mfa"} if needs_second_factor(person) else {"mfa", "code"}
    return rule.is_fresh(_shown_at(session, person, methods), now)


def shown_lately(session: SessionBase, person: Person, now: datetime) -> bool:
    """ACC2. Whether a second factor was shown lately enough to open somebody's account; where
    none is asked for (a demo), nothing is."""
    if not needs_second_factor(person):
        return True
    return rule.is_fresh(_shown_at(session, person, {"mfa"}), now)


def facts_of(session: SessionBase, person: Person) -> LoginFacts:
    """What the login session holds about this person; values of another person are ignored."""
    active = session.get(ACTIVE_AT)
    return LoginFacts(
        proved_at=_shown_at(session, person, {"mfa"}),
        active_at=datetime.fromtimestamp(active, UTC) if active is not None else None,
    )


def passkeys_work() -> bool:
    """Whether browsers make passkeys for this address: never for a bare IP address (WebAuthn
    Level 3, 5.1.2: the origin's effective domain has to be a domain)."""
    try:
        ip_address(urlsplit(settings.THIRDS_ORIGIN).hostname or "")
    except ValueError:
        return True
    return False


def _known(session: SessionBase, person: Person) -> tuple[LoginFacts, bool, bool]:
    """Facts, whether a factor is required, and whether there is one (queried only if needed)."""
    facts, required = facts_of(session, person), needs_second_factor(person)
    return facts, required, required and facts.proved_at is None and has_factor(person)


def _shown_at(session: SessionBase, person: Person, methods: Collection[str]) -> datetime | None:
    """When one of these was last shown in this login session, by this person."""
    request: Any = SimpleNamespace(session=session)
    records = get_authentication_records(request, person)
    instants = [one["at"] for one in records if one.get("method") in methods]
    return datetime.fromtimestamp(max(instants), UTC) if instants else None


def _factor(row: Authenticator) -> Factor:
    is_passkey = row.type == TYPES.WEBAUTHN
    name = row.data["name"] if is_passkey else "Authenticator app"
    kind = "passkey" if is_passkey else "app"
    return Factor(row.pk, kind, name, row.created_at, row.last_used_at)
