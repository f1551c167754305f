"""Pages of a program manager: the list of people, adding one, changing one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sessions.core.permissions import Role, Verb
from sessions.core.refusal import Refuse, sentence
from sessions.models import Person
from sessions.people.selectors import people, person_by_public_id
from sessions.people.services import (
    person_add,
    person_change,
    person_deactivate,
    person_reactivate,
)
from sessions.web.access import page, refused, signed_in
from sessions.web.forms import PersonForm, place_refusal
from sessions.web.navigation import desk

ROLE_CHIPS = {
    Role.CLIENT: "client",
    Role.FACILITATOR: "facilitator",
    Role.PROGRAM_MANAGER: "program manager",
}


@require_safe
@page(Verb.PERSON_LIST)
def people_page(request: HttpRequest) -> HttpResponse:
    rows = [
        {
            "display_name": person.display_name,
            "email": person.email,
            "roles": [ROLE_CHIPS[role] for role in ROLE_CHIPS if role in person.role_set],
            "active": person.is_active,
            "url": reverse("person", args=[person.public_id]),
        }
        for person in people()
    ]
    return desk(request, "people/list.html", {"people": rows}, current="people")


@require_http_methods(["GET", "HEAD", "POST"])
@page(Verb.PERSON_ADD)
def person_add_page(request: HttpRequest) -> HttpResponse:
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        added = person_add(signed_in(request), *_typed(form))
        if isinstance(added, Person):
            messages.success(request, f"{added.display_name} is added and can sign in.")
            return redirect("people")
        place_refusal(form, added, PersonForm.refusal_fields)
    return _form_page(request, form, heading="Add a person", action="Add")


@require_http_methods(["GET", "HEAD", "POST"])
@page(Verb.PERSON_CHANGE)
def person_page(request: HttpRequest, public_id: str) -> HttpResponse:
    person = person_by_public_id(public_id)
    if person is None:
        return refused(request, Verb.PERSON_CHANGE, Refuse("person.unknown"))
    form = PersonForm(request.POST or None, initial=_shown(person))
    if request.method == "POST" and form.is_valid():
        changed = person_change(signed_in(request), person, *_typed(form))
        if isinstance(changed, Person):
            messages.success(request, f"{changed.display_name} is changed.")
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
    change = person_reactivate if request.POST.get("active") == "1" else person_deactivate
    changed = change(signed_in(request), person)
    if isinstance(changed, Refuse):
        messages.warning(request, sentence(changed))
    return redirect("person", public_id)


def _form_page(
    request: HttpRequest,
    form: PersonForm,
    *,
    heading: str,
    action: str,
    person: Person | None = None,
) -> HttpResponse:
    context = {"form": form, "heading": heading, "action": action, "person": person}
    status = 422 if form.is_bound else 200
    return desk(request, "people/form.html", context, current="people", status=status)


def _typed(form: PersonForm) -> tuple[str, str, frozenset[Role]]:
    typed = form.cleaned_data
    return typed["email"], typed["display_name"], frozenset(Role(role) for role in typed["roles"])


def _shown(person: Person) -> dict[str, object]:
    return {
        "email": person.email,
        "display_name": person.display_name,
        "roles": person.roles,
    }
