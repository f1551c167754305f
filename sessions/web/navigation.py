"""The navigation links, for people who manage or lead. A client has one page and no links."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from sessions.core.permissions import Principal, Verb, allowed
from sessions.core.second_factor import IDLE
from sessions.people.second_factor.selectors import needs_second_factor
from sessions.people.selectors import principal_of
from sessions.web.access import signed_in

ENTRIES = (
    (Verb.HOME, "home", "home", "Today"),
    (Verb.TRACK_LIST, "tracks", "list", "Tracks"),
    (Verb.PERSON_LIST, "people", "people", "People"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    url: str
    icon: str
    label: str
    current: bool


def navigation(principal: Principal, current: str) -> list[Entry]:
    """The pages this person may open; empty when that is only the first page."""
    entries = [
        Entry(reverse(name), icon, label, name == current)
        for verb, name, icon, label in ENTRIES
        if allowed(verb, principal) is None
    ]
    return entries if len(entries) > 1 else []


def desk(
    request: HttpRequest,
    template: str,
    context: Mapping[str, object],
    *,
    current: str,
    status: int = 200,
) -> HttpResponse:
    """A page in the shell, with the signed-in person's navigation."""
    person = signed_in(request)
    extra = {
        "navigation": navigation(principal_of(person), current),
        "lock_s": int(IDLE.total_seconds()) if needs_second_factor(person) else 0,
    }
    return render(request, template, {**context, **extra}, status=status)
