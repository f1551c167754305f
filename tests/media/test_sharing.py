"""A link that is known to be narrow, over a running node: who is seen and heard there."""

import pytest

from server.media import rtcp
from server.media.messages import DesiredPeer
from server.media.room import MediaRoom
from server.media.streams import Leg
from tests.media.client_peer import ClientPeer
from tests.media.layered_peer import RIDS, LayeredPeer
from tests.media.running import ROOM, People, allowed
from tests.media.test_layers import camera_of, held_still, layered

share = MediaRoom.share


def leg_of(people: People, name: str) -> Leg:
    return people.node.rooms[ROOM].peers[name].leg


def narrow(people: People, name: str, rate: int) -> None:
    """Its browser reports, and the estimate came to this rate."""
    estimate = leg_of(people, name).estimate
    estimate._fed_at, estimate._rate = people.node._clock(), float(rate)


def seen(people: People, name: str) -> dict[str, int | None]:
    """The layer that a subscriber gets of each publisher."""
    table = people.node.rooms[ROOM].tables[name]
    found: dict[str, int | None] = {}
    for slot in leg_of(people, name).slots["video"]:
        owner, carried = table.owners[slot.index], slot.pending or slot.source
        if owner and slot.publication:
            found[owner] = slot.publication.layers.index(carried) if carried else None
    return found


async def showing(people: People, name: str) -> LayeredPeer:
    """All three sizes of its camera arrive."""
    peer = await layered(people, name)
    for rid in RIDS:
        peer.show_layer(rid, key=True)
    await people.until(lambda: all(one.packets for one in camera_of(people, name).layers))
    return peer


def wanted(people: People, **changes: DesiredPeer) -> None:
    people.client.apply(people.want(**changes))


async def test_narrow_link_shows_staff_before_peers(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a flag of priority that does not reach the choice."""
    held_still(monkeypatch)
    await showing(people, "client")
    await showing(people, "staff")
    await people.join("second")
    wanted(people, staff=allowed(priority=True))
    room = people.node.rooms[ROOM]
    await people.until(lambda: (one := room.view.wanted("staff")) is not None and one.priority)
    for rate, expected in (
        (5_000_000, {"client": 2, "staff": 2}),
        (150_000, {"client": None, "staff": 0}),
        (50_000, {"client": None, "staff": None}),
    ):
        narrow(people, "second", rate)
        share(room, room.peers["second"], people.node._clock())
        assert seen(people, "second") == expected


async def test_crowded_node_still_sends_the_loudest_and_staff(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_still(monkeypatch)
    await people.join("listener", slots=5)
    for name in ("a", "b", "c", "d"):
        await people.join(name)
    wanted(people, staff=allowed(priority=True))
    await people.join("staff", priority=True)
    room = people.node.rooms[ROOM]
    for name, level in (("a", 20.0), ("b", 30.0), ("c", 70.0), ("d", 40.0), ("staff", 127.0)):
        leg_of(people, name).publications["audio"].layers[0].level = level
    listener, now = room.peers["listener"], people.node._clock()
    share(room, listener, now, crowded=True)
    owners = room.tables["listener"].owners
    slots = leg_of(people, "listener").slots["audio"]
    assert {owners[s.index] for s in slots if s.source} == {"a", "b", "d", "staff"}
    share(room, listener, now)
    assert {owners[s.index] for s in slots if s.source} == {"a", "b", "c", "d", "staff"}


async def test_voices_left_out_are_tried_again_though_there_is_no_picture_to_try(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: sounds that are chosen before the link is tried, and not again."""
    held_still(monkeypatch)
    await people.join("listener", slots=5)
    names = ("a", "b", "c", "d")
    for name in names:
        await people.join(name)
        leg_of(people, name).publications["audio"].layers[0].bitrate = 30_000
    narrow(people, "listener", 100_000)
    room, now = people.node.rooms[ROOM], people.node._clock()
    slots = leg_of(people, "listener").slots["audio"]
    heard = []
    for after in (0.0, 0.2, 1.3):
        share(room, room.peers["listener"], now + after)
        heard.append(sum(slot.source is not None for slot in slots))
    assert heard == [3, 3, 4]


async def test_reports_of_a_browser_feed_the_estimate_of_its_link(people: People) -> None:
    """Kills: a report that is dropped; one that is read as another peer's."""
    first, second = await people.join("first"), await people.join("second")
    first.speak()
    await second.until(lambda: len(second.arrived) == 1)
    report(second, {second.arrived[0].transport: 12.0})
    await people.until(lambda: leg_of(people, "second").estimate.known)
    assert not leg_of(people, "first").estimate.known


def report(peer: ClientPeer, arrivals: dict[int, float]) -> None:
    peer.send_control(rtcp.transport_feedback(1, 2, 0, arrivals))
