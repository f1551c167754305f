"""What input can make the node keep, or do, has a bound: one test for each container.

docs/media.md lists them. Floods against the running process are in test_floods.py.
"""

import asyncio
import contextlib
import secrets
import struct
from collections import Counter
from collections.abc import Sequence
from functools import partial

from hypothesis import example, given
from hypothesis import strategies as st
from pylibsrtp import Error as SrtpError

from server.media import redundancy, rtcp, vp8
from server.media.control import MOST_OFFERS, MOST_UNSENT, Connection
from server.media.description import OfferedMedia, read_offer
from server.media.desired import REMEMBERED_EPOCHS, View
from server.media.dtls import Handshake, Identity, State
from server.media.ice import MOST_LOGINS, REMEMBERED
from server.media.messages import (
    LONGEST_LINE,
    Answer,
    DesiredRoom,
    NodeLoad,
    OfferRefused,
)
from server.media.numbering import MOST_MISSING, note_missing
from server.media.path import MOST_ADDRESSES, MOST_STREAMS, STRAYS_PER_SECOND
from server.media.ring import MOST_KEPT, MOST_OCTETS, Ring
from server.media.rtcp import MOST_FEEDBACK
from server.media.streams import MOST_ASKS, MOST_PACKETS, MOST_RECORDS, Leg
from server.media.streams import leg_of as made
from tests.media.client_peer import HEADER, OPUS, VP8, ClientPeer
from tests.media.parsers import ADDRESS, MEDIA, OpenNode
from tests.media.running import ROOM, People, allowed
from tests.media.test_numbering import source_at

LONGEST_RTCP = 1352  # bytes that libsrtp's wrapper seals


def leg_of(people: People, name: str) -> Leg:
    """The peer as the packet path knows it."""
    return people.node.rooms[ROOM].peers[name].leg


async def test_addresses_of_one_peer_are_bounded_and_the_one_in_use_stays(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    leg = leg_of(people, "second")
    used = leg.address
    for _ in range(3 * MOST_ADDRESSES):
        await second.open()
        await second.check(nominating=False)
    assert len(leg.addresses) == MOST_ADDRESSES
    assert leg.address == used
    held = [a for a, holder in people.node.path._by_address.items() if holder is leg]
    assert sorted(held) == sorted(leg.addresses)
    assert first.arrived == []


async def test_streams_of_one_peer_are_bounded(people: People) -> None:
    """Kills: leaving MOST_STREAMS out of `_stream`; each new SSRC would be kept for good."""
    first = await people.join("first")
    leg = leg_of(people, "first")
    for number in range(4 * MOST_STREAMS):
        first.audio.ssrc = 1000 + number
        first.speak()
    await people.until(lambda: people.node.counters.unknown_stream > 3 * MOST_STREAMS - 4)
    assert len(leg.streams) + len(leg.repairs) == MOST_STREAMS
    assert len(people.node.path._by_ssrc) <= MOST_STREAMS


async def test_more_packets_than_a_peer_may_send_are_dropped_for_that_peer_alone(
    people: People,
) -> None:
    """Kills: one allowance for all peers."""
    first, second = await people.join("first"), await people.join("second")
    third = await people.join("third")
    leg_of(people, "first").packets_left = -1e9
    sealed = [first.seal(packet) for packet in packets(first, 500)]
    for packet in sealed:
        first.send_raw(packet)
    await people.until(lambda: people.node.counters.too_many == 500)
    second.show(key=True)
    await third.until(lambda: [a.mark for a in third.arrived if a.mark == "second"])
    assert people.node.counters.srtp_refused == 0


def packets(peer: ClientPeer, count: int) -> list[bytes]:
    """Sound, made beforehand."""
    audio = peer.audio
    return [
        HEADER.pack(0x80, OPUS, audio.sequence + n & 0xFFFF, 960 * n, audio.ssrc) + b"|x|1|"
        for n in range(count)
    ]


async def test_allowances_fill_again_but_not_beyond_their_size(people: People) -> None:
    await people.join("first")
    leg = leg_of(people, "first")
    leg.packets_left = leg.records_left = leg.asks_left = 0.0
    await people.until(
        lambda: (
            (leg.packets_left, leg.records_left, leg.asks_left)
            == (MOST_PACKETS, MOST_RECORDS, MOST_ASKS)
        )
    )


async def test_garbage_in_a_peers_name_takes_nothing_off_what_it_may_send(people: People) -> None:
    """Kills: counting before authentication; a forged source address would silence a peer."""
    first = await people.join("first")
    leg = leg_of(people, "first")
    before = leg.packets_left
    for _ in range(50):
        first.send_raw(b"\x80" + secrets.token_bytes(60))
    await people.until(lambda: people.node.counters.srtp_refused == 50)
    assert leg.packets_left >= before


async def test_checks_beyond_the_allowance_are_not_answered(people: People) -> None:
    first = await people.join("first")
    leg_of(people, "first").packets_left = -1e9
    request = first.check_request()
    before = people.node.counters.too_many
    first.send_raw(request)
    await people.until(lambda: people.node.counters.too_many > before)
    assert request[8:20] not in first.replies


async def test_dtls_records_beyond_the_allowance_are_not_read(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    leg_of(people, "first").records_left = -1e9
    first.leave()
    await people.until(lambda: people.node.counters.too_many == 1)
    second.show(key=True)
    await first.until(lambda: first.arrived)


async def test_packets_asked_for_again_are_bounded_whatever_the_report_says(
    people: People,
) -> None:
    """Kills: walking every number of a NACK; one datagram could name thousands."""
    first, second = await people.join("first"), await people.join("second")
    first.show(key=True)
    await second.until(lambda: second.arrived)
    leg = leg_of(people, "second")
    slot = next(s for s, (kind, n, again) in second.slot_of.items() if (kind, n, again) == VIDEO_0)
    one = struct.pack("!BBHII", 0x81, 205, 66, 1, slot) + b"\x00\x00\xff\xff" * 64
    leg.asks_left = 100.0
    second.send_control(one * 5)
    counters = people.node.counters
    await people.until(lambda: counters.resend_refused + counters.resent >= 100)
    await second.check()  # behind the report
    assert counters.resend_refused + counters.resent < 100 + MOST_ASKS


VIDEO_0 = ("video", 0, False)


async def test_transactions_that_are_remembered_are_bounded(people: People) -> None:
    first = await people.join("first")
    login = people.node._ice._logins[first.remote[0]]
    login.seen.update({secrets.token_bytes(12): ("192.0.2.1", 1) for _ in range(REMEMBERED)})
    await first.check()
    await first.check()
    assert len(login.seen) <= REMEMBERED + 1


async def test_restarts_that_are_never_used_leave_nothing(people: People) -> None:
    """Kills: keeping the credentials of every offer until one of them is used."""
    first = await people.join("first")
    used = first.remote
    for number in range(5 * MOST_LOGINS):
        first.ufrag = f"again{number}"
        assert isinstance(await people.offered("first", first), Answer)
    assert len(people.node._ice._logins) == MOST_LOGINS
    newest, first.remote = first.remote, used
    await first.check()
    first.remote = newest
    await first.check()
    assert list(people.node._ice._logins) == [newest[0]]


async def test_half_open_handshakes_are_bounded_by_who_is_wanted(people: People) -> None:
    """Twenty offers of each of five peers, none finished: five are kept, the newest of each."""
    names = [f"peer{n}" for n in range(5)]
    people.client.apply(people.want(**{name: allowed() for name in names}))
    for name in names:
        for _ in range(20):
            assert isinstance(await people.offered(name, ClientPeer(name, slots=1)), Answer)
    assert sorted(people.node.rooms[ROOM].peers) == names
    assert len(people.node._by_leg) == len(people.node._ice._logins) == 5


@given(st.lists(st.integers(1, 3000), max_size=50))
def test_missing_packets_are_bounded_whatever_the_gaps(gaps: list[int]) -> None:
    source = source_at(1000, 0, 0, 0)
    for gap in gaps:
        index = source.index + gap
        note_missing(source, index)
        source.index = index
        assert len(source.missing) <= MOST_MISSING


@given(
    st.lists(
        st.tuples(st.integers(1, 40_000), st.integers(0, 2**32 - 1), st.integers(0, 1300)),
        max_size=600,
    )
)
def test_pictures_kept_for_repair_are_bounded_whatever_is_sent(
    sent: list[tuple[int, int, int]],
) -> None:
    """Kills: counting the bytes of a packet once and not when it is dropped."""
    ring, index = Ring(), 0
    for step, timestamp, size in sent:
        index += step
        ring.keep((index, 0, timestamp, bytes(size), vp8.NONE))
        assert ring.find(index) is not None
        assert len(ring._kept) <= MOST_KEPT
        assert ring.octets == sum(len(kept[3]) for kept in ring._kept.values()) <= MOST_OCTETS


@given(
    st.dictionaries(st.integers(0, 0xFFFF), st.floats(0, 1e6), min_size=1, max_size=3000),
)
@example({number: 5.0 + number % 2 for number in range(3000)})
def test_arrival_feedback_always_fits_one_packet(arrivals: dict[int, float]) -> None:
    """Kills: MOST_FEEDBACK as 1024; reordered arrivals then made a report too long to seal."""
    packet = rtcp.transport_feedback(1, 2, 3, arrivals)
    assert len(packet) <= LONGEST_RTCP
    assert struct.unpack_from("!H", packet, 14)[0] <= MOST_FEEDBACK


async def test_reordered_arrivals_of_a_liar_do_not_stop_the_reports_of_others(
    people: People,
) -> None:
    first, second = await people.join("first"), await people.join("second")
    leg = leg_of(people, "first")
    numbers = range(3000)
    leg.arrivals = {n: people.node._clock() - n % 2 for n in numbers}
    first.speak()
    second.speak()
    for peer in (first, second):
        await peer.until(partial(has_feedback, peer))
    assert (people.node.counters.faults, people.node.counters.not_sent) == (0, 0)


def has_feedback(peer: ClientPeer) -> bool:
    """Whether a transport-cc report has come."""
    return any(compound[1] == 205 and compound[0] & 31 == 15 for compound in peer.control)


def connected_pair() -> tuple[Handshake, Handshake]:
    """A server and a client that are through, with no socket between them."""
    identities = Identity(), Identity()
    server = Handshake(identities[0], identities[1].digest)
    client = Handshake(identities[1], identities[0].digest, server=False)
    client.advance()
    while State.PENDING in (server.state, client.state):
        for datagram in client.sending():
            server.receive(datagram)
        for datagram in server.sending():
            client.receive(datagram)
    return server, client


def test_records_behind_the_first_of_a_datagram_do_not_pile_up() -> None:
    """Kills: reading one record of each datagram in `_listen`; the others stayed in memory."""
    server, client = connected_pair()
    for _ in range(10):
        for _ in range(20):
            client._ssl.send(b"x")
        server.receive(b"".join(client.sending()))
    client.close()
    server.receive(b"".join(client.sending()))
    assert server.state is State.CLOSED


def test_level_of_every_slot_is_written_once_for_all_of_them() -> None:
    """Kills: a table for each slot: 7 kB of memory each."""
    offered = read_offer(ClientPeer("someone", 11).offer())
    assert isinstance(offered, OfferedMedia)
    heads = [
        slot.extensions for leg in (made(offered), made(offered)) for slot in leg.slots["audio"]
    ]
    assert len({id(head) for head in heads}) == 1


async def test_offers_that_wait_are_bounded_and_the_rest_refused(people: People) -> None:
    """Kills: keeping every description that comes while the store is slow."""
    release = asyncio.Event()

    async def slow(rooms: Sequence[str]) -> list[DesiredRoom]:
        await release.wait()
        return []

    people.store.read = slow  # type: ignore[method-assign]
    sdp = ClientPeer("someone", slots=1).offer()
    asked = [people.client.offer("elsewhere", f"peer{n}", 1, sdp) for n in range(MOST_OFFERS + 20)]
    waiting = [asyncio.ensure_future(one) for one in asked]
    await people.until(lambda: sum(one.done() for one in waiting) == 20)
    release.set()
    replies = await asyncio.gather(*waiting)
    codes = Counter(reply.code for reply in replies if isinstance(reply, OfferRefused))
    assert codes == {"media.down": 20, "media.not_wanted": MOST_OFFERS}


def test_decryptions_for_strangers_are_bounded_for_all_peers_together() -> None:
    """Kills: trying every packet of an unknown address that names a known stream."""
    node = OpenNode()
    tried: list[bytes] = []

    def refuses(packet: bytes) -> bytes:
        tried.append(packet)
        raise SrtpError

    for leg in node.legs:
        leg.unprotect = refuses
    media = [(MEDIA[0], ("198.51.100.1", port)) for port in range(5 * STRAYS_PER_SECOND)]
    node.path.on_datagrams(media, 5000.0)
    assert len(tried) == STRAYS_PER_SECOND
    node.path.on_datagrams(media, 5000.5)
    assert len(tried) == STRAYS_PER_SECOND * 3 // 2


def test_repairs_that_are_remembered_are_bounded() -> None:
    """Three rings full of pictures, all asked for again by one who may ask without end."""
    node = OpenNode()
    second = node.legs[1]
    slot = second.slots["video"][0]
    for number in range(3 * MOST_KEPT):
        picture = HEADER.pack(0x80, 0x80 | VP8, number & 0xFFFF, 3000 * number, 12) + b"\x10\x10.."
        node.legs[0].packets_left = second.packets_left = second.asks_left = 100.0
        second.budget = 1e9
        node.path.on_datagrams([(picture, ADDRESS)], 1000.0)
        sequence = slot.shift + node.legs[0].publications["video"].layers[0].index & 0xFFFF
        asked = rtcp.nack(1, slot.ssrc, [sequence])
        node.path.on_datagrams([(asked, (ADDRESS[0], ADDRESS[1] + 1))], 1000.0)
        assert len(slot.resent) <= MOST_KEPT
    assert node.counters.resent == 3 * MOST_KEPT


def test_epochs_that_were_replaced_are_remembered_up_to_a_number() -> None:
    view = View()
    for number in range(3 * REMEMBERED_EPOCHS):
        view.take(DesiredRoom(room=ROOM, epoch=f"{number}", version=1, complete=True, peers={}))
    assert len(view._retired) == REMEMBERED_EPOCHS


async def test_line_without_end_closes_its_control_connection(people: People) -> None:
    address = people.process.configuration.control.removeprefix("unix:")
    reader, writer = await asyncio.open_unix_connection(address)
    with contextlib.suppress(ConnectionError):
        writer.write(b"x" * (2 * LONGEST_LINE + 1))
        await writer.drain()
        assert await reader.read() == b""
    writer.close()


class Stuck:
    """A transport of somebody who reads nothing."""

    def __init__(self) -> None:
        self.held = 0
        self.aborted = False
        self.transport = self

    def is_closing(self) -> bool:
        return self.aborted

    def get_write_buffer_size(self) -> int:
        return self.held

    def write(self, line: bytes) -> None:
        self.held += len(line)

    def abort(self) -> None:
        self.aborted = True


def test_web_process_that_reads_nothing_is_cut_off() -> None:
    stuck = Stuck()
    connection = Connection(stuck)  # type: ignore[arg-type]
    load = NodeLoad(node="n" * 100, peers=1, packets_per_second=1)
    for _ in range(100_000):
        connection.send(load)
    assert stuck.aborted
    assert stuck.held <= MOST_UNSENT + 1000


def test_sounds_that_are_remembered_are_the_latest() -> None:
    recent: redundancy.Recent = {}
    for index in range(50):
        redundancy.repeated(recent, (index, 0, 960 * index, b"sound", vp8.NONE))
    assert list(recent) == list(range(50 - redundancy.REMEMBERED, 50))
