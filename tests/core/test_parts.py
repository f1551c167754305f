"""Every part of a room: its state survives its JSON, and nobody at the door is shown anything."""

import json

import pytest

from sessions.core.floor import Floor, FloorShown, Hand, Lower, Raise
from sessions.core.floor import decide as decide_floor
from sessions.core.parts import PARTS, PartName
from sessions.core.refusal import Refuse
from sessions.core.spotlight import Leave, Shine, Spotlight
from sessions.core.spotlight import decide as decide_spotlight
from sessions.core.viewing import Facts, Onlooker
from tests.parts import ACTOR, OTHER, PRESENT, SAMPLES

FACTS = Facts(at_ms=1_000, actor=ACTOR, present=PRESENT)
OUTSIDE = Facts(at_ms=1_000, actor="joe", present=PRESENT)


def test_every_part_has_a_sample() -> None:
    assert set(SAMPLES) == set(PARTS) == set(PartName)


@pytest.mark.parametrize("name", PartName)
def test_each_sample_changes_its_part_and_what_is_shown(name: PartName) -> None:
    part = PARTS[name]
    state = part.read(None)
    onlooker = Onlooker(OTHER, leads=False, in_room=True)
    for command in SAMPLES[name]:
        decided = part.decide(state, command, FACTS)
        assert not isinstance(decided, Refuse)
        assert decided != state
        assert part.show(decided, onlooker) != part.show(state, onlooker)
        state = decided


@pytest.mark.parametrize("name", PartName)
def test_state_is_what_its_json_value_was_made_of(name: PartName) -> None:
    part = PARTS[name]
    state = part.read(None)
    assert part.read(json.loads(json.dumps(part.stored(state)))) == state
    for command in SAMPLES[name]:
        state = part.decide(state, command, FACTS)
        assert part.read(json.loads(json.dumps(part.stored(state)))) == state


@pytest.mark.parametrize("name", PartName)
@pytest.mark.parametrize("leads", [True, False])
def test_nobody_at_the_door_is_shown_anything(name: PartName, leads: bool) -> None:
    part = PARTS[name]
    state = part.read(None)
    for command in SAMPLES[name]:
        state = part.decide(state, command, FACTS)
        assert part.show(state, Onlooker("kai", leads, in_room=False)) is None


def test_fl1_hands_keep_the_order_in_which_they_went_up() -> None:
    """Kills: a second tap that sends a hand to the end, or lowers it."""
    first = decide_floor(Floor(), Raise(), FACTS)
    assert isinstance(first, Floor)
    second = decide_floor(first, Raise(), Facts(2_000, OTHER, PRESENT))
    assert isinstance(second, Floor)
    assert decide_floor(second, Raise(), Facts(3_000, ACTOR, PRESENT)) == second
    assert second.hands == (Hand(ACTOR, 1_000), Hand(OTHER, 2_000))
    assert decide_floor(second, Lower(ACTOR), FACTS) == Floor((Hand(OTHER, 2_000),))


def test_fl1_only_somebody_in_the_room_raises_a_hand() -> None:
    assert decide_floor(Floor(), Raise(), OUTSIDE) == Refuse("seat.not_in_room")


def test_fl1_a_hand_of_somebody_who_is_gone_can_be_lowered() -> None:
    floor = Floor((Hand("joe", 500),))
    assert decide_floor(floor, Lower("joe"), FACTS) == Floor()


def test_fl2_everybody_in_the_room_sees_the_hands() -> None:
    floor = Floor((Hand(ACTOR, 1_000),))
    shown = PARTS[PartName.FLOOR].show(floor, Onlooker(OTHER, leads=False, in_room=True))
    assert shown == FloorShown((Hand(ACTOR, 1_000),))


def test_sp1_only_somebody_in_the_room_is_shown_large() -> None:
    assert decide_spotlight(Spotlight(), Shine("joe"), FACTS) == Refuse("seat.not_in_room")
    assert decide_spotlight(Spotlight("joe"), Shine(None), FACTS) == Spotlight()


def test_sp1_leaving_ends_ones_own_spotlight_and_nobody_elses() -> None:
    """Kills: leaving that ends the spotlight of whoever has it."""
    assert decide_spotlight(Spotlight("joe"), Leave("joe"), FACTS) == Spotlight()
    assert decide_spotlight(Spotlight("joe"), Leave(ACTOR), FACTS) == Spotlight("joe")
