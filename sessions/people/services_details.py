"""Personal details of clients: read for somebody, and changed, each with its audit row.

Owns that nothing is opened without a row that says for whom. Values are sealed before they are
stored; the row names the fields that were changed, never what is in them.
"""

from django.db import transaction

from sessions.audit.services import DONE, record
from sessions.core.permissions import Role, Verb
from sessions.core.personal import Personal, changed, personal
from sessions.core.refusal import Refuse
from sessions.models import Person, PersonalDetails, Session
from sessions.models.sealing import seal
from sessions.people.selectors import Actor, may
from sessions.people.selectors_details import Opened, details_of, opened


@transaction.atomic
def details_read(actor: Actor, person: Person) -> Opened | Refuse:
    """For a program manager. Codes: permission.*, details.not_client."""
    refusal = may(actor, Verb.PERSON_DETAILS_READ) or _not_client(person)
    record(actor, Verb.PERSON_DETAILS_READ, refusal.code if refusal else DONE, person)
    return refusal or details_of(person)


@transaction.atomic
def details_read_in(actor: Actor, person: Person, session: Session) -> Opened:
    """For the staff of a session, who were found to be that and the person to be on its roster
    (`scheduling` knows). The row names the session."""
    record(actor, Verb.SESSION_DETAILS, subject=person, session=session)
    return details_of(person)


@transaction.atomic
def details_change(actor: Actor, person: Person, typed: Personal) -> Personal | Refuse:
    """Changes the details as a whole. Codes: permission.*, details.*."""
    verb = Verb.PERSON_DETAILS_CHANGE
    wanted = may(actor, verb) or _not_client(person) or personal(typed)
    if isinstance(wanted, Refuse):
        record(actor, verb, wanted.code, person)
        return wanted
    PersonalDetails.objects.get_or_create(person=person)
    stored = PersonalDetails.objects.select_for_update().get(person=person)
    before = opened(stored)
    fields = {*changed(before.values, wanted), *before.broken}
    _store(stored, wanted, fields)
    record(actor, verb, subject=person, detail={"fields": ",".join(sorted(fields))})
    return wanted


def _store(stored: PersonalDetails, wanted: Personal, fields: set[str]) -> None:
    for name in fields:
        value = wanted.by_name()[name]
        setattr(stored, name, seal(value, stored.place(name)) if value else "")
    stored.save()


def _not_client(person: Person) -> Refuse | None:
    return None if Role.CLIENT in person.role_set else Refuse("details.not_client")
