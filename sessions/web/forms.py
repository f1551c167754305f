"""The forms of the pages: what was typed, parsed. Rules stay in the core and the services.

`place_refusal` puts a service's refusal beside its field, so that what was typed is kept. The
forms find missing values and wrong choices, all at once, and show the same sentence as the rule
(`said`); every other rule belongs to the services.
"""

import datetime as dt
from collections.abc import Mapping

from django import forms
from django.http import HttpRequest, QueryDict

from sessions.core.permissions import Role
from sessions.core.personal import FIELDS
from sessions.core.refusal import Refuse, sentence
from sessions.core.versions import Stale
from sessions.core.zones import COMMON, places
from sessions.web.versioned import VersionedForm

DAY_MINUTES = 24 * 60
WEEKDAYS = [
    (0, "Monday"),
    (1, "Tuesday"),
    (2, "Wednesday"),
    (3, "Thursday"),
    (4, "Friday"),
    (5, "Saturday"),
    (6, "Sunday"),
]
ROLE_WORDS = [
    (Role.CLIENT.value, "Client: joins the group"),
    (Role.FACILITATOR.value, "Facilitator: leads sessions"),
    (Role.PROGRAM_MANAGER.value, "Program manager: people and tracks"),
]


def place_refusal(form: forms.BaseForm, refusal: Refuse, fields: Mapping[str, str]) -> None:
    """Shows a refusal at the field that `fields` names for its code, else above the form. A stale
    form shows what others have changed."""
    if isinstance(refusal, Stale) and isinstance(form, VersionedForm):
        form.show_now(refusal)
    else:
        form.add_error(fields.get(refusal.code), sentence(refusal))


def posted(request: HttpRequest) -> QueryDict | None:
    """What was typed, an empty form too; None when nothing was sent."""
    return request.POST if request.method == "POST" else None


def said(code: str) -> str:
    """The sentence of a refusal that needs no detail."""
    return sentence(Refuse(code))


def _input(kind: type[forms.Widget], **attributes: str) -> forms.Widget:
    return kind(attrs={"class": "input", **attributes})


def _clock_input() -> forms.Widget:
    """A time as the browser's own field takes it, without seconds."""
    return forms.TimeInput(format="%H:%M", attrs={"class": "input", "type": "time"})


class PersonForm(VersionedForm):
    """A person: the name to show, the e-mail address to sign in with, a set of roles."""

    display_name = forms.CharField(
        label="Name to show",
        help_text="First name, or first name and initial. Others in the group see it.",
        widget=_input(forms.TextInput, autocomplete="off", maxlength="48"),
        error_messages={"required": "Type the name that others may see."},
    )
    email = forms.CharField(
        label="E-mail",
        help_text="Codes for signing in go here. Nobody else in a group sees it.",
        widget=_input(forms.EmailInput, autocomplete="off", spellcheck="false"),
        error_messages={
            "required": "Type the e-mail address that codes go to.",
        },
    )
    roles = forms.MultipleChoiceField(
        label="Roles",
        choices=ROLE_WORDS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": said("person.no_role"),
            "invalid_choice": said("person.no_role"),
        },
    )

    refusal_fields: Mapping[str, str] = {
        "person.email_taken": "email",
        "person.email": "email",
        "person.email_many": "email",
        "person.name_length": "display_name",
        "person.name_sign": "display_name",
        "person.name_characters": "display_name",
        "person.name_letter": "display_name",
        "person.last_manager": "roles",
    }


def _phone(label: str, help_text: str) -> forms.CharField:
    widget = _input(forms.TextInput, type="tel", autocomplete="off", maxlength="40")
    return forms.CharField(label=label, help_text=help_text, required=False, widget=widget)


class DetailsForm(VersionedForm):
    """Personal details of a client; every field may stay empty."""

    address = forms.CharField(
        label="Address during sessions",
        help_text="With the apartment and the state: where help would have to come.",
        required=False,
        widget=_input(forms.TextInput, autocomplete="off", maxlength="200"),
    )
    phone = _phone("Phone to call back", "If the connection drops.")
    contact_name = forms.CharField(
        label="Emergency contact",
        help_text="A name, and who it is: sister, neighbor.",
        required=False,
        widget=_input(forms.TextInput, autocomplete="off", maxlength="60"),
    )
    contact_phone = _phone("Phone of the contact", "At any hour.")
    local_emergency = _phone(
        "Emergency services there",
        "The ten-digit number for this address. A call to 911 reaches the caller’s own.",
    )

    refusal_fields: Mapping[str, str] = {f"details.{name}": name for name in FIELDS}


def zone_choices() -> list[tuple[str, str]]:
    """Suggestions: the common ones with their everyday names, then all others."""
    others = sorted(places() - COMMON.keys())
    return [*COMMON.items(), *((zone, zone.replace("_", " ")) for zone in others)]


ZONE_INPUT = {"list": "zones", "autocomplete": "off", "spellcheck": "false"}


class ZoneForm(forms.Form):
    """The zone that a person reads times in; empty for that of each device."""

    zone = forms.CharField(
        label="Time zone",
        required=False,
        max_length=64,
        help_text="A place on this clock, like America/New_York. Empty: the clock of your device.",
        widget=_input(forms.TextInput, **ZONE_INPUT),
    )

    refusal_fields: Mapping[str, str] = {
        "track.zone_unknown": "zone",
        "track.zone_without_place": "zone",
    }
    zones = staticmethod(zone_choices)


class TrackForm(VersionedForm):
    """A track on one form. The view gives the choices of people and templates."""

    name = forms.CharField(
        label="Name",
        help_text="For staff only. Clients never see it.",
        widget=_input(forms.TextInput, autocomplete="off", maxlength="60"),
        error_messages={"required": said("track.name")},
    )
    weekdays = forms.TypedMultipleChoiceField(
        label="Days",
        choices=WEEKDAYS,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": said("track.no_days"),
            "invalid_choice": said("track.no_days"),
        },
    )
    local_start = forms.TimeField(
        label="Starts at",
        widget=_clock_input(),
        error_messages={"required": "Say when it starts.", "invalid": "Type it like 5:30 PM."},
        input_formats=["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p"],
    )
    local_end = forms.TimeField(
        label="Ends at",
        help_text="An end at midnight or after it is on the next day.",
        widget=_clock_input(),
        error_messages={"required": "Say when it ends.", "invalid": "Type it like 9:00 PM."},
        input_formats=["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p"],
    )
    zone = forms.CharField(
        label="Time zone",
        initial="America/New_York",
        help_text="The clock on the wall there counts, also when it changes in spring and autumn.",
        widget=_input(forms.TextInput, **ZONE_INPUT),
        error_messages={"required": said("track.zone_unknown")},
    )
    first_date = forms.DateField(
        label="First day",
        widget=_input(forms.DateInput, type="date"),
        error_messages={"required": "Say when it begins.", "invalid": "Type it like 2026-11-30."},
    )
    weeks = forms.IntegerField(
        label="Weeks",
        initial=12,
        widget=_input(forms.NumberInput, min="1", max="104"),
        error_messages={"required": "Say for how many weeks.", "invalid": "Type a whole number."},
    )
    template = forms.TypedChoiceField(
        label="Agenda",
        coerce=int,
        widget=_input(forms.Select),
        error_messages={
            "required": said("track.template"),
            "invalid_choice": said("track.template"),
        },
    )
    seats = forms.IntegerField(
        label="Seats for clients",
        initial=12,
        help_text="At most 15.",
        widget=_input(forms.NumberInput, min="1", max="15"),
        error_messages={"required": "Say how many seats.", "invalid": "Type a whole number."},
    )
    uses_curriculum = forms.BooleanField(
        label="Topics from the twelve-week curriculum", required=False
    )
    facilitators = forms.TypedMultipleChoiceField(
        label="Facilitators",
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text="One or two. They see this roster and lead its sessions.",
        error_messages={
            "required": said("track.facilitator_none"),
            "invalid_choice": said("track.not_facilitator"),
        },
    )
    roster = forms.TypedMultipleChoiceField(
        label="Roster",
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Clients who come. You can add people later.",
        error_messages={"invalid_choice": said("track.not_client")},
    )

    refusal_fields: Mapping[str, str] = {
        "track.name": "name",
        "track.zone_unknown": "zone",
        "track.zone_without_place": "zone",
        "track.ends_before_start": "local_end",
        "track.minutes": "local_end",
        "track.weeks": "weeks",
        "track.seats": "seats",
        "track.full": "roster",
        "person.name_taken": "roster",
        "track.facilitator_busy": "facilitators",
        "track.first_date": "first_date",
        "track.past": "first_date",
        "agenda.too_long": "local_end",
        "agenda.not_filled": "local_end",
        "agenda.length": "template",
        "agenda.empty": "template",
        "recurrence.overlap": "local_end",
        "recurrence.none_left": "weeks",
    }

    def __init__(
        self,
        *args: object,
        templates: list[tuple[int, str]],
        facilitators: list[tuple[int, str]],
        clients: list[tuple[int, str]],
        **kwargs: object,
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._choose("template", templates)
        self._choose("facilitators", facilitators)
        self._choose("roster", clients)

    def _choose(self, name: str, choices: list[tuple[int, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    zones = staticmethod(zone_choices)

    def minutes(self) -> int:
        """From start to end; an end at or before the start is on the next day. Zero when they
        are the same."""
        start: dt.time = self.cleaned_data["local_start"]
        end: dt.time = self.cleaned_data["local_end"]
        return ((end.hour - start.hour) * 60 + end.minute - start.minute) % DAY_MINUTES


class CorrectionForm(VersionedForm):
    """Corrected minutes of one person in one segment, and the reason."""

    person = forms.CharField(widget=forms.HiddenInput)
    segment = forms.IntegerField(widget=forms.HiddenInput)
    minutes = forms.IntegerField(
        label="Minutes",
        widget=_input(forms.NumberInput, min="0", max="480"),
        error_messages={
            "required": "Type the minutes.",
            "invalid": "Type a whole number.",
        },
    )
    reason = forms.CharField(
        label="Reason",
        widget=_input(forms.TextInput, autocomplete="off", maxlength="200"),
        error_messages={"required": said("attendance.reason")},
    )

    refusal_fields: Mapping[str, str] = {
        "attendance.minutes": "minutes",
        "attendance.reason": "reason",
    }
