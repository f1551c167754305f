"""Media from one peer to the others, over real sockets: who gets what, in which slot."""

from functools import partial

from server.media import rtcp
from server.media.messages import PeerClosed, SlotOwned
from server.media.reasons import CloseReason
from tests.media.client_peer import ClientPeer
from tests.media.running import ROOM, People, allowed


async def test_media_reaches_the_slot_that_is_announced(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    csrc = people.node.rooms[ROOM].csrcs["first"]
    owned = SlotOwned(room=ROOM, peer="second", slot=0, owner="first", csrc=csrc)
    await people.until_told(owned)
    first.show(key=True)
    first.speak(level=33)
    await second.until(lambda: len(second.arrived) == 2)
    assert {(a.kind, a.slot, a.csrc, a.mark) for a in second.arrived} == {
        ("video", 0, csrc, "first"),
        ("audio", 0, csrc, "first"),
    }
    assert [a.level for a in second.of("audio")] == [SMOOTHED]
    assert first.arrived == []


def has_got(peer: ClientPeer, count: int) -> bool:
    """Whether so many packets have arrived."""
    return len(peer.arrived) == count


SMOOTHED = 112  # the level goes from silence (127) a seventh of the way with each packet


async def test_each_peer_gets_all_others_and_never_itself(people: People) -> None:
    names = ["first", "second", "third"]
    peers = {name: await people.join(name) for name in names}
    for peer in peers.values():
        peer.show(key=True)
        peer.speak()
    for peer in peers.values():
        await peer.until(partial(has_got, peer, 4))
    for name, peer in peers.items():
        others = [(kind, other) for other in names if other != name for kind in KINDS]
        assert sorted((a.kind, a.mark) for a in peer.arrived) == sorted(others)
        assert len({(a.slot, a.mark) for a in peer.arrived}) == 2


KINDS = ("audio", "video")


async def test_removed_peer_gets_nothing_and_gives_nothing(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    people.client.apply(people.want(first=None))
    closed = PeerClosed(room=ROOM, peer="first", generation=1, reason=CloseReason.NOT_WANTED)
    await people.until_told(closed)
    sent = len(people.process.words)
    first.show(key=True)
    second.show(key=True)
    await people.until(lambda: people.node.counters.unknown_address == 1)
    await people.until(
        lambda: people.node.rooms[ROOM].peers["second"].leg.publications["video"].layers[0].packets
    )
    assert [w for w in people.process.words[sent:] if is_media(w)] == []


def is_media(word: object) -> bool:
    """Whether it is an SRTP packet."""
    return isinstance(word, tuple) and 127 < word[0][0] < 192 and not 191 < word[0][1] < 224


async def test_what_may_not_be_sent_is_not_forwarded(people: People) -> None:
    first = await people.join("first", send_video=False)
    second = await people.join("second")
    first.show(key=True)
    first.speak()
    await second.until(lambda: list(second.of("audio")))
    assert list(second.of("video")) == []
    assert people.node.counters.not_allowed == 1


async def test_who_does_not_receive_gets_nothing_until_allowed_again(people: People) -> None:
    first, second = await people.join("first"), await people.join("second", receive=False)
    first.speak()
    source = people.node.rooms[ROOM].peers["first"].leg.publications["audio"].layers[0]
    await people.until(lambda: source.packets == 1)
    people.client.apply(people.want(second=allowed()))
    await people.until(lambda: source.routes)
    first.speak()
    await second.until(lambda: second.arrived)
    assert [a.number for a in second.arrived] == [2]


async def test_newer_generation_keeps_slot_and_number(people: People) -> None:
    await people.join("first")
    second = await people.join("second")
    third = await people.join("third")
    csrc = people.node.rooms[ROOM].csrcs["first"]
    again = await people.join("first", generation=2)
    await people.until_told(
        PeerClosed(room=ROOM, peer="first", generation=1, reason=CloseReason.REPLACED),
    )
    again.show(key=True)
    for peer, slot in ((second, 0), (third, 0)):
        await peer.until(partial(has_got, peer, 1))
        assert [(a.slot, a.csrc, a.mark) for a in peer.arrived] == [(slot, csrc, "first")]
    assert (
        SlotOwned(room=ROOM, peer="second", slot=0, owner=None, csrc=0) not in people.notifications
    )


async def test_video_begins_at_a_key_frame_that_was_asked_for(people: People) -> None:
    first = await people.join("first")
    first.show(key=True)
    camera = people.node.rooms[ROOM].peers["first"].leg.publications["video"]
    await people.until(lambda: camera.arrived)
    second = await people.join("second")
    asked = [rtcp.KeyFrameWanted(first.video.ssrc)]
    await first.until(lambda: asked == [part for one in first.control for part in rtcp.read(one)])
    first.show()
    first.show(key=True, parts=3)
    first.show()
    await second.until(lambda: len(second.arrived) == 4)
    assert [a.number for a in second.arrived] == [3, 4, 5, 6]


async def test_all_that_goes_to_a_peer_is_numbered_by_one_counter(people: People) -> None:
    """Pictures, sound and repairs. Kills: a counter for each slot, and repairs without a number,
    whose bytes an estimate would not see."""
    first, second = await people.join("first"), await people.join("second")
    first.show(key=True, parts=3)
    first.speak()
    await second.until(lambda: len(second.arrived) == 4)
    slot = people.node.rooms[ROOM].peers["second"].leg.slots["video"][0]
    second.send_control(rtcp.nack(1, slot.ssrc, [second.arrived[1].sequence]))
    await second.until(lambda: len(second.arrived) == 5)
    assert second.arrived[4].repaired
    assert [a.transport for a in second.arrived] == [0, 1, 2, 3, 4]
    log = people.node.rooms[ROOM].peers["second"].leg.sent
    said = rtcp.TransportFeedback(0, 0, (1.0,) * 5)
    assert [one.size for one in log.acknowledged(said)] == [len(a.sealed) for a in second.arrived]
