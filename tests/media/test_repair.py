"""Lost packets come back, in both directions, and never without bound."""

import struct

from server.media import rtcp
from server.media.streams import BURST_BYTES
from tests.media.client_peer import ClientPeer
from tests.media.running import ROOM, People


def asked_for(peer: ClientPeer) -> list[rtcp.Feedback]:
    """Everything the node asked this publisher for."""
    return [part for compound in peer.control for part in rtcp.read(compound)]


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


async def test_key_frame_requests_are_throttled(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    first.show(key=True)
    await second.until(lambda: second.arrived)
    source = people.node.rooms[ROOM].peers["first"].leg.publications["video"].layers[0]
    before = people.node.counters.key_frames_asked
    for millisecond in range(2000):
        people.node.path.repairs.request_key_frame(source, 1e6 + millisecond / 1000)
    assert people.node.counters.key_frames_asked - before == 4


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
