"""The rules of placement: where a room goes, who lets go of it, and who may send at all."""

from hypothesis import given
from hypothesis import strategies as st

from server.media.placement import (
    SLEPT_SECONDS,
    Fate,
    Fence,
    Hold,
    Move,
    NodeState,
    Placement,
    Seen,
    Stay,
    Wait,
    choose,
    decide,
    fate,
    read_lease,
    read_placement,
)

names = st.sampled_from(["a", "b", "c", "d"])
nodes = st.dictionaries(names, st.builds(Seen, st.sampled_from(NodeState), st.integers(0, 300)))
placements = st.builds(Placement, node=names, generation=st.integers(0, 9))
SERVES = (NodeState.UP, NodeState.DRAINING)


# ---- where a room goes -------------------------------------------------------------------------


@given(nodes)
def test_room_goes_to_a_least_loaded_node_that_is_up(seen: dict[str, Seen]) -> None:
    """Kills: a draining node, or one that was only heard of, among the candidates."""
    chosen = choose("room", seen)
    weights = [one.weight for one in seen.values() if one.state is NodeState.UP]
    assert (chosen is None) == (not weights)
    if chosen is not None:
        assert (seen[chosen].state, seen[chosen].weight) == (NodeState.UP, min(weights))


@given(nodes)
def test_choice_does_not_depend_on_the_order_of_the_nodes(seen: dict[str, Seen]) -> None:
    """Kills: the first of equals, by which two web processes would choose differently."""
    assert choose("room", seen) == choose("room", dict(reversed(seen.items())))


def test_rooms_that_open_at_once_spread_over_equals() -> None:
    equals = {name: Seen(NodeState.UP, 7) for name in "abcd"}
    assert {choose(f"room {number}", equals) for number in range(200)} == set("abcd")


@given(placements, st.none() | placements, nodes, st.booleans())
def test_room_is_never_moved_from_a_node_that_is_up(
    record: Placement, known: Placement | None, seen: dict[str, Seen], settled: bool
) -> None:
    """Kills: balancing a room that runs."""
    up = seen | {record.node: Seen(NodeState.UP, 10_000)}
    assert decide("room", record, known, up, settled=settled) == Stay(record)


@given(st.none() | placements, st.none() | placements, nodes, st.booleans())
def test_room_is_placed_on_nodes_that_are_up_alone_and_under_a_newer_generation(
    record: Placement | None, known: Placement | None, seen: dict[str, Seen], settled: bool
) -> None:
    """Kills: moving a room after an older generation than the one it is held under, by which a
    node that comes back would be the newer one."""
    decision = decide("room", record, known, seen, settled=settled)
    if isinstance(decision, Move):
        assert seen[decision.node].state is NodeState.UP
        held = record or known
        assert decision.after == (held.generation if held else 0)


@given(placements, nodes)
def test_room_leaves_a_node_that_is_lost_or_draining_if_another_is_up(
    record: Placement, seen: dict[str, Seen]
) -> None:
    others = {name: one for name, one in seen.items() if name != record.node}
    target = choose("room", others)
    for state in (NodeState.LOST, NodeState.DRAINING):
        found = decide("room", record, None, others | {record.node: Seen(state)}, settled=True)
        if target is not None:
            assert found == Move(target, record.generation)
        else:
            assert found == (Stay(record) if state in SERVES else Wait())


@given(nodes, st.none() | placements)
def test_empty_store_places_nothing_before_the_nodes_could_announce(
    seen: dict[str, Seen], known: Placement | None
) -> None:
    """Kills: placing at once, by which everybody is moved for nothing."""
    found = decide("room", None, known, seen, settled=False)
    holds = known is not None and seen.get(known.node, Seen(NodeState.LOST)).state is NodeState.UP
    assert found == (Hold(known) if holds and known else Wait())


def test_node_that_did_not_announce_itself_yet_is_waited_for() -> None:
    """Kills: a store of a second ago in which the room's node counts as lost."""
    record, seen = Placement(node="a", generation=3), {"b": Seen(NodeState.UP)}
    assert decide("room", record, None, seen, settled=False) == Wait()
    assert decide("room", record, None, seen, settled=True) == Move("b", 3)


# ---- what a node lets go of --------------------------------------------------------------------


@given(st.lists(placements, max_size=8), st.integers(1, 9), names)
def test_two_nodes_never_keep_one_room_for_good(
    written: list[Placement], held: int, name: str
) -> None:
    """Whatever was written in whatever order: of all nodes that read the record, only the one
    it names keeps the room. Kills: `>` for `>=` in `fate`."""
    record: Placement | None = None
    for one in [*written, Placement(node=name, generation=held)]:
        if record is None or record.generation < one.generation:
            record = one
    assert record is not None
    for node in "abcd":
        if node != record.node:
            assert fate(node, record.generation, record) is Fate.DROP
    assert fate(record.node, record.generation, record) is Fate.KEEP


def test_node_announces_what_the_store_has_lost_or_knows_less_of() -> None:
    older = Placement(node="b", generation=3)
    assert fate("a", 4, None) is Fate.ANNOUNCE
    assert fate("a", 4, older) is Fate.ANNOUNCE
    assert fate("a", 0, None) is Fate.KEEP  # nobody placed it: there is nothing to say


# ---- who may send ------------------------------------------------------------------------------

eighths = st.integers(1, 32)  # of a second: sums are exact
steps = st.lists(st.tuples(eighths, st.sampled_from(["beat", "look"])), max_size=30)


@given(steps)
def test_fence_is_closed_from_a_sleep_to_the_first_look_after_it(
    walk: list[tuple[int, str]],
) -> None:
    """Kills: a beat that opens the fence; a look asked for before the sleep that opens it."""
    now, asked_at = 100.0, 100.0
    fence, asleep = Fence(now), False
    for eighth, what in walk:
        now += eighth / 8
        slept = eighth / 8 > SLEPT_SECONDS
        asleep = asleep or slept
        assert (now <= fence.until) == (not asleep)
        fence.beat(now)
        if what == "look":  # asked for at the step before, answered now
            fence.looked(asked_at, now)
            asleep = slept
        asked_at = now
        assert fence.closed == asleep


def test_look_that_was_under_way_during_the_sleep_does_not_open_the_fence() -> None:
    fence = Fence(0.0)
    fence.looked(0.5, 0.5 + SLEPT_SECONDS + 1)
    assert fence.closed
    fence.looked(4.0, 4.1)
    assert not fence.closed


# ---- the values --------------------------------------------------------------------------------


def test_what_is_no_placement_and_no_lease_counts_as_missing() -> None:
    assert [read_placement(value) for value in (None, b"", b'{"node":"a"}')] == [None] * 3
    assert [read_lease(value) for value in (None, b"{}")] == [None, None]
    assert read_placement('{"node":"a","generation":7}') == Placement(node="a", generation=7)
