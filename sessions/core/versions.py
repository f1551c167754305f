"""Optimistic concurrency of forms: the state a form was made from, against the state there is.

Owns the text of a state in a form, when a form is stale, and the three-way merge of what was
shown, what was typed and what is there. A state has the values as a form sends them: a service
that compares and a form that shows mean the same by it. Knows no forms and no rows.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sessions.core.refusal import Refuse

State = Mapping[str, tuple[str, ...]]
"""The values of each field. A field that is not ticked has none."""
STALE = "form.stale"


@dataclass(frozen=True, slots=True)
class Stale(Refuse):
    """The form was made from an older state; `now` is the one there is."""

    now: State = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Merged:
    """What a stale form shows: the person's changes on top of the others'.

    `taken`: fields that others changed and the person did not, and sets that have the changes of
    both. `conflicts`: fields that both changed; they keep what was typed.
    """

    values: State
    taken: tuple[str, ...]
    conflicts: tuple[str, ...]


def stale(seen: State | None, now: State) -> Stale | None:
    """Whether something was changed since. `seen` is None for callers that had no form."""
    return None if seen is None or seen == now else Stale(STALE, now=now)


def written(state: State) -> str:
    """The text that a form carries."""
    return json.dumps({name: list(values) for name, values in state.items()}, sort_keys=True)


def parsed(text: str) -> State:
    """The state of a form's text; of anything else one that equals no state, so it is stale."""
    try:
        found = json.loads(text)
        return {str(name): tuple(map(str, values)) for name, values in found.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}


def merge(seen: State, typed: State, now: State, sets: Collection[str]) -> Merged:
    """`typed` may have fields that are of no state; they stay. `sets` are fields of which each
    value stands for itself, such as the people of a roster."""
    values, taken, conflicts = dict(typed), list[str](), list[str]()
    for name, there in now.items():
        shown, mine = seen.get(name, ()), typed.get(name, ())
        if sorted(there) in (sorted(shown), sorted(mine)):
            continue
        if name in sets:
            values[name] = _with_changes(mine, shown, there)
        elif mine == shown:
            values[name] = there
        else:
            conflicts.append(name)
            continue
        taken.append(name)
    return Merged(values, tuple(taken), tuple(conflicts))


def _with_changes(
    mine: tuple[str, ...], shown: tuple[str, ...], there: tuple[str, ...]
) -> tuple[str, ...]:
    """A set as the person has it, with what others added and without what they took out."""
    stays = [one for one in mine if one in there or one not in shown]
    return (*stays, *(one for one in there if one not in shown and one not in mine))
