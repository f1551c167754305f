"""A peer whose network changes, or that restarts ICE, is followed; its session goes on."""

from server.media.messages import Answer, OfferRefused
from tests.media.running import ROOM, People


async def test_new_address_is_followed_by_authentic_media(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    await first.open()
    first.show(key=True)
    await second.until(lambda: second.arrived)
    second.show(key=True)
    await first.until(lambda: first.arrived)
    assert people.node.counters.moved == 1


async def test_new_address_is_followed_by_a_nominating_check(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    await second.open()
    await second.check()
    first.show(key=True)
    await second.until(lambda: second.arrived)
    assert people.node.counters.moved == 1


async def test_check_that_does_not_nominate_moves_nobody(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    leg = people.node.rooms[ROOM].peers["second"].leg
    before = leg.address
    await second.open()
    await second.check(nominating=False)
    assert leg.address == before
    assert len(leg.addresses) == 2
    assert first.arrived == []


async def test_late_packet_from_the_old_address_moves_nobody_back(people: People) -> None:
    """Kills: moving on any authentic packet instead of the newest one in `_media`."""
    first = await people.join("first")
    leg = people.node.rooms[ROOM].peers["first"].leg
    old = leg.address
    first.show(key=True, lose=True)
    late = first.seal(first.video.sent[first.video.sequence])
    former = first.socket.dup()
    await first.open()
    first.show(key=True)
    await people.until(lambda: leg.address != old)
    former.sendto(late, first.node)
    await people.until(lambda: leg.publications["video"].layers[0].packets == 2)
    assert leg.address != old
    former.close()


async def test_ice_restart_needs_no_second_handshake(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    leg = people.node.rooms[ROOM].peers["second"].leg
    slots = dict(second.slot_of)
    former = second.remote
    second.ufrag = "restarted"
    assert isinstance(await people.offered("second", second), Answer)
    assert second.remote != former
    await second.open()
    await second.check()
    first.show(key=True)
    await second.until(lambda: second.arrived)
    assert people.node.rooms[ROOM].peers["second"].leg is leg
    assert second.slot_of == slots


async def test_old_credentials_end_with_the_first_check_of_the_new(people: People) -> None:
    first = await people.join("first")
    former = first.remote
    first.ufrag = "restarted"
    await people.offered("first", first)
    await first.check()
    first.remote = former
    first.send_raw(first.check_request())
    await people.until(lambda: people.node.counters.stun_unknown == 1)


async def test_same_offer_again_gets_the_same_answer(people: People) -> None:
    first = await people.join("first")
    texts = [await people.client.offer(ROOM, "first", 1, first.offer()) for _ in range(2)]
    assert [t.sdp for t in texts if isinstance(t, Answer)] == [texts[0].sdp] * 2  # type: ignore[union-attr]


async def test_same_connection_with_other_lines_is_refused(people: People) -> None:
    first = await people.join("first")
    first.slots += 1
    reply = await people.client.offer(ROOM, "first", 1, first.offer())
    assert isinstance(reply, OfferRefused)
    assert reply.code == "media.lines_changed"
