"""The load of `bench.media`: sealed packets sent on time, and what came of each of them.

Every packet is sealed before the run, under keys of a real handshake, and says whose and which
it is. Receivers identify packets by their clear headers and decrypt one in DECRYPT_EVERY, all parts
of which must be as they were sent. Owns sockets, schedule and stamps; one plain loop, no event
loop. Must not know how the node is started or what its figures mean.
"""

import select
import socket
import struct
import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pylibsrtp import Error as SrtpError

from bench.media.features import switched_off
from bench.media.feedback import EVERY_NS, HEAD_BYTES, Feedback
from server.media import rtcp
from tests.media.client_peer import HEADER, OPUS, VP8, ClientPeer, Kind, Stream

RATES: Final[dict[Kind, int]] = {"audio": 50, "video": 30}  # packets a second
TICKS: Final[dict[Kind, int]] = {"audio": 960, "video": 3000}  # of the RTP clock, a packet
SIZES: Final[dict[Kind, int]] = {"audio": 100, "video": 1150}  # bytes of payload
KEY_EVERY: Final = 30  # pictures
DECRYPT_EVERY: Final = 16
CHECK_SECONDS: Final = 2.5
REPORT_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = (
    0.0005  # between two polls: waking a waiting process would be charged to the node
)
QUIET_SECONDS: Final = 0.5  # nothing came for so long: all is here that will come
DRAIN_SECONDS: Final = 8.0  # and at most this is waited for it
BUFFER: Final = 4 << 20  # bytes a socket may hold while the loop is elsewhere
SO_TIMESTAMPNS: Final = getattr(socket, "SO_TIMESTAMPNS", 35)  # linux/socket.h
_STAMP = struct.Struct("@qq")
_WHOSE = struct.Struct("!HI")  # publisher, number


@dataclass(slots=True)
class Flow:
    """One publisher's stream as one receiver gets it; stamps are ns of the wall clock, 0: none.

    `offset` turns the sequence numbers of the slot into those of the publisher's packets.
    """

    publisher: int
    kind: Kind
    offset: int
    arrived: "array[int]"
    count: int = 0


class Member(NamedTuple):
    """What a person sends with and what they receive with: one connection, or two."""

    sends: ClientPeer
    receives: ClientPeer


@dataclass(slots=True)
class Person:
    """One person: their sockets, when they sent each packet, and the flows that reach them."""

    index: int
    room: int
    peer: ClientPeer
    receiver: ClientPeer
    receiving: socket.socket
    socket: socket.socket
    sent: dict[Kind, "array[int]"]
    flows: dict[bytes, Flow] = field(default_factory=dict)
    feedback: Feedback = field(default_factory=Feedback)


# when due (ns from the start), through which socket, what, where its stamp goes and at which number
Due = tuple[int, socket.socket, bytes, "array[int] | None", int]


class Load:
    """All people of all rooms. `rooms[r][p]` are connected; `seconds` is the whole run."""

    def __init__(self, rooms: Sequence[Sequence[Member]], seconds: float) -> None:
        self.seconds = seconds
        self.people: list[Person] = []
        for room, members in enumerate(rooms):
            for member in members:
                self.people.append(self._person(room, member))
        self.sampled = self.wrong = self.bytes_received = 0
        self.late: list[int] = []  # ns by which each packet left after it was due
        self._due = sorted(
            (due for person in self.people for due in self._of(person)), key=lambda due: due[0]
        )

    def _person(self, room: int, member: Member) -> Person:
        """Takes the sockets over from the event loop."""
        own = _taken_over(member.sends)
        receiving = own if member.sends is member.receives else _taken_over(member.receives)
        sent = {kind: array("q", bytes(8 * self.numbers(kind))) for kind in RATES}
        return Person(len(self.people), room, *member, receiving, own, sent)

    def numbers(self, kind: Kind) -> int:
        """How many packets of a kind each person sends."""
        return int(self.seconds * RATES[kind])

    # ---- what is sent --------------------------------------------------------------------

    def _of(self, person: Person) -> Iterator[Due]:
        """A person's packets, sealed; everybody begins at another moment."""
        phase = person.index / len(self.people)
        for kind in RATES:
            yield from self._media(person, kind, phase)
        for number in range(int(self.seconds / REPORT_SECONDS)):
            at = int((number + phase) * REPORT_SECONDS * 1e9)
            yield at, person.socket, _reports(person.peer, number), None, 0
            if person.receiving is not person.socket:
                report = person.receiver.seal_control(rtcp.receiver_report(1, []))
                yield at, person.receiving, report, None, 0
        for number in range(int(self.seconds / CHECK_SECONDS)):
            at = int((number + phase) * CHECK_SECONDS * 1e9)
            yield at, person.socket, person.peer.check_request(), None, 0
            if person.receiving is not person.socket:
                yield at, person.receiving, person.receiver.check_request(), None, 0

    def _media(self, person: Person, kind: Kind, phase: float) -> Iterator[Due]:
        stream = person.peer.audio if kind == "audio" else person.peer.video
        for number in range(self.numbers(kind)):
            at = int((number + phase) * 1e9 / RATES[kind])
            packet = _packet(stream, kind, person.index, number)
            yield at, person.socket, person.peer.seal(packet), person.sent[kind], number

    # ---- the run -------------------------------------------------------------------------

    def run(self) -> None:
        """Sends all of it, each at its time, and takes what comes, until it is quiet."""
        poll = select.epoll()
        by_file = {person.receiving.fileno(): person for person in self.people}
        for file in by_file:
            poll.register(file, select.EPOLLIN)
        start = heard = time.monotonic_ns()
        sent, reported, last = 0, 0, start + int((self.seconds + DRAIN_SECONDS) * 1e9)
        while (now := time.monotonic_ns()) < last:
            sent = self._send(sent, now - start)
            reported = self._report(reported, now - start)
            done = sent == len(self._due)
            ready = poll.poll(0)
            for file, _ in ready:
                self._drain(by_file[file])
            time.sleep(PAUSE_SECONDS)
            heard = now if ready or not done else heard
            if now - heard > QUIET_SECONDS * 1e9:
                break
        poll.close()

    def _send(self, at: int, elapsed: int) -> int:
        """Everything that is due by now; gives what comes next."""
        while at < len(self._due) and self._due[at][0] <= elapsed:
            due, through, datagram, stamps, number = self._due[at]
            self.late.append(elapsed - due)
            if stamps is not None:
                stamps[number] = time.time_ns()
            through.send(datagram)
            at += 1
        return at

    def _report(self, reported: int, elapsed: int) -> int:
        """One person after another says what reached them, each every EVERY_NS; how many have."""
        while (reported + 1) * EVERY_NS // len(self.people) <= elapsed:
            person = self.people[reported % len(self.people)]
            report = person.feedback.report()
            if report is not None:
                person.receiving.send(person.receiver.seal_control(report))
            reported += 1
        return reported

    def _drain(self, person: Person) -> None:
        """What one socket holds, stamped by the kernel when it came."""
        receive, flows, heads = person.receiving.recvmsg, person.flows, person.feedback.heads
        try:
            while True:
                datagram, ancillary, _, _ = receive(2048, 64)
                if datagram[0] < 128 or 191 < datagram[1] < 224:
                    continue
                flow = flows.get(datagram[8:12]) or self._learn(person, datagram)
                number = (datagram[2] << 8 | datagram[3]) + flow.offset & 0xFFFF
                seconds, nanoseconds = _STAMP.unpack_from(ancillary[0][2])
                stamp = flow.arrived[number] = seconds * 1_000_000_000 + nanoseconds
                heads.append((datagram[:HEAD_BYTES], stamp))
                flow.count += 1
                if not flow.count % DECRYPT_EVERY:
                    self._verify(person, flow, number, datagram)
        except BlockingIOError:
            return

    def _learn(self, person: Person, datagram: bytes) -> Flow:
        """A stream seen for the first time: decrypted, it says whose it is."""
        arrived = person.receiver.unseal(datagram)
        publisher, number = _said(arrived.kind, arrived.payload)
        numbers = array("q", bytes(8 * self.numbers(arrived.kind)))
        flow = Flow(publisher, arrived.kind, number - arrived.sequence, numbers)
        person.flows[datagram[8:12]] = flow
        self.wrong += self.people[publisher].room != person.room or publisher == person.index
        return flow

    def _verify(self, person: Person, flow: Flow, number: int, datagram: bytes) -> None:
        """Authentic, and payload for payload what that publisher sent."""
        self.sampled += 1
        try:
            payload = person.receiver.unseal(datagram).payload
        except SrtpError:
            self.wrong += 1
            return
        said = _said(flow.kind, payload)
        body = _body(flow.kind, flow.publisher, number)
        self.wrong += said != (flow.publisher, number) or not payload.endswith(body)

    # ---- what came of it -----------------------------------------------------------------

    def delivery(self, first: float, last: float) -> tuple[int, int, list[int]]:
        """Expected and arrived packets that were due between these seconds, and ns of each."""
        expected = 0
        latencies: list[int] = []
        for person in self.people:
            others = [p for p in self.people if p.room == person.room and p is not person]
            expected += len(others) * sum(int((last - first) * rate) for rate in RATES.values())
            for flow in person.flows.values():
                begin = int(first * RATES[flow.kind])
                end = begin + int((last - first) * RATES[flow.kind])
                stamps = zip(self.people[flow.publisher].sent[flow.kind], flow.arrived, strict=True)
                pairs = list(stamps)[begin:end]
                latencies += [arrived - sent for sent, arrived in pairs if arrived]
        return expected, len(latencies), latencies

    def switched_off(self) -> list[str]:
        """What of the server was not on, by its answers and its packets."""
        return switched_off(
            [person.receiver.answer for person in self.people],
            numbered=sum(person.feedback.numbered for person in self.people),
            unnumbered=sum(person.feedback.unnumbered for person in self.people),
        )

    def close(self) -> None:
        """All sockets."""
        for person in self.people:
            person.socket.close()
            person.receiving.close()


def _taken_over(peer: ClientPeer) -> socket.socket:
    """The peer's socket, for a plain loop, with the kernel's stamps."""
    own = peer.socket.dup()
    address = peer.node
    peer.close()
    own.setblocking(False)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    own.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    own.connect(address)
    return own


def _packet(stream: Stream, kind: Kind, publisher: int, number: int) -> bytes:
    """RTP as a browser sends it: level and transport-cc number, or that and VP8's descriptor."""
    audio = kind == "audio"
    sequence = stream.sequence + number & 0xFFFF
    timestamp = stream.timestamp + number * TICKS[kind] & 0xFFFFFFFF
    head = HEADER.pack(0x90, OPUS if audio else 0x80 | VP8, sequence, timestamp, stream.ssrc)
    counted = (number * 2 + audio & 0xFFFF).to_bytes(2, "big")
    if audio:
        extension = b"\xbe\xde\0\x02\x10\x14\x31" + counted + bytes(3)
        return head + extension + _body(kind, publisher, number)
    extension = b"\xbe\xde\0\x01\x31" + counted + bytes(1)
    picture = (0x8000 | number & 0x7FFF).to_bytes(2, "big")
    key = b"\x11" if number % KEY_EVERY else b"\x10"
    descriptor = b"\x90\xe0" + picture + bytes((number & 0xFF, 0)) + key
    return head + extension + descriptor + _body(kind, publisher, number)


def _body(kind: Kind, publisher: int, number: int) -> bytes:
    """What the node may not change: whose packet it is, which, and filling that depends on it."""
    return _WHOSE.pack(publisher, number) + bytes((number & 0xFF,)) * (SIZES[kind] - _WHOSE.size)


def _said(kind: Kind, payload: bytes) -> tuple[int, int]:
    publisher, number = _WHOSE.unpack_from(payload, 0 if kind == "audio" else 7)
    return publisher, number


def _reports(peer: ClientPeer, second: int) -> bytes:
    """Both streams' clocks and an empty receiver report, as browsers send each second."""
    now = rtcp.ntp(time.time() + second)
    streams: dict[Kind, Stream] = {"audio": peer.audio, "video": peer.video}
    parts = [
        rtcp.sender_report(stream.ssrc, now, stream.timestamp, second * RATES[kind], 0)
        for kind, stream in streams.items()
    ]
    return peer.seal_control(b"".join(parts) + rtcp.receiver_report(1, []))
