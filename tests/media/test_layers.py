"""A camera in three sizes: who gets which, and how a slot goes from one to another."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from server.media import rtcp
from server.media.allocation import layer_of
from server.media.messages import Answer, SlotShown
from server.media.room import MediaRoom
from server.media.sharing import NEW_SECONDS
from server.media.streams import Publication, Slot
from tests.media.client_peer import Arrived, ClientPeer
from tests.media.layered_peer import RIDS, LayeredPeer
from tests.media.running import ROOM, People, allowed


async def layered(people: People, name: str) -> LayeredPeer:
    """Joined, with a camera that sends three sizes."""
    people.client.apply(people.want(**{name: allowed(1)}))
    peer = LayeredPeer(name)
    assert isinstance(await people.offered(name, peer), Answer)
    people.peers[name] = peer
    await peer.connect()
    await people.until(lambda: people.leg_connected(name, 1))
    return peer


def all_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    """However late a test asks."""
    monkeypatch.setattr(Publication, "arriving", lambda one, *_: list(range(len(one.layers))))


def camera_of(people: People, name: str) -> Publication:
    return people.node.rooms[ROOM].peers[name].leg.publications["video"]


def slot_of(people: People, name: str) -> Slot:
    return people.node.rooms[ROOM].peers[name].leg.slots["video"][0]


def held_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test alone chooses layers."""
    monkeypatch.setattr(MediaRoom, "share", lambda _room, _peer, _now, **_: None)


def marks(peer: ClientPeer) -> list[str]:
    return [one.mark for one in peer.arrived if one.kind == "video"]


def assert_continuous(arrived: Sequence[Arrived]) -> None:
    """One stream to a decoder: numbers by one, time never back."""
    for before, after in pairwise(arrived):
        assert (after.sequence - before.sequence) % 2**16 == 1
        assert 0 < (after.timestamp - before.timestamp) % 2**32 < 2**31
        assert (picture(after) - picture(before)) % 2**15 == 1


def picture(one: Arrived) -> int:
    return (one.payload[2] & 0x7F) << 8 | one.payload[3]


async def test_each_packet_goes_to_the_layer_that_it_names(people: People) -> None:
    first = await layered(people, "first")
    await people.join("second")
    for rid in RIDS:
        first.show_layer(rid, key=True)
        first.show_layer(rid, named=False)  # once its SSRC is known, it needs no name
    camera = camera_of(people, "first")
    await people.until(lambda: [layer.packets for layer in camera.layers] == [2, 2, 2])
    assert [layer.ssrc for layer in camera.layers] == [one.ssrc for one in first.layers.values()]


async def test_packet_that_names_no_layer_is_dropped(people: People) -> None:
    first = await layered(people, "first")
    first.show_layer("q", key=True, named=False)
    await people.until(lambda: people.node.counters.unknown_stream == 1)
    assert [layer.packets for layer in camera_of(people, "first").layers] == [0, 0, 0]


async def test_slot_goes_on_with_another_layer_at_its_key_frame_and_not_before(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a slot that is cut at the choice, one that begins in the middle of a picture, and one
    whose owner is announced as a new one."""
    first, second = await layered(people, "first"), await people.join("second")
    held_still(monkeypatch)
    slot = slot_of(people, "second")
    first.show_layer("q", key=True)
    first.show_layer("f", key=True)
    await second.until(lambda: len(marks(second)) == 1)
    people.node.path.choose(slot, 2, people.node._clock())
    first.show_layer("f")
    first.show_layer("q")
    await second.until(lambda: len(marks(second)) == 2)
    first.show_layer("f", key=True)
    first.show_layer("q")
    first.show_layer("f")
    await second.until(lambda: len(marks(second)) == 4)
    assert marks(second) == ["first q", "first q", "first f", "first f"]
    assert_continuous([one for one in second.arrived if one.kind == "video"])
    shown = [word for word in people.process.words if isinstance(word, SlotShown)]
    assert len([one for one in shown if one.peer == "second"]) == 1


async def test_layer_that_is_chosen_is_asked_for_its_key_frame(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await layered(people, "first"), await people.join("second")
    held_still(monkeypatch)
    for rid in RIDS:
        first.show_layer(rid, key=True)
    await second.until(lambda: marks(second))
    camera = camera_of(people, "first")
    await people.until(lambda: all(layer.ssrc for layer in camera.layers))
    first.control.clear()
    people.node.path.choose(slot_of(people, "second"), 1, people.node._clock())
    asked = first.layers["h"].ssrc
    await first.until(lambda: asked in pictures_asked(first))
    assert pictures_asked(first) == [asked]


def pictures_asked(peer: ClientPeer) -> list[int]:
    parts = [part for compound in peer.control for part in rtcp.read(compound)]
    return [part.ssrc for part in parts if isinstance(part, rtcp.KeyFrameWanted)]


async def test_paused_slot_keeps_its_owner_and_goes_on_without_a_gap(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await layered(people, "first"), await people.join("second")
    held_still(monkeypatch)
    slot, path = slot_of(people, "second"), people.node.path
    first.show_layer("q", key=True)
    await second.until(lambda: len(marks(second)) == 1)
    path.choose(slot, None, people.node._clock())
    first.show_layer("q", key=True)
    camera = camera_of(people, "first")
    await people.until(lambda: camera.layers[0].packets == 2)
    path.choose(slot, 0, people.node._clock())
    first.show_layer("q")
    first.show_layer("q", key=True)
    await second.until(lambda: len(marks(second)) == 2)
    assert_continuous([one for one in second.arrived if one.kind == "video"])
    assert slot.publication is camera


async def test_repair_of_a_layer_goes_where_its_picture_went(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await layered(people, "first"), await people.join("second")
    held_still(monkeypatch)
    first.show_layer("q", key=True)
    sequence = first.show_layer("q")
    await second.until(lambda: len(marks(second)) == 2)
    first.repair_layer("q", sequence)
    first.repair_layer("h", first.show_layer("h", key=True))
    camera = camera_of(people, "first")
    await people.until(lambda: len(people.node.rooms[ROOM].peers["first"].leg.repairs) == 2)
    assert [layer.packets for layer in camera.layers] == [2, 1, 0]
    assert marks(second) == ["first q", "first q"]


@pytest.mark.parametrize(
    ("arriving", "width", "layer"),
    [
        ([0, 1, 2], None, 2),
        ([0, 1, 2], 640, 2),
        ([0, 1, 2], 1900, 2),
        ([0, 1, 2], 330, 1),
        ([0, 1, 2], 170, 0),
        ([0, 1, 2], 0, None),
        ([0, 1], 640, 1),
        ([1, 2], 160, 1),
        ([0], 640, 0),
    ],
)
def test_picture_is_as_large_as_it_is_shown_and_no_larger(
    arriving: list[int], width: int | None, layer: int | None
) -> None:
    assert layer_of(arriving, width) == layer


async def test_tile_of_a_phone_gets_a_small_picture_and_a_hidden_one_none(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The room's own choice, over a running node."""
    all_arrive(monkeypatch)
    first = await layered(people, "first")
    await people.join("second")
    for rid in RIDS:
        first.show_layer(rid, key=True)
    slot, camera = slot_of(people, "second"), camera_of(people, "first")
    await people.until(lambda: all(layer.packets for layer in camera.layers))
    room, now = people.node.rooms[ROOM], people.node._clock() + NEW_SECONDS
    for view, chosen in (({0: 320}, camera.layers[1]), ({}, None), (None, camera.layers[2])):
        room.peers["second"].view = view
        room.share(room.peers["second"], now)
        assert (slot.pending or slot.source) is chosen


async def test_new_owner_is_not_held_back_until_the_browser_has_drawn_the_tile(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a newcomer whose picture waits for a view that cannot name the slot yet."""
    all_arrive(monkeypatch)
    first = await layered(people, "first")
    await people.join("second")
    for rid in RIDS:
        first.show_layer(rid, key=True)
    slot, camera = slot_of(people, "second"), camera_of(people, "first")
    await people.until(lambda: all(layer.packets for layer in camera.layers))
    room = people.node.rooms[ROOM]
    room.peers["second"].view = {}
    for after, carried in ((0.1, camera.layers[0]), (NEW_SECONDS, None)):
        room.share(room.peers["second"], slot.since + after)
        assert (slot.pending or slot.source) is carried


async def test_padding_is_of_no_picture(people: People) -> None:
    """Kills: picture numbers that fall back to 0, which the next turn would go on from."""
    first = await layered(people, "first")
    await people.join("second")
    first.show_layer("q", key=True)
    source = camera_of(people, "first").layers[0]
    await people.until(lambda: source.packets == 1)
    before = source.picture, source.tl0
    first.pad("q")
    await people.until(lambda: source.packets == 2)
    assert (source.picture, source.tl0) == before
