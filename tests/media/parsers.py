"""Every parser of the media node that reads what others sent, with valid input to begin from.

`PARSERS` is the registry: `parse` raises nothing for any bytes at all, or the node has a fault.
A function of `server.media` that is called `read` or `read_…` and is not here fails a test.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from server.media import (
    description,
    echo,
    messages,
    numbering,
    placement,
    redundancy,
    rtcp,
    stun,
    vp8,
)
from server.media.dtls import Handshake, Identity, State
from server.media.messages import Apply, DesiredRoom, Hello, Offer, PeerClosed, PeerView, Ping
from server.media.node import MediaNode
from server.media.reasons import CloseReason
from server.media.room import Peer
from server.media.streams import MOST_ASKS, MOST_PACKETS, MOST_RECORDS, Leg
from tests.media.client_peer import ClientPeer
from tests.media.running import ROOM, MemoryStore, allowed
from tests.media.test_layouts import leg
from tests.media.test_stun import REQUEST


@dataclass(frozen=True)
class Parser:
    """`name` is the module and function. `examples` are valid; mutations begin from them."""

    name: str
    parse: Callable[[bytes], object]
    examples: tuple[bytes, ...]


h = bytes.fromhex
OFFER = ClientPeer("someone").offer().encode()
WANTED = DesiredRoom(room=ROOM, epoch="e", version=1, complete=True, peers={"first": allowed()})
COMPOUND = h(
    "80c80006000000070000000100000002000000030000000400000005"
    "81cd00040000000100000009ffff0001000a8001"
    "81ce00020000000100000009"
    "84ce000400000001000000000000000901000000"
)
ECHO_REQUEST = echo.echo_request_json(echo.EchoRequest(echo="e", person="p", sdp="v=0"))
ECHO_ANSWER = echo.echo_answer_json(echo.EchoAnswer(sdp="v=0"))
ECHO_REPORT = echo.echo_report_json(
    echo.EchoReport(received=50, lost=1, jitter_ms=2.5, round_trip_ms=None, heard=True)
)
EXTENSIONS = (h("bede0003102a31123400002300aabbcc"), h("1000000301012a02000004aabbccdd00"))
REDUNDANT = (h("ef0f00026f") + b"12345", h("ef1e0001ef0f00026f") + b"12345", h("6f") + b"1")
DESCRIPTORS = (h("90e081110780010203"), h("9080111000"), h("1000"))


def read_extensions(data: bytes) -> object:
    """Behind a header; the packet path takes an IndexError for a packet that is cut short."""
    try:
        return numbering.read_extensions(leg(1, 3), data, 0, 1.0)
    except IndexError:
        return None


def read_vp8(data: bytes) -> object:
    """And what was read can be written again."""
    descriptor = vp8.read(data)
    if descriptor is None:
        return None
    moved = vp8.moved(data, descriptor, 5, 5)
    assert len(moved) == descriptor[7] <= len(data)
    return moved


def read_redundancy(data: bytes) -> object:
    """And what was read, written again, is read as the same."""
    found = redundancy.read(data, 111)
    descriptor, newest, earlier = found
    if descriptor is not None:
        made = redundancy.payload_of(111, earlier, newest)
        assert redundancy.read(made, 111) == found
    return found


def read_stun(data: bytes) -> object:
    """And checked, as the agent does for a known user."""
    request = stun.read(data)
    return request and stun.authentic(data, request, b"password")


def read_offer(data: bytes) -> object:
    """Any text: bytes that are no UTF-8 become lone surrogates."""
    return description.read_offer(data.decode("utf-8", "surrogateescape"))


def receive_handshake(data: bytes) -> object:
    """A first datagram, and one in an established connection."""
    fresh = Handshake(identity(), bytes(32))
    fresh.receive(data)
    list(fresh.sending())
    standing = established()
    if standing.state is State.DONE:
        standing.receive(data)
        list(standing.sending())
    return fresh.state


@cache
def identity() -> Identity:
    """One certificate for all."""
    return Identity()


@cache
def hello() -> bytes:
    """A ClientHello."""
    client = Handshake(identity(), bytes(32), server=False)
    client.advance()
    return next(client.sending())


@cache
def established() -> Handshake:
    """The node's side of a connection that stands."""
    server = Handshake(identity(), identity().digest)
    client = Handshake(identity(), identity().digest, server=False)
    client.advance()
    while State.PENDING in (server.state, client.state):
        for datagram in client.sending():
            server.receive(datagram)
        for datagram in server.sending():
            client.receive(datagram)
    return server


ADDRESS = ("192.0.2.1", 5000)


class OpenNode(MediaNode):
    """A node of two connected peers whose packets are in the clear: the fuzz gets behind SRTP."""

    def __init__(self) -> None:
        super().__init__("open", MemoryStore(), lambda *_: None, lambda *_: None, lambda: 1000.0)
        self.apply(
            DesiredRoom(
                room=ROOM,
                epoch="e",
                version=1,
                complete=True,
                peers={"first": allowed(), "second": allowed()},
            )
        )
        self.legs = [self._peer(name, number) for number, name in enumerate(("first", "second"))]

    def _peer(self, name: str, number: int) -> Leg:
        client = ClientPeer(name)
        client.audio.ssrc, client.video.ssrc, client.video.repair_ssrc = 11, 12, 13
        offer = Offer(request=1, room=ROOM, peer=name, generation=1, sdp=client.offer())
        offered = description.read_offer(offer.sdp)
        assert isinstance(offered, description.OfferedMedia)
        room = self.rooms[ROOM]
        peer: Peer = self._admit(room, offer, offered)
        made = peer.leg
        made.protect = made.protect_rtcp = made.unprotect = made.unprotect_rtcp = bytes
        made.connected = True
        self.path.move(made, (ADDRESS[0], ADDRESS[1] + number))
        room.connect(peer, 1000.0)
        return made


@cache
def open_node() -> OpenNode:
    """One for all, so that what one input leaves behind meets the next."""
    return OpenNode()


def take_datagram(data: bytes) -> object:
    """From a peer's own address. A fault is counted, not raised; here it must not be either."""
    node = open_node()
    for one in node.legs:
        one.packets_left, one.records_left, one.asks_left = MOST_PACKETS, MOST_RECORDS, MOST_ASKS
    node.path.on_datagrams([(data, ADDRESS)], 1000.0)
    assert node.counters.faults == 0, "an exception on this datagram"
    if not node.legs[0].connected:  # a goodbye, or a handshake that failed, in its name
        open_node.cache_clear()
    return node.counters.received


MEDIA = (
    h("906f000100000002") + (11).to_bytes(4, "big") + h("bede00021014311234000000") + b"sound",
    h("903f000200000402") + (11).to_bytes(4, "big") + h("bede00021014311234000000") + REDUNDANT[0],
    h("90e0000100000002") + (12).to_bytes(4, "big") + h("bede000131123400") + DESCRIPTORS[0],
    h("80e1000100000002") + (13).to_bytes(4, "big") + b"\0\1" + DESCRIPTORS[0],
    h("a061000100000002") + (13).to_bytes(4, "big") + bytes(3) + b"\4",
)
TO_NODE = tuple(
    messages.to_node_line(one)
    for one in (
        Hello(secret="s", web="w"),
        Apply(desired=WANTED),
        Offer(request=1, room=ROOM, peer="first", generation=1, sdp="v=0"),
        PeerView(room="room", peer="peer", generation=1, widths={0: 320}),
        Ping(number=1),
    )
)
TO_WEB = (
    messages.to_web_line(PeerClosed(room=ROOM, peer="p", generation=1, reason=CloseReason.LEFT)),
)
LEASE = b'{"control":"tcp:h:1","port":5,"load":{"peers":1,"packets_per_second":2}}'
PLACED = b'{"node":"one","generation":7}'

PARSERS = (
    Parser("stun.read", read_stun, (REQUEST,)),
    Parser("description.read_offer", read_offer, (OFFER,)),
    Parser("rtcp.read", lambda data: list(rtcp.read(data)), (COMPOUND,)),
    Parser("vp8.read", read_vp8, DESCRIPTORS),
    Parser("redundancy.read", read_redundancy, REDUNDANT),
    Parser("numbering.read_extensions", read_extensions, EXTENSIONS),
    Parser("messages.read_to_node", messages.read_to_node, TO_NODE),
    Parser("messages.read_to_web", messages.read_to_web, TO_WEB),
    Parser("messages.read_desired", messages.read_desired, (messages.desired_json(WANTED),)),
    Parser("echo.read_echo_request", echo.read_echo_request, (ECHO_REQUEST,)),
    Parser("echo.read_echo_answer", echo.read_echo_answer, (ECHO_ANSWER,)),
    Parser("echo.read_echo_report", echo.read_echo_report, (ECHO_REPORT,)),
    Parser("placement.read_lease", placement.read_lease, (LEASE,)),
    Parser("placement.read_placement", placement.read_placement, (PLACED,)),
    Parser("dtls.Handshake.receive", receive_handshake, (hello(),)),
    Parser("path.PacketPath.on_datagrams", take_datagram, (*MEDIA, COMPOUND, REQUEST, hello())),
)

# ---- mutations -----------------------------------------------------------------------------


def mutated(chance: random.Random, examples: Sequence[bytes]) -> bytes:
    """A valid input with a few changes, or nothing but chance."""
    if not chance.randrange(8):
        return chance.randbytes(chance.randrange(120))
    made = bytearray(chance.choice(examples))
    for _ in range(chance.randrange(1, 6)):
        CHANGES[chance.randrange(len(CHANGES))](chance, made)
    return bytes(made)


def _flip(chance: random.Random, made: bytearray) -> None:
    if made:
        made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)


def _extreme(chance: random.Random, made: bytearray) -> None:
    if made:
        made[chance.randrange(len(made))] = chance.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF))


def _cut(chance: random.Random, made: bytearray) -> None:
    del made[chance.randrange(len(made) + 1) :]


def _remove(chance: random.Random, made: bytearray) -> None:
    at = chance.randrange(len(made) + 1)
    del made[at : at + chance.randrange(1, 9)]


def _insert(chance: random.Random, made: bytearray) -> None:
    at = chance.randrange(len(made) + 1)
    made[at:at] = chance.randbytes(chance.randrange(1, 9))


def _repeat(chance: random.Random, made: bytearray) -> None:
    at = chance.randrange(len(made) + 1)
    made[at:at] = made[at : at + chance.randrange(1, 60)] * chance.randrange(1, 4)


CHANGES: tuple[Callable[[random.Random, bytearray], None], ...] = (
    _flip,
    _extreme,
    _cut,
    _remove,
    _insert,
    _repeat,
)
