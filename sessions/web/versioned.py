"""Forms that carry the state they were made from, and what a stale one shows.

Owns the hidden field, and the words beside each field that others have changed meanwhile: nothing
that was typed is lost, and nothing that others saved is undone unless the person saves again
having read it. Whether a form is stale, the services decide (core.versions).
"""

from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict

from sessions.core.refusal import sentence
from sessions.core.versions import Stale, State, merge, parsed, written

FIELD = "version"
TAKEN = "Somebody else changed this: {now}. That is filled in here now."
BOTH = "Somebody else changed this: {now}. Their change and yours are both filled in here."
CONFLICT = "Somebody else changed this: {now}. Yours is still here, and saving puts it there."
NOTHING = "nothing"
NOT_LISTED = "somebody who is not on this list"


def seen_in(request: HttpRequest) -> State:
    """The state that a posted form was made from. One that carries none is stale."""
    return parsed(request.POST.get(FIELD, ""))


class VersionedForm(forms.Form):
    """A form about something that others may change too. One that makes something new has an
    empty version."""

    version = forms.CharField(
        required=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"})
    )

    @classmethod
    def initial_of(cls, state: State) -> dict[str, Any]:
        """What the form shows of a state, with the state itself."""
        shown = {name: cls._initial(name, values) for name, values in state.items()}
        return {**shown, FIELD: written(state)}

    @classmethod
    def _initial(cls, name: str, values: tuple[str, ...]) -> Any:
        if isinstance(cls.base_fields[name], forms.MultipleChoiceField):
            return list(values)
        return values[0] if values else ""

    @property
    def seen(self) -> State:
        return parsed(self.data.get(FIELD, ""))

    def show_now(self, refusal: Stale) -> None:
        """Puts the person's changes on top of the others', and says so beside each field."""
        sets = {
            name
            for name, field in self.fields.items()
            if isinstance(field, forms.MultipleChoiceField)
        }
        assert isinstance(self.data, QueryDict)
        data = self.data.copy()
        typed = {name: tuple(data.getlist(name)) for name in self.fields}
        seen = self.seen
        now = {name: values for name, values in refusal.now.items() if name in self.fields}
        merged = merge(seen, typed, now, sets)
        for name, values in merged.values.items():
            data.setlist(name, list(values))
        data[FIELD] = written(refusal.now)
        self.data = data
        self.full_clean()
        self.add_error(None, sentence(refusal))
        for name in merged.taken:
            both = name in sets and set(typed[name]) != set(seen.get(name, ()))
            self._say(name, BOTH if both else TAKEN, now)
        for name in merged.conflicts:
            self._say(name, CONFLICT, now)

    def _say(self, name: str, words: str, now: State) -> None:
        self.add_error(name, words.format(now=shown_as(self.fields[name], now[name])))


def shown_as(field: forms.Field, values: tuple[str, ...]) -> str:
    """The values of a field as a person reads them."""
    if isinstance(field, forms.BooleanField):
        return "yes" if values else "no"
    if isinstance(field, forms.ChoiceField):
        choices = list(field.choices)  # type: ignore[arg-type]
        known = [(str(key), str(label)) for key, label in choices]
        missing = len(set(values) - {key for key, _ in known})
        values = (*(label for key, label in known if key in values), *[NOT_LISTED] * missing)
    return ", ".join(one for one in values if one) or NOTHING
