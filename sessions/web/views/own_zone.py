"""The time zone that somebody reads times in: a page of one's own, for anybody signed in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.people.services import zone_choose
from sessions.web import words
from sessions.web.access import page, signed_in
from sessions.web.clocks import device_zone
from sessions.web.forms import ZoneForm, place_refusal, posted
from sessions.web.navigation import desk


@require_http_methods(["GET", "HEAD", "POST"])
@page(Verb.OWN_ZONE)
def own_zone_page(request: HttpRequest) -> HttpResponse:
    person = signed_in(request)
    form = ZoneForm(posted(request), initial={"zone": person.zone})
    if request.method == "POST" and form.is_valid():
        chosen = zone_choose(person, form.cleaned_data["zone"])
        if not isinstance(chosen, Refuse):
            messages.success(request, "Saved. Times are shown by this clock from now on.")
            return redirect("home")
        place_refusal(form, chosen, ZoneForm.refusal_fields)
    device = device_zone(request)
    context = {"form": form, "device": words.zone_name(device) if device else ""}
    status = 422 if form.is_bound else 200
    return desk(request, "own/zone.html", context, current="own_zone", status=status)
