"""Lost packets come back, in both directions, and never without bound."""

import struct
from functools import partial

from server.media import rtcp
from server.media.streams import BURST_BYTES, Publication
from tests.media.client_peer import ClientPeer
from tests.media.running import ROOM, People


def asked_for(peer: ClientPeer) -> list[rtcp.Feedback]:
    """Everything the node asked this publisher for."""
    return [part for compound in peer.control for part in rtcp.read(compound)]


def camera_of(people: People, name: str) -> Publication:
    """What this peer's camera sends."""
    return people.node.rooms[ROOM].peers[name].leg.publications["video"]


async def test_publisher_is_asked_for_what_is_missing_and_it_is_forwarded(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    first.show(key=True)
    first.show(lose=True)
    lost = first.video.sequence
    first.show()
    wanted = rtcp.Nack(first.video.ssrc, (lost,))
    await first.until(lambda: wanted in asked_for(first))
    first.repair(lost)
    await second.until(lambda: len(second.arrived) == 3)
    assert [a.number for a in second.arrived] == [1, 3, 2]
    start = second.arrived[0].sequence
    assert [a.sequence - start & 0xFFFF for a in second.arrived] == [0, 2, 1]
    assert people.node.counters.repaired == 1


async def test_repair_that_comes_twice_is_forwarded_once(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    first.show(key=True)
    await second.until(lambda: second.arrived)
    first.repair(first.video.sequence)
    first.show()
    await second.until(lambda: len(second.arrived) == 2)
    assert [a.number for a in second.arrived] == [1, 2]


async def test_subscriber_gets_again_what_it_asks_for(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    first.show(key=True, parts=3)
    await second.until(lambda: len(second.arrived) == 3)
    slot = people.node.rooms[ROOM].peers["second"].leg.slots["video"][0]
    lost = second.arrived[1]
    second.send_control(rtcp.nack(1, slot.ssrc, [lost.sequence]))
    await second.until(lambda: len(second.arrived) == 4)
    again = second.arrived[3]
    assert (again.repaired, again.sequence, again.payload, again.csrc) == (
        True,
        lost.sequence,
        lost.payload,
        lost.csrc,
    )
    assert again.timestamp == lost.timestamp


async def test_same_packet_is_not_resent_within_the_pause(people: People) -> None:
    """Kills: dropping the look at `resent`; ten requests at once would be ten repairs."""
    first, second = await people.join("first"), await people.join("second")
    first.show(key=True)
    await second.until(lambda: second.arrived)
    slot = people.node.rooms[ROOM].peers["second"].leg.slots["video"][0]
    for _ in range(10):
        people.node.path.repairs._resend(slot, slot.source, second.arrived[0].sequence, 1e6)  # type: ignore[arg-type]
    assert (people.node.counters.resent, people.node.counters.resend_refused) == (1, 9)


async def test_repairs_stay_within_the_budget(people: People) -> None:
    """Kills: dropping the comparison with `budget`."""
    first, second = await people.join("first"), await people.join("second")
    first.show(key=True)
    await second.until(lambda: second.arrived)
    slot = people.node.rooms[ROOM].peers["second"].leg.slots["video"][0]
    slot.leg.budget = BURST_BYTES
    size = len(second.arrived[0].payload)
    assert slot.source is not None
    for number in range(2 * int(BURST_BYTES) // size):
        sequence = second.arrived[0].sequence
        people.node.path.repairs._resend(slot, slot.source, sequence, 1e6 + number)
    assert people.node.counters.resent == BURST_BYTES // size


async def test_nothing_of_the_former_owner_is_ever_resent(people: People) -> None:
    first, second = await people.join("first", slots=1), await people.join("second", slots=1)
    first.show(key=True)
    await second.until(lambda: second.arrived)
    people.client.apply(people.want(first=None))
    third = await people.join("third", slots=1)
    third.show(key=True)
    await second.until(lambda: len(second.arrived) == 2)
    slot = people.node.rooms[ROOM].peers["second"].leg.slots["video"][0]
    second.send_control(rtcp.nack(1, slot.ssrc, [second.arrived[0].sequence]))
    await people.until(lambda: people.node.counters.resend_refused == 1)
    assert [a.mark for a in second.arrived] == ["first", "third"]


def has_some(peer: ClientPeer) -> bool:
    """Whether anything has arrived."""
    return bool(peer.arrived)


async def test_who_comes_after_the_key_frame_has_one_asked_for_at_once(people: People) -> None:
    """Three who come: the second is served by the request for the first, the third comes when that
    is answered. Kills: a pause between two requests, which made the third wait for the clock."""
    first = await people.join("first")
    peers = [await people.join(name) for name in ("second", "third", "fourth")]
    first.show(key=True)
    for peer in peers:
        await peer.until(partial(has_some, peer))
    path, camera = people.node.path, camera_of(people, "first")
    slots = [slot for slot in camera.slots if slot.leg is not camera.leg]
    for slot in slots:
        path.remove_route(slot)
    for slot in slots[:2]:
        path.add_route(camera, slot, people.node._clock())
    assert people.node.counters.key_frames_asked == 1
    first.show(key=True)
    await people.until(lambda: not any(slot.waiting for slot in slots[:2]))
    path.add_route(camera, slots[2], people.node._clock())
    assert people.node.counters.key_frames_asked == 2


async def test_camera_that_begins_is_not_asked_for_what_it_begins_with(people: People) -> None:
    """Kills: a request to each who comes, answered by a second key frame after the first."""
    first, second = await people.join("first"), await people.join("second")
    first.show(key=True)
    await second.until(lambda: second.arrived)
    assert people.node.counters.key_frames_asked == 0


async def test_start_of_a_camera_that_was_lost_is_asked_for(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    first.show(key=True, lose=True)
    first.show()
    await first.until(lambda: rtcp.KeyFrameWanted(first.video.ssrc) in asked_for(first))
    first.show(key=True)
    await second.until(lambda: second.arrived)
    assert [a.number for a in second.arrived] == [3]


async def test_nothing_is_kept_of_a_camera_that_went_off(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    first.show(key=True)
    await second.until(lambda: second.arrived)
    ring = camera_of(people, "first").layers[0].ring
    assert ring is not None
    assert ring.octets == len(second.arrived[0].payload)
    await people.until(lambda: ring.octets == 0)


async def test_publisher_is_told_what_arrived(people: People) -> None:
    first = await people.join("first")
    for _ in range(3):
        first.speak()
    await first.until(lambda: any(c[1] == 205 and c[0] & 31 == 15 for c in first.control))
    feedback = next(c for c in first.control if c[1] == 205 and c[0] & 31 == 15)
    base, count = struct.unpack_from("!HH", feedback, 12)
    assert (base, count) == (1, 3)


async def test_sender_reports_keep_the_publishers_clock(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    first.show(key=True)
    await second.until(lambda: second.arrived)
    said = rtcp.ntp(1_000_000.0)
    first.send_control(rtcp.sender_report(first.video.ssrc, said, first.video.timestamp, 1, 1))
    slot = people.node.rooms[ROOM].peers["second"].leg.slots["video"][0]

    def reports() -> list[rtcp.SenderReport]:
        parts = [part for compound in second.control for part in rtcp.read(compound)]
        return [p for p in parts if isinstance(p, rtcp.SenderReport) and p.ssrc == slot.ssrc]

    await second.until(lambda: len(reports()) >= 2)
    earlier, later = reports()[:2]
    ticks = (later.rtp - earlier.rtp & 0xFFFFFFFF) / 90_000
    assert abs(ticks - (rtcp.unix(later.ntp) - rtcp.unix(earlier.ntp))) < 0.001
