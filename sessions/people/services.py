"""Writing accounts and the personal details of clients. There is no sign-up.

Owns what an account may look like: an e-mail address that no other account has, a display name
after core.names, and at least one role. Each write and its audit row share one transaction; each
refusal is a value with a stable code and has a row too. Details are opened only by a service that
writes the row of the read; they are sealed before they are stored, and a row names the fields that
changed, never their values. Every service checks permission (core.permissions) first. Must not
know tracks, rooms or pages.
"""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction

from sessions.audit.services import DONE, OPERATOR, record
from sessions.core import names
from sessions.core.account_change import Account, gives_access, needs_second
from sessions.core.permissions import Role, Verb
from sessions.core.personal import Personal, changed, personal
from sessions.core.refusal import Refuse
from sessions.core.typed.email import email_address
from sessions.core.versions import State, stale
from sessions.core.zones import zone_refusal
from sessions.models import AccountRequest, Person, PersonalDetails, Session
from sessions.models.sealing import seal
from sessions.people.access import AccessChange, notify_on_commit
from sessions.people.locked_person import locked_person
from sessions.people.notices import ADDRESS, ROLES, notify_by_mail
from sessions.people.second_manager import account_of, ask_second
from sessions.people.selectors import (
    Actor,
    Opened,
    details_of,
    has_program_manager,
    may,
    opened,
)
from sessions.people.versions import account_state, details_state, open_state


@transaction.atomic
def person_add(
    actor: Actor, email: str, display_name: str, roles: Iterable[Role], *, is_demo: bool = False
) -> Person | Refuse:
    """Makes an account; a program manager's is closed until a second one confirms it.

    Codes: permission.*, person.email, .email_many, .email_taken, .name_*, .no_role.
    """
    wanted = may(actor, Verb.PERSON_ADD) or _checked(email, display_name, roles)
    if isinstance(wanted, Refuse):
        return _refused(actor, Verb.PERSON_ADD, wanted)
    waits = isinstance(actor, Person) and Role.PROGRAM_MANAGER in wanted.roles
    person = Person(is_demo=is_demo, is_active=not waits)
    added = _saved(actor, Verb.PERSON_ADD, person, wanted)
    if isinstance(actor, Person) and isinstance(added, Person) and not added.is_active:
        ask_second(actor, added, AccountRequest.Kind.OPEN)
    return added


@transaction.atomic
def person_change(
    actor: Actor,
    person: Person,
    email: str,
    display_name: str,
    roles: Iterable[Role],
    *,
    seen: State | None = None,
) -> Person | AccountRequest | Refuse:
    """Changes an account as a whole, or asks a second program manager (ACC3). `seen`: the state
    that the form was made from. Codes as person_add, person.last_manager and form.stale."""
    person = locked_person(person.pk)
    wanted = (
        may(actor, Verb.PERSON_CHANGE)
        or stale(seen, account_state(person))
        or _checked(email, display_name, roles)
    )
    if isinstance(wanted, Refuse):
        return _refused(actor, Verb.PERSON_CHANGE, wanted, person)
    if Role.PROGRAM_MANAGER not in wanted.roles and _is_last_manager(person):
        return _refused(actor, Verb.PERSON_CHANGE, Refuse("person.last_manager"), person)
    if isinstance(actor, Person) and needs_second(account_of(person), wanted):
        return ask_second(actor, person, AccountRequest.Kind.CHANGE, wanted)
    return account_write(actor, person, wanted)


def account_write(
    actor: Actor, person: Person, wanted: Account, asked_by: Person | None = None
) -> Person | Refuse:
    """Carries a change out; the caller holds the person's row and has checked who may. What gives
    access ends the person's sign-ins, and the old and the new address are written to (ACC2).

    Codes: person.email_taken, person.last_manager.
    """
    if Role.PROGRAM_MANAGER not in wanted.roles and _is_last_manager(person):
        return _refused(actor, Verb.PERSON_CHANGE, Refuse("person.last_manager"), person)
    before = account_of(person)
    saved = _saved(actor, Verb.PERSON_CHANGE, person, wanted, asked_by)
    if isinstance(saved, Person) and gives_access(fields := before.changed(wanted)):
        _end_login_sessions(saved)
        saved.save(update_fields=["password"])
        changed_roles = "roles" in fields
        lost = AccessChange.ROLES_CHANGED if changed_roles else AccessChange.ADDRESS_CHANGED
        notify_on_commit(saved, lost)
        for address in sorted({before.email, wanted.email}):
            notify_by_mail(address, ADDRESS if "email" in fields else ROLES)
    return saved


@transaction.atomic
def person_deactivate(actor: Actor, person: Person, seen: State | None = None) -> Person | Refuse:
    """Closes an account: it is signed out everywhere, and its rooms are closed to it at once.
    Its record stays.

    Codes: permission.*, person.last_manager, form.stale.
    """
    return _set_active(actor, person, seen, active=False)


@transaction.atomic
def zone_choose(person: Person, typed: str) -> Person | Refuse:
    """The zone that somebody reads times in, chosen by themselves; empty for the device's.

    Codes: permission.*, track.zone_unknown, track.zone_without_place.
    """
    chosen = typed.strip()
    refusal = may(person, Verb.OWN_ZONE) or (zone_refusal(chosen) if chosen else None)
    if refusal:
        return _refused(person, Verb.OWN_ZONE, refusal, person)
    person.zone = chosen
    person.save(update_fields=["zone"])
    record(person, Verb.OWN_ZONE, subject=person)
    return person


@transaction.atomic
def sign_out_everywhere(actor: Actor, person: Person) -> Person:
    """Ends every login session of a person, on every device."""
    person = locked_person(person.pk)
    _end_login_sessions(person)
    person.save(update_fields=["password"])
    record(actor, "account.sign_out_everywhere", subject=person)
    notify_on_commit(person, AccessChange.SIGNED_OUT_EVERYWHERE)
    return person


@transaction.atomic
def person_reactivate(
    actor: Actor, person: Person, seen: State | None = None
) -> Person | AccountRequest | Refuse:
    """Opens a closed account again; a program manager's is opened by two. Codes: permission.*,
    form.stale."""
    may_change = may(actor, Verb.PERSON_CHANGE) is None
    if isinstance(actor, Person) and may_change and Role.PROGRAM_MANAGER in person.role_set:
        if refusal := stale(seen, open_state(person)):
            return _refused(actor, "person.reactivate", refusal, person)
        return ask_second(actor, person, AccountRequest.Kind.OPEN)
    return account_open(actor, person, seen)


def account_open(actor: Actor, person: Person, seen: State | None = None) -> Person | Refuse:
    """Opens a closed account, also a program manager's. Codes: permission.*, form.stale."""
    return _set_active(actor, person, seen, active=True)


@transaction.atomic
def first_manager_add(email: str) -> Person | Refuse:
    """The first account of an installation, made at the command line.

    Codes: person.manager_exists, and those of person_add. Two at once: one of them waits for
    the other and is refused.
    """
    _lock_managers()
    if has_program_manager():
        return _refused(OPERATOR, Verb.PERSON_ADD, Refuse("person.manager_exists"))
    return person_add(OPERATOR, email, "Manager", {Role.PROGRAM_MANAGER})


@transaction.atomic
def details_read(actor: Actor, person: Person) -> Opened | Refuse:
    """For a program manager. Codes: permission.*, details.not_client."""
    refusal = may(actor, Verb.PERSON_DETAILS_READ) or _not_client(person)
    record(actor, Verb.PERSON_DETAILS_READ, refusal.code if refusal else DONE, person)
    return refusal or details_of(person)


@transaction.atomic
def details_read_in(actor: Actor, person: Person, session: Session) -> Opened:
    """For the staff of a session. The caller has checked (`scheduling`) that the actor is staff
    and the person is on the roster. The audit row names the session."""
    record(actor, Verb.SESSION_DETAILS, subject=person, session=session)
    return details_of(person)


@transaction.atomic
def details_change(
    actor: Actor, person: Person, typed: Personal, seen: State | None = None
) -> Personal | Refuse:
    """Changes the details as a whole, but a stored value that did not open stays, unless
    something is typed in its place: its key may only be missing here. `seen`: the state that the
    form was made from. Codes: permission.*, details.*, form.stale."""
    verb = Verb.PERSON_DETAILS_CHANGE
    wanted = may(actor, verb) or _not_client(person) or personal(typed)
    if isinstance(wanted, Refuse):
        return _refused(actor, verb, wanted, person)
    PersonalDetails.objects.get_or_create(person=person)
    stored = PersonalDetails.objects.select_for_update().get(person=person)
    before = opened(stored).values
    if refusal := stale(seen, details_state(before)):
        return _refused(actor, verb, refusal, person)
    fields = set(changed(before, wanted))
    _store(stored, wanted, fields)
    record(actor, verb, subject=person, detail={"fields": ",".join(sorted(fields))})
    return wanted


def _checked(email: str, display_name: str, roles: Iterable[Role]) -> Account | Refuse:
    """The three fields as they are stored, or the refusal of the first that is wrong."""
    role_set = frozenset(roles)
    name, address = names.display_name(display_name), email_address(email)
    if isinstance(address, Refuse):
        return address
    if not _is_email(address):
        return Refuse("person.email")
    if isinstance(name, Refuse):
        return name
    return Account(address, name, role_set) if role_set else Refuse("person.no_role")


def _is_email(address: str) -> bool:
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True


def _saved(
    actor: Actor, verb: str, person: Person, wanted: Account, asked_by: Person | None = None
) -> Person | Refuse:
    """Writes the row. The database decides whether the address is free: two at once, one wins.
    The audit row names the fields that changed, never what was in them (ACC1)."""
    is_new = person._state.adding
    fields = () if is_new else sorted(account_of(person).changed(wanted))
    person.email, person.display_name = wanted.email, wanted.display_name
    person.roles = sorted(wanted.roles)
    if is_new:
        person.set_unusable_password()
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError:
        return _refused(actor, verb, Refuse("person.email_taken"), None if is_new else person)
    detail = {"roles": ",".join(person.roles), **({} if is_new else {"fields": ",".join(fields)})}
    asked = {"asked_by": asked_by.pk} if asked_by else {}
    record(actor, verb, subject=person, detail={**detail, **asked})
    return person


def _set_active(
    actor: Actor, person: Person, seen: State | None, *, active: bool
) -> Person | Refuse:
    verb = "person.reactivate" if active else "person.deactivate"
    person = locked_person(person.pk)
    if refusal := may(actor, Verb.PERSON_CHANGE) or stale(seen, open_state(person)):
        return _refused(actor, verb, refusal, person)
    if not active and _is_last_manager(person):
        return _refused(actor, verb, Refuse("person.last_manager"), person)
    person.is_active = active
    if not active:
        _end_login_sessions(person)
        notify_on_commit(person, AccessChange.ACCOUNT_CLOSED)
    person.save(update_fields=["is_active", "password"])
    record(actor, verb, subject=person)
    return person


def _end_login_sessions(person: Person) -> None:
    """Ends them by a new unusable password: a login session is valid only for the password it
    was made with (`AbstractBaseUser.get_session_auth_hash`)."""
    person.set_unusable_password()


def _is_last_manager(person: Person) -> bool:
    """Whether this person is the only program manager."""
    _lock_managers()
    return Role.PROGRAM_MANAGER in person.role_set and not has_program_manager(besides=person)


def _lock_managers() -> None:
    """Until the transaction ends, nobody else decides who the last program manager is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('program managers'))")


def _refused(actor: Actor, verb: str, refusal: Refuse, subject: Person | None = None) -> Refuse:
    record(actor, verb, refusal.code, subject=subject)
    return refusal


def _store(stored: PersonalDetails, wanted: Personal, fields: set[str]) -> None:
    for name in fields:
        value = wanted.by_name()[name]
        setattr(stored, name, seal(value, stored.place(name)) if value else "")
    stored.save()


def _not_client(person: Person) -> Refuse | None:
    return None if Role.CLIENT in person.role_set else Refuse("details.not_client")
