"""The fan-out in C beside the one in Python: the same traffic through both, every byte compared.

Two nodes' packet paths have the same publishers, subscribers, keys and numbers, and do the same.
What they send is read from the sockets of the subscribers.
"""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pylibsrtp import Policy

from server.launcher.debian import COMPILER
from server.media.counters import Counters
from server.media.description import LEVEL, TRANSPORT_CC, Line, OfferedMedia
from server.media.dtls import PROFILES, _session
from server.media.fan_out import compiled
from server.media.fan_out.compiled import CompiledFanOut, Library, WayOut
from server.media.path import PacketPath
from server.media.placement import Fence
from server.media.sealing import handle, sealer
from server.media.streams import Address, Leg, Slot, leg_of
from tests.media.running import People
from tests.programs import needed

LAYERS = ("q", "h")
SUBSCRIBERS = 3
COPIED = ("ssrc", "repair_ssrc", "repair_sequence", "sequence", "timestamp", "picture", "tl0")
EVERYWHEN = Fence(float("inf"))


class NoEdge:
    """Nobody is told."""

    def on_check(self, datagram: bytes, address: Address, now: float) -> None: ...
    def on_handshake(self, leg: Leg, datagram: bytes, now: float) -> None: ...
    def on_shown(self, slot: Slot, rtp_timestamp: int) -> None: ...


@dataclass
class Receivers:
    """The sockets of the subscribers, two for each: people move."""

    sockets: list[socket.socket] = field(default_factory=list)

    def open(self) -> None:
        for _ in range(2 * SUBSCRIBERS):
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            one.bind(("127.0.0.1", 0))
            one.setblocking(False)
            self.sockets.append(one)

    def address(self, subscriber: int, which: int) -> Address:
        found: Address = self.sockets[2 * subscriber + which].getsockname()
        return found

    def arrived(self) -> list[list[bytes]]:
        """All that each got since the last time: on loopback it is there when it was sent."""
        return [list(_waiting(one)) for one in self.sockets]


def _waiting(one: socket.socket) -> Iterator[bytes]:
    try:
        while True:
            yield one.recv(2048)
    except BlockingIOError:
        return


@pytest.fixture(scope="module")
def receivers() -> Iterator[Receivers]:
    made = Receivers()
    made.open()
    yield made
    for one in made.sockets:
        one.close()


@pytest.fixture(scope="module")
def library() -> Library:
    needed(COMPILER)
    found = compiled.load()
    assert found is not None, "./test makes it"
    return found


def lines(
    level: int, transport: int, opus: int = 111, *, red: bool = False, sends: bool
) -> tuple[Line, ...]:
    ids = tuple((uri, at) for uri, at in ((LEVEL, level), (TRANSPORT_CC, transport)) if at)
    direction = "send" if sends else "receive"
    rids = LAYERS if sends else ()
    return (
        Line("audio", "0", direction, opus, extensions=ids, redundant_payload=63 * red),  # type: ignore[arg-type]
        Line("video", "1", direction, 96, 97, ids[-1:] if transport else (), rids=rids),  # type: ignore[arg-type]
    )


# of the level and of the transport-cc number (0: not offered), of Opus, and whether RED is taken
Ids = tuple[int, int, int, bool]


class World:
    """One packet path with a publisher and its subscribers."""

    def __init__(self, ids: list[Ids], like: "World | None" = None) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.counters = Counters()
        self.path = PacketPath(NoEdge(), self._transmit, self.counters)
        self.publisher = self._leg(lines(1, 2, sends=True), 0)
        self.publisher.unprotect = bytes
        for publication in self.publisher.publications.values():
            publication.allowed, publication.csrc = True, 77
            for at, source in enumerate(publication.layers):
                source.restart(10 * (1 + at) + (publication.kind == "video"))
                self.publisher.streams[source.ssrc] = source
        self.path.add_peer(self.publisher)
        self.path.move(self.publisher, ("127.0.0.1", 9))
        self.subscribers = [
            self._leg(lines(*one, red=red, sends=False), 1 + at)
            for at, (*one, red) in enumerate(ids)
        ]
        for subscriber in self.subscribers:
            self.path.add_peer(subscriber)
        for slot, other in zip(self.slots(), like.slots() if like else self.slots(), strict=True):
            for name in COPIED:
                setattr(slot, name, getattr(other, name))

    def _transmit(self, datagram: bytes, address: Address) -> None:
        self.socket.sendto(datagram, address)

    def _leg(self, described: tuple[Line, ...], key: int) -> Leg:
        leg = leg_of(OfferedMedia("ufrag", bytes(32), described))
        profile = PROFILES[key % len(PROFILES)]
        master = bytes((key,)) * (profile.key + profile.salt)
        session = _session(profile, master, Policy.SSRC_ANY_OUTBOUND)
        leg.protect, leg.srtp, leg.connected = sealer(session), handle(session), True
        leg.protect_rtcp = bytes
        return leg

    def slots(self) -> list[Slot]:
        return [slot for leg in self.subscribers for of in leg.slots.values() for slot in of]

    def state(self) -> object:
        """All that the fan-out writes."""
        logs = [(one.sent.counts, one.sent.sent_at, one.sent.sizes) for one in self.subscribers]
        return self.counters, logs, [slot.counts for slot in self.slots()]


@dataclass(frozen=True)
class Packet:
    """Of the publisher: a jump of numbers since the stream's last, and what it carries."""

    kind: str
    layer: int
    ahead: int
    later: int
    payload: bytes
    level: int


@dataclass(frozen=True)
class Change:
    """Of one subscriber: what its slot carries, or where it is."""

    do: str
    subscriber: int
    kind: str
    choice: int


descriptors = st.sampled_from(
    [
        bytes.fromhex("9080fffe"),  # picture id of 15 bits
        bytes.fromhex("90807f"),  # of 7
        bytes.fromhex("90e08123fd20"),  # and TL0PICIDX, and TID
        bytes.fromhex("9040ff"),  # TL0PICIDX alone
        bytes.fromhex("10"),
        bytes.fromhex("80e08124fe20"),  # goes on with a picture
        b"",
    ]
)
packets = st.builds(
    Packet,
    st.sampled_from(["audio", "video"]),
    st.integers(0, 1),
    st.sampled_from([1, 1, 1, 1, 2, 3, -1, -2, 40_000]),
    st.sampled_from([0, 960, 3000, 2**31]),
    st.builds(
        lambda head, key, rest: head + (b"" if not rest else bytes((0 if key else 1,)) + rest),
        descriptors,
        st.booleans(),
        st.one_of(st.binary(max_size=40), st.integers(0, 1293).map(bytes)),
    ),
    st.integers(0, 127),
)
changes = st.builds(
    Change,
    st.sampled_from(["route", "route", "unroute", "choose", "move", "repeat"]),
    st.integers(0, SUBSCRIBERS - 1),
    st.sampled_from(["audio", "video"]),
    st.integers(0, 2),
)
extension_ids = st.tuples(
    st.sampled_from([0, 1, 14]),
    st.sampled_from([0, 2, 13]),
    st.sampled_from([111, 111, 109]),
    st.booleans(),
)


class Script:
    """The same happenings for both worlds; the numbers of the publisher's streams."""

    def __init__(self, world: World, receivers: Receivers) -> None:
        self.world, self.receivers = world, receivers
        self.now = 100.0
        self.numbers: dict[tuple[str, int], tuple[int, int]] = {}

    def do(self, step: Packet | Change) -> None:
        self.now += 0.01
        if isinstance(step, Packet):
            self._packet(step)
        else:
            self._change(step)

    def _packet(self, step: Packet) -> None:
        layer = step.layer if step.kind == "video" else 0
        sequence, timestamp = self.numbers.get((step.kind, layer), (65_530, 2**32 - 2000))
        sequence = sequence + step.ahead & 0xFFFF
        timestamp = timestamp + step.later & 0xFFFFFFFF
        self.numbers[step.kind, layer] = sequence, timestamp
        source = self.world.publisher.publications[step.kind].layers[layer]  # type: ignore[index]
        head = bytes((0x90, 111 if step.kind == "audio" else 96)) + sequence.to_bytes(2, "big")
        head += timestamp.to_bytes(4, "big") + source.ssrc.to_bytes(4, "big")
        head += bytes((0xBE, 0xDE, 0, 1, 0x10, step.level, 0, 0))
        self.world.path.on_datagrams([(head + step.payload, ("127.0.0.1", 9))], self.now)

    def _change(self, step: Change) -> None:
        leg, path = self.world.subscribers[step.subscriber], self.world.path
        slot = leg.slots[step.kind][0]  # type: ignore[index]
        publication = self.world.publisher.publications[step.kind]  # type: ignore[index]
        if step.do == "move":
            path.move(leg, self.receivers.address(step.subscriber, step.choice % 2))
        elif step.do == "repeat":
            slot.repeat(step.choice > 0)
        elif step.do == "route":
            path.add_route(publication, slot, self.now)
        elif step.do == "unroute":
            path.remove_route(slot)
        else:
            layer = None if step.choice == 2 else step.choice % len(publication.layers)
            path.choose(slot, layer, self.now)


BEGIN = [
    Change(do, at, kind, at)
    for at in range(SUBSCRIBERS)
    for do, kind in (("move", "audio"), ("route", "audio"), ("route", "video"))
]
SOUND = Packet("audio", 0, 1, 960, b"sound", 20)


def by_c(library: Library, world: World, fence: Fence = EVERYWHEN) -> World:
    way_out = WayOut(world.socket.fileno(), ipv6=False, fence=fence)
    world.path.fan_out = CompiledFanOut(library, way_out, world.counters)
    return world


@settings(deadline=None)
@given(
    ids=st.lists(extension_ids, min_size=SUBSCRIBERS, max_size=SUBSCRIBERS),
    steps=st.lists(st.one_of(packets, packets, changes), min_size=20, max_size=60),
)
def test_both_ways_send_the_same_bytes_and_write_down_the_same(
    ids: list[Ids], steps: list[Packet | Change], library: Library, receivers: Receivers
) -> None:
    """Kills in the C: a picture id of 7 bits written as 15; the marker bit on a turn's every
    packet; a packet from before the turn; a fan that outlives a move or a choice; a number of the
    link counted for a packet that was not sealed; a padding byte too few after the number."""
    python = World(ids)
    c = by_c(library, World(ids, like=python))
    scripts = [Script(world, receivers) for world in (python, c)]
    for step in [*BEGIN, *steps]:
        sent = []
        for script in scripts:
            script.do(step)
            sent.append(receivers.arrived())
        assert sent[0] == sent[1]
    assert python.state() == c.state()
    assert python.counters.faults == 0


def begun(library: Library, receivers: Receivers, fence: Fence = EVERYWHEN) -> Script:
    """Everybody is sent everything, by C; nothing has come yet."""
    script = Script(by_c(library, World([(1, 2, 111, False)] * SUBSCRIBERS), fence), receivers)
    for step in BEGIN:
        script.do(step)
    return script


def test_source_with_more_slots_than_one_call_takes_reaches_them_all(
    library: Library, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "MOST_SLOTS", 2)
    script = begun(library, receivers)
    script.do(SOUND)
    assert [len(one) for one in receivers.arrived()] == [1, 0, 0, 1, 1, 0]


def test_node_that_slept_too_long_sends_nothing(library: Library, receivers: Receivers) -> None:
    """Kills: a fence that is not asked."""
    script = begun(library, receivers, Fence(float("-inf")))
    script.do(SOUND)
    assert receivers.arrived() == [[]] * 2 * SUBSCRIBERS
    assert script.world.counters.fenced == SUBSCRIBERS


def test_without_keys_nothing_is_sent_in_clear(library: Library, receivers: Receivers) -> None:
    """Kills: a session that is not there, taken for one that seals nothing."""
    script = begun(library, receivers)
    script.world.subscribers[0].srtp = 0
    script.do(SOUND)
    sent = [bool(one) for one in receivers.arrived()[::2]], script.world.counters.not_sent
    assert sent == ([False, False, True], 1)


def test_address_that_is_none_gets_nothing_and_the_others_do(
    library: Library, receivers: Receivers
) -> None:
    script = begun(library, receivers)
    script.world.path.move(script.world.subscribers[1], ("no address", 1))
    script.do(SOUND)
    assert [len(one) for one in receivers.arrived()] == [1, 0, 0, 0, 1, 0]
    assert script.world.counters.not_sent == 1


@pytest.mark.parametrize(
    ("host", "ipv6", "size"),
    [
        ("127.0.0.1", False, 16),
        ("::ffff:127.0.0.1", True, 28),
        ("2001:db8::7", True, 28),
        ("2001:db8::7", False, 0),
        ("localhost", False, 0),
        ("", False, 0),
    ],
)
def test_address_is_taken_in_figures_of_the_sockets_family(
    host: str, ipv6: bool, size: int, library: Library
) -> None:
    """Kills: a look-up of a name, in the middle of a packet."""
    stream = library.ffi.new("struct stream *")
    refused = library.functions.resolve(stream, host.encode(), b"5000", ipv6)
    assert (stream.address_length, bool(refused)) == (size, not size)


async def test_node_with_the_library_sends_by_it(library: Library, people_by_c: People) -> None:
    """Kills: a library that is made and never used; a way out by another socket than the node's."""
    people = people_by_c
    first, second = await people.join("first"), await people.join("second")
    first.speak()
    first.show(key=True)
    await second.until(lambda: {one.kind for one in second.arrived} == {"audio", "video"})
    third = await people.join("third")
    first.speak()
    await third.until(lambda: [one.kind for one in third.arrived] == ["audio"])
    words = (word for word in people.process.words if isinstance(word, tuple))
    assert [word for word in words if is_media(word)] == []
    assert people.node.counters.forwarded > 0


def is_media(word: tuple[bytes, Address]) -> bool:
    """RTP, and no RTCP, STUN or DTLS."""
    return 127 < word[0][0] < 192 and not 191 < word[0][1] < 224


def test_library_of_other_sources_is_not_loaded(tmp_path: Path) -> None:
    assert compiled.load(tmp_path) is None
