"""The states that forms about accounts are made from (core.versions)."""

from allauth.mfa.models import Authenticator

from sessions.core.personal import Personal
from sessions.core.typed.email import shown_email
from sessions.core.versions import State
from sessions.models import Person


def account_state(person: Person) -> State:
    return {
        "display_name": (person.display_name,),
        "email": (shown_email(person.email),),
        "roles": tuple(sorted(person.roles)),
    }


def open_state(person: Person) -> State:
    """Of the forms that close an account and open it again."""
    return {"open": ("1",) if person.is_active else ()}


def details_state(details: Personal) -> State:
    """The opened values: what is shown, whatever key each is sealed with."""
    return {name: (value,) for name, value in details.by_name().items()}


def factors_state(person: Person) -> State:
    """Every row of a second factor, recovery codes too. One query."""
    rows = Authenticator.objects.filter(user=person).order_by("pk")
    return {"factors": tuple(str(pk) for pk in rows.values_list("pk", flat=True))}


def codes_state(person: Person) -> State:
    """The set of recovery codes there is. One query."""
    rows = Authenticator.objects.filter(user=person, type=Authenticator.Type.RECOVERY_CODES)
    return {"codes": tuple(str(pk) for pk in rows.values_list("pk", flat=True))}
