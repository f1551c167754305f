"""Pages of a program manager: the list of people, adding and changing a person."""

from collections.abc import Callable, Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sessions.audit.services import READ, record
from sessions.core.permissions import Role, Verb
from sessions.core.refusal import Refuse, sentence
from sessions.core.second_factor import STAFF
from sessions.core.typed.email import email_address, shown_email
from sessions.core.versions import written
from sessions.models import AccountRequest, Person
from sessions.people.codes.guesses import codes_allow, stopped_accounts
from sessions.people.confirming import request_confirm, request_withdraw
from sessions.people.second_factor.selectors import has_factor
from sessions.people.second_factor.services import second_factor_reset
from sessions.people.second_manager import waiting
from sessions.people.selectors import people, person_by_public_id
from sessions.people.services import (
    person_add,
    person_change,
    person_deactivate,
    person_reactivate,
)
from sessions.people.versions import account_state, factors_state, open_state
from sessions.web.access import page, refused, signed_in
from sessions.web.forms import PersonForm, place_refusal, posted
from sessions.web.navigation import desk
from sessions.web.sign_in.second_factor.guard import gate_fresh
from sessions.web.versioned import seen_in

Changed = Person | AccountRequest | Refuse
ROLE_CHIPS = {
    Role.CLIENT: "client",
    Role.FACILITATOR: "facilitator",
    Role.PROGRAM_MANAGER: "program manager",
}
OPEN_OR_CLOSE = {
    "0": (person_deactivate, "The account is closed."),
    "1": (person_reactivate, "The account is open again."),
}
ROLE_FILTERS = {role.value: f"{chip.capitalize()}s" for role, chip in ROLE_CHIPS.items()}
CLOSED = "closed"
WAITS = (
    "This waits for a second program manager, who confirms it in the list of people. "
    "If there is none, the operator does, at the machine."
)
REQUEST_WORDS = {
    AccountRequest.Kind.CHANGE: "{asked_by} asks to change the account of {name}.",
    AccountRequest.Kind.RESET: "{asked_by} asks to start the sign-in of {name} over.",
    AccountRequest.Kind.OPEN: "{asked_by} asks to open the account of {name}.",
}


@require_safe
@page(Verb.PERSON_LIST)
def people_page(request: HttpRequest) -> HttpResponse:
    record(signed_in(request), Verb.PERSON_LIST)
    everybody = sorted(people(), key=by_name)
    wanted = request.GET.get("show", "")
    stopped = stopped_accounts(everybody, timezone.now())
    shown = [person for person in everybody if is_shown(person, wanted)]
    rows = [{**person_row(person), "stopped": person.pk in stopped} for person in shown]
    context = {
        "people": rows,
        "filters": filters(everybody, wanted),
        "stopped": len(stopped),
        "requests": [request_row(one, signed_in(request)) for one in waiting()],
    }
    return desk(request, "people/list.html", context, current="people")


def by_name(person: Person) -> tuple[bool, str, int]:
    """Sort key: open accounts first, then by name without regard to case."""
    return not person.is_active, person.display_name.casefold(), person.pk


def is_shown(person: Person, wanted: str) -> bool:
    """Whether the list shows this person: open accounts of a role, the closed ones, or all."""
    if wanted in ROLE_FILTERS:
        return person.is_active and wanted in person.roles
    return wanted != CLOSED or not person.is_active


def filters(everybody: Sequence[Person], wanted: str) -> list[dict[str, object]]:
    """The filters of the list, each with its count. None is by name, because a URL holds no
    name."""
    labels = {"": "All", **ROLE_FILTERS, CLOSED: "Closed"}
    return [
        {
            "url": f"?show={key}" if key else reverse("people"),
            "label": label,
            "count": sum(is_shown(person, key) for person in everybody),
            "current": key == wanted,
        }
        for key, label in labels.items()
    ]


def person_row(person: Person) -> dict[str, object]:
    return {
        "display_name": person.display_name,
        "email": shown_email(person.email),
        "roles": [ROLE_CHIPS[role] for role in ROLE_CHIPS if role in person.role_set],
        "active": person.is_active,
        "url": reverse("person", args=[person.public_id]),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@page(Verb.PERSON_ADD)
def person_add_page(request: HttpRequest) -> HttpResponse:
    form = PersonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        email, name, roles = _typed(form)
        if STAFF & roles and (missing := gate_fresh(request, signed_in(request), Verb.PERSON_ADD)):
            return missing
        added = person_add(signed_in(request), email, name, roles)
        if isinstance(added, Person):
            name = added.display_name
            done = f"{name} is added and can sign in."
            messages.success(request, done if added.is_active else f"{name} is added. {WAITS}")
            return redirect("people")
        place_refusal(form, added, PersonForm.refusal_fields)
    return _form_page(request, form, heading="Add a person", action="Add")


@require_http_methods(["GET", "HEAD", "POST"])
@page(Verb.PERSON_CHANGE)
def person_page(request: HttpRequest, public_id: str) -> HttpResponse:
    person = person_by_public_id(public_id)
    if person is None:
        return refused(request, Verb.PERSON_CHANGE, Refuse("person.unknown"))
    if request.method != "POST":
        record(signed_in(request), Verb.PERSON_CHANGE, READ, person)
    form = PersonForm(posted(request), initial=PersonForm.initial_of(account_state(person)))
    if request.method == "POST" and form.is_valid():
        email, name, roles = _typed(form)
        opens = (roles, email_address(email)) != (person.role_set, person.email)
        if opens and (missing := gate_fresh(request, signed_in(request), Verb.PERSON_CHANGE)):
            return missing
        changed = person_change(signed_in(request), person, email, name, roles, seen=form.seen)
        if not isinstance(changed, Refuse):
            done = f"{changed.display_name} is changed."
            messages.success(request, done if isinstance(changed, Person) else WAITS)
            return redirect("people")
        place_refusal(form, changed, PersonForm.refusal_fields)
    heading = f"Change {person.display_name}"
    return _form_page(request, form, heading=heading, action="Save", person=person)


@require_POST
@page(Verb.PERSON_CHANGE)
def person_close(request: HttpRequest, public_id: str) -> HttpResponse:
    """Closes an account, or opens it again (`active` says which)."""
    person = person_by_public_id(public_id)
    if person is None:
        return refused(request, Verb.PERSON_CHANGE, Refuse("person.unknown"))
    asked = OPEN_OR_CLOSE.get(request.POST.get("active", ""))
    if asked is None:
        return HttpResponseBadRequest()
    change, done = asked
    opens = change is person_reactivate
    if opens and (missing := gate_fresh(request, signed_in(request), Verb.PERSON_CHANGE)):
        return missing
    return said(request, change(signed_in(request), person, seen_in(request)), done, public_id)


@require_POST
@page(Verb.PERSON_CHANGE)
def person_start_over(request: HttpRequest, public_id: str) -> HttpResponse:
    """Resets the second factor of somebody who lost it."""
    return changed_freshly(
        request,
        public_id,
        lambda person: second_factor_reset(signed_in(request), person, seen_in(request)),
        "{} is signed out and sets it up again.",
    )


@require_POST
@page(Verb.PERSON_CHANGE)
def person_allow_codes(request: HttpRequest, public_id: str) -> HttpResponse:
    """Lets codes work again for somebody after too many wrong ones."""
    return changed_freshly(
        request,
        public_id,
        lambda person: codes_allow(signed_in(request), person),
        "Codes work again for {}.",
    )


@require_POST
@page(Verb.PERSON_CHANGE)
def account_request(request: HttpRequest, public_id: str) -> HttpResponse:
    """Confirms what another program manager asked for, or takes it back (`do` says which)."""
    manager = signed_in(request)
    if request.POST.get("do") == "withdraw":
        return said(request, request_withdraw(manager, public_id), "It is taken back.")
    if request.POST.get("do") != "confirm":
        return HttpResponseBadRequest()
    if missing := gate_fresh(request, manager, Verb.PERSON_CHANGE):
        return missing
    return said(request, request_confirm(manager, public_id), "It is confirmed, and done.")


def changed_freshly(
    request: HttpRequest, public_id: str, change: Callable[[Person], Changed], done: str
) -> HttpResponse:
    """A change of a person that wants a factor shown just now (ACC2); `done` has a place for the
    name."""
    person = person_by_public_id(public_id)
    if person is None:
        return refused(request, Verb.PERSON_CHANGE, Refuse("person.unknown"))
    if missing := gate_fresh(request, signed_in(request), Verb.PERSON_CHANGE):
        return missing
    return said(request, change(person), done.format(person.display_name), public_id)


def said(
    request: HttpRequest,
    outcome: Changed,
    done: str,
    public_id: str = "",
) -> HttpResponse:
    """Back to the person, or the list, with a sentence on what came of it."""
    if isinstance(outcome, Refuse):
        messages.warning(request, sentence(outcome))
    else:
        messages.success(request, done if isinstance(outcome, Person) else WAITS)
    return redirect("person", public_id) if public_id else redirect("people")


def request_row(one: AccountRequest, reader: Person) -> dict[str, object]:
    """A change that waits, as the list shows it."""
    words = REQUEST_WORDS[AccountRequest.Kind(one.kind)]
    return {
        "words": words.format(asked_by=one.asked_by.display_name, name=one.person.display_name),
        "email": shown_email(one.email),
        "roles": [ROLE_CHIPS[role] for role in ROLE_CHIPS if role in one.role_set],
        "own": one.asked_by == reader,
        "url": reverse("account_request", args=[one.public_id]),
    }


def _form_page(
    request: HttpRequest,
    form: PersonForm,
    *,
    heading: str,
    action: str,
    person: Person | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "heading": heading,
        "action": action,
        "person": person,
        "stopped": person is not None and stopped_accounts([person], timezone.now()),
        "has_factor": person is not None and has_factor(person),
        "is_client": person is not None and Role.CLIENT in person.role_set,
        "open_version": written(open_state(person)) if person else "",
        "factors_version": written(factors_state(person)) if person else "",
    }
    status = 422 if form.is_bound else 200
    return desk(request, "people/form.html", context, current="people", status=status)


def _typed(form: PersonForm) -> tuple[str, str, frozenset[Role]]:
    typed = form.cleaned_data
    return typed["email"], typed["display_name"], frozenset(Role(role) for role in typed["roles"])
