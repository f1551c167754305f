"""The state that a form was made from, and the merge of what others and the person changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.core.versions import Merged, Stale, State, merge, parsed, stale, written

names = st.sampled_from(["name", "zone", "roster"])
values = st.lists(st.text(max_size=3), max_size=3, unique=True).map(tuple)
states = st.fixed_dictionaries({"name": values, "zone": values, "roster": values})
SHOWN: State = {"name": ("Evening",), "zone": ("A",), "roster": ("1", "2")}


@given(states)
def test_text_of_a_state_reads_back(state: State) -> None:
    assert parsed(written(state)) == state
    assert stale(parsed(written(state)), state) is None


@pytest.mark.parametrize("text", ["", "x", "1", "[]", '{"name": 1}', "null", "[" * 10_000])
def test_text_that_is_none_is_stale(text: str) -> None:
    assert stale(parsed(text), SHOWN) == Stale("form.stale", now=SHOWN)


def test_caller_without_a_form_is_never_stale() -> None:
    assert stale(None, SHOWN) is None


@pytest.mark.parametrize(
    ("typed", "now", "merged"),
    [
        (
            {"name": ("Late",)},
            {"zone": ("B",)},
            ({"name": ("Late",), "zone": ("B",)}, {"zone"}, {}),
        ),
        ({"name": ("Late",)}, {"name": ("Noon",)}, ({"name": ("Late",)}, {}, {"name"})),
        ({"name": ("Noon",)}, {"name": ("Noon",)}, ({"name": ("Noon",)}, {}, {})),
        ({"roster": ("2",)}, {"roster": ("1", "2", "3")}, ({"roster": ("2", "3")}, {"roster"}, {})),
        ({"roster": ("1", "2", "4")}, {"roster": ("2",)}, ({"roster": ("2", "4")}, {"roster"}, {})),
    ],
    ids=["others' field", "same field", "same value", "roster: out and in", "roster: in and out"],
)
def test_merge(typed: State, now: State, merged: tuple[State, set[str], set[str]]) -> None:
    """Kills: taking the typed roster as a whole; taking over what the person changed too."""
    found = merge(SHOWN, {**SHOWN, **typed}, {**SHOWN, **now}, {"roster"})
    assert found == Merged({**SHOWN, **merged[0]}, tuple(merged[1]), tuple(merged[2]))


@given(states, states, states)
def test_person_who_changed_nothing_undoes_nothing(seen: State, typed: State, now: State) -> None:
    """And who changed something loses none of it where nobody else did."""
    assert {
        name: set(found) for name, found in merge(seen, seen, now, {"roster"}).values.items()
    } == {name: set(there) for name, there in now.items()}
    assert merge(seen, typed, seen, {"roster"}).values == typed
