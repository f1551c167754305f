"""Who owns which slot, over any comings and goings."""

from hypothesis import given
from hypothesis import strategies as st

from server.media.slots import SlotTable

people = st.sampled_from("abcdef")
steps = st.lists(st.tuples(st.sampled_from(["come", "go"]), people), max_size=60)


@given(st.integers(1, 6), steps)
def test_publisher_has_one_slot_and_keeps_it_until_gone(
    size: int, taken: list[tuple[str, str]]
) -> None:
    """Kills: giving a second slot to one who has one, or moving anybody up when one leaves."""
    table = SlotTable(size)
    present: set[str] = set()
    for step, who in taken:
        before = {p: table.index(p) for p in present - {who}}
        held = table.index(who)
        if step == "come":
            present.add(who)
            free = [i for i, owner in enumerate(table.owners) if owner is None]
            expected = held if held is not None else min(free, default=None)
            assert table.place(who, present) == expected
        else:
            present.discard(who)
            assert table.release(who) == held
        assert {p: table.index(p) for p in before} == before
        owners = [owner for owner in table.owners if owner]
        assert len(owners) == len(set(owners))


def test_slot_of_someone_absent_is_given_away_only_when_none_is_free() -> None:
    table = SlotTable(2)
    table.place("away", {"here"})
    assert table.place("here", {"here"}) == 1
    assert table.place("new", {"here", "new"}) == 0
    assert table.owners == ["new", "here"]
    assert table.place("more", {"here", "new", "more"}) is None


def test_resized_table_keeps_owners_in_place() -> None:
    table = SlotTable(3)
    for who in "abc":
        table.place(who, "abc")
    assert table.resized(2).owners == ["a", "b"]
    assert table.resized(4).owners == ["a", "b", "c", None]
