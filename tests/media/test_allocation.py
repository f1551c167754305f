"""Who gets what of a link: the clinical order, and that nothing flaps."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.allocation import (
    LOUDEST,
    MARGIN,
    Picture,
    Sounds,
    Voice,
    allocate,
    audible,
    in_order,
    sounds,
)

CAMERA = (100_000, 250_000, 600_000)
STAFF, SPEAKER, PEER, HIDDEN = range(4)
ROOM = [
    Picture(STAFF, CAMERA, 640, priority=True),
    Picture(SPEAKER, CAMERA, 320, speaks=True),
    Picture(PEER, CAMERA, 320),
    Picture(HIDDEN, CAMERA, 0),
]


@pytest.mark.parametrize(
    ("budget", "layers"),
    [
        (None, [2, 1, 1, None]),
        (1_300_000, [2, 1, 1, None]),
        (1_000_000, [2, 1, 0, None]),
        (900_000, [2, 0, 0, None]),
        (800_000, [1, 1, 1, None]),
        (500_000, [1, 0, 0, None]),
        (330_000, [0, 0, 0, None]),
        (230_000, [0, 0, None, None]),
        (130_000, [0, None, None, None]),
        (100_000, [None, None, None, None]),
    ],
)
def test_narrower_link_takes_peers_first_then_who_speaks_then_staff(
    budget: int | None, layers: list[int | None]
) -> None:
    shares = allocate(budget, ROOM)
    assert [shares.layers[slot] for slot in range(4)] == layers


def test_largest_tile_goes_first_among_equals() -> None:
    small, large = Picture(0, CAMERA, 160), Picture(1, CAMERA, 320)
    assert allocate(130_000, [small, large]).layers == {0: None, 1: 0}


def test_picture_that_is_carried_stays_where_a_new_one_would_not_come() -> None:
    """Kills: a picture that comes and goes while the estimate trembles around its price."""
    new = Picture(0, CAMERA[:1], 160)
    kept = Picture(0, CAMERA[:1], 160, carried=0)
    assert allocate(110_000, [new]).layers == {0: None}
    assert allocate(110_000, [kept]).layers == {0: 0}
    assert allocate(95_000, [kept]).layers == {0: None}


def test_next_step_is_what_one_wish_more_takes_and_nothing_when_all_is_met() -> None:
    shares = allocate(230_000, ROOM)
    assert shares.next_step is not None
    assert allocate(shares.next_step - 1, ROOM).layers == shares.layers
    assert allocate(shares.next_step, ROOM).layers[PEER] == 0
    assert allocate(None, ROOM).next_step is None
    assert allocate(2_000_000, ROOM).next_step is None


pictures = st.builds(
    Picture,
    st.integers(0, 43),
    st.lists(st.integers(0, 800_000), min_size=1, max_size=3),
    st.none() | st.integers(0, 2000),
    st.booleans(),
    st.booleans(),
    st.none() | st.just(0),
)


@given(st.lists(pictures, max_size=20, unique_by=lambda p: p.slot), st.integers(0, 1_000_000))
def test_link_that_carries_everything_needs_no_order(shown: list[Picture], more: int) -> None:
    """Kills: a whole that leaves out what does not arrive in its size, or is hidden and counted."""
    shown = [one._replace(rates=sorted(one.rates)) for one in shown]
    whole = allocate(None, shown)
    enough = ceil(whole.spent * MARGIN) + more
    assert allocate(enough, shown) == in_order(enough, shown) == whole


@given(st.integers(0, 5_000_000), st.lists(pictures, max_size=20, unique_by=lambda p: p.slot))
def test_any_shares_stay_within_the_link_and_within_what_is_shown(
    budget: int, shown: list[Picture]
) -> None:
    shares = allocate(budget, shown)
    assert set(shares.layers) == {one.slot for one in shown}
    assert shares.spent <= budget
    for one in shown:
        layer = shares.layers[one.slot]
        assert layer is None or (one.rates[layer] and one.width != 0)
    assert shares.next_step is None or shares.next_step > shares.spent


def voices(*levels: float, heard: bool = True, rate: int = 30_000) -> list[Voice]:
    return [Voice(slot, rate, level, heard=heard) for slot, level in enumerate(levels)]


def test_everybody_is_heard_while_the_link_carries_it() -> None:
    five = voices(20, 30, 40, 50, 127)
    assert audible(None, five) == audible(150_000, five) == {0, 1, 2, 3, 4}


def test_narrow_link_carries_staff_and_the_loudest() -> None:
    five = [*voices(50, 20, 40, 30, 35), Voice(9, 30_000, 127.0, priority=True)]
    assert audible(100_000, five) == {1, 3, 4, 9}
    assert len(audible(100_000, five)) == LOUDEST + 1


def test_crowded_node_carries_staff_and_the_loudest() -> None:
    assert audible(None, voices(50, 20, 40, 30), crowded=True) == {1, 2, 3}


def test_voice_keeps_its_place_until_another_is_clearly_louder() -> None:
    """Kills: two voices of one loudness that take each other's place every fifth of a second."""
    heard = voices(20, 20, 30)
    assert audible(60_000, [*heard, Voice(3, 30_000, 25.0, heard=False)]) == {0, 1, 2}
    assert audible(60_000, [*heard, Voice(3, 30_000, 15.0, heard=False)]) == {0, 1, 3}


def test_all_are_heard_again_only_with_room_to_spare() -> None:
    left_out = [*voices(20, 20, 30), Voice(3, 30_000, 50.0, heard=False)]
    assert audible(125_000, left_out) == {0, 1, 2}
    assert audible(180_000, left_out) == {0, 1, 2, 3}


ALL = {0, 1, 2, 3, 4}
LOSES, HOLDS = 0.02, 0.019


@pytest.mark.parametrize(
    ("budget", "loss", "repeats", "expected"),
    [
        (None, 0.0, False, Sounds(ALL, True, 375_000)),
        (None, 0.0, None, Sounds(ALL, False, 150_000)),
        (375_000, LOSES, False, Sounds(ALL, True, 375_000)),
        (374_000, LOSES, False, Sounds(ALL, False, 150_000, 375_000)),
        (374_000, LOSES, None, Sounds(ALL, False, 150_000)),
        (300_000, LOSES, True, Sounds(ALL, True, 375_000)),  # what is repeated stays so
        (299_000, LOSES, True, Sounds(ALL, False, 150_000, 375_000)),
        (750_000, HOLDS, False, Sounds(ALL, True, 375_000)),
        (749_000, HOLDS, False, Sounds(ALL, False, 150_000)),
        (600_000, HOLDS, True, Sounds(ALL, True, 375_000)),
        (599_000, HOLDS, True, Sounds(ALL, False, 150_000)),
    ],
)
def test_sounds_are_repeated_where_a_link_has_room_and_sooner_where_it_loses_packets(
    budget: int | None, loss: float, repeats: bool | None, expected: Sounds
) -> None:
    """Kills, each planted and seen: a precaution that fills the link; a link that loses packets and
    never asks for more; sounds that come and go with an estimate that trembles."""
    assert sounds(budget, voices(50, 20, 40, 30, 60), repeats=repeats, loss=loss) == expected


def test_crowded_node_repeats_nothing() -> None:
    found = sounds(None, voices(50, 20, 40, 30), repeats=True, loss=0.1, crowded=True)
    assert found == Sounds({1, 2, 3}, False, 90_000)


@pytest.mark.parametrize("repeats", [None, False])
def test_voices_that_are_left_out_are_the_next_step(repeats: bool | None) -> None:
    """Kills: a link that was narrow for a moment, with no picture to try more for, on which most
    of the group stay silent."""
    left_out = [*voices(20, 30, 40), Voice(3, 30_000, 50.0, heard=False)]
    found = sounds(90_000, left_out, repeats=repeats, loss=0.0)
    assert found.slots == {0, 1, 2}
    assert found.next_step is not None
    for budget, heard in ((found.next_step - 1, {0, 1, 2}), (found.next_step, {0, 1, 2, 3})):
        assert sounds(budget, left_out, repeats=repeats, loss=0.0).slots == heard
