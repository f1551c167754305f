"""A scripted browser: ICE checks, DTLS, SRTP and payloads that say whose they are.

Real sockets on loopback, no codec. It sends what a test tells it to and keeps all that comes.
Everything waits for a condition that arriving datagrams may make true; nothing sleeps.
"""

import asyncio
import re
import secrets
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from pylibsrtp import Error as SrtpError
from pylibsrtp import Session

from server.media import stun
from server.media.description import LEVEL, TRANSPORT_CC
from server.media.dtls import Handshake, Identity, State
from tests.media.extensions import elements

Address = tuple[str, int]
Kind = Literal["audio", "video"]
OPUS, VP8, RTX = 111, 96, 97
LEVEL_ID, TRANSPORT_ID = 1, 3
PATIENCE: Final = 10.0  # seconds before a condition that never comes fails the test
RETRY: Final = 0.1
HEADER = struct.Struct("!BBHII")


@dataclass(frozen=True, slots=True)
class Arrived:
    """One media packet as the client got it. `slot` is the index within its kind."""

    kind: Kind
    slot: int
    repaired: bool
    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    csrc: int
    level: int
    transport: int  # its number for transport-cc; -1: none
    payload: bytes
    sealed: bytes

    @property
    def mark(self) -> str:
        """Whose content it is: what the publisher wrote into it."""
        return self.payload.split(b"|")[-3].decode()

    @property
    def number(self) -> int:
        """Which of the publisher's packets it is."""
        return int(self.payload.split(b"|")[-2])


@dataclass(slots=True)
class Stream:
    """What a client sends of one kind."""

    ssrc: int
    repair_ssrc: int
    sequence: int = field(default_factory=lambda: secrets.randbits(16))
    timestamp: int = field(default_factory=lambda: secrets.randbits(32))
    count: int = 0
    sent: dict[int, bytes] = field(default_factory=dict)


class ClientPeer(asyncio.DatagramProtocol):
    """One peer. `mark` goes into every payload. Make it, offer(), accept(), connect()."""

    def __init__(
        self,
        mark: str,
        slots: int = 3,
        *,
        sends: bool = True,
        identity: Identity | None = None,
    ) -> None:
        self.mark = mark
        self.slots = slots
        self.sends = sends
        self.identity = identity or Identity()
        self.fingerprint = self.identity.fingerprint
        self.ufrag = secrets.token_hex(4)
        self.audio, self.video = (
            Stream(secrets.randbits(31) | 1, secrets.randbits(31) | 1) for _ in range(2)
        )
        self.arrived: list[Arrived] = []
        self.control: list[bytes] = []
        self.replies: dict[bytes, bytes] = {}
        self.undecodable = 0
        self.here = "127.0.0.1"  # the address of this end
        self.candidates: list[tuple[str, str]] = []  # of the node: (address, port)
        self.node: Address = ("", 0)
        self.remote = ("", "")
        self.slot_of: dict[int, tuple[Kind, int, bool]] = {}
        self.handshake: Handshake | None = None
        self._received: Session | None = None
        self._sent: Session | None = None
        self._transport_number = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._transport: asyncio.DatagramTransport | None = None
        self._changed = asyncio.Event()

    # ---- descriptions --------------------------------------------------------------------

    def offer(self) -> str:
        """Like Chromium's: one sending line of each kind if it sends, then the slots."""
        lines: list[str] = []
        mid = 0
        kinds: list[tuple[Kind, bool]] = [("audio", True), ("video", True)] if self.sends else []
        kinds.extend([("video", False)] * self.slots)
        kinds.extend([("audio", False)] * self.slots)
        for kind, sends in kinds:
            lines += self._section(kind, mid, sends=sends)
            mid += 1
        mids = " ".join(str(i) for i in range(mid))
        session = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {mids}"]
        return "\r\n".join([*session, "a=extmap-allow-mixed", *lines]) + "\r\n"

    def _section(self, kind: Kind, mid: int, *, sends: bool) -> list[str]:
        codecs = {
            "audio": [f"a=rtpmap:{OPUS} opus/48000/2", f"a=extmap:{LEVEL_ID} {LEVEL}"],
            "video": [
                f"a=rtpmap:{VP8} VP8/90000",
                f"a=rtpmap:{RTX} rtx/90000",
                f"a=fmtp:{RTX} apt={VP8}",
            ],
        }
        payloads = OPUS if kind == "audio" else f"{VP8} {RTX}"
        lines = [
            f"m={kind} 9 UDP/TLS/RTP/SAVPF {payloads}",
            "c=IN IP4 0.0.0.0",
            "a=candidate:1 1 udp 2130706431 10.9.8.7 40000 typ host",
            f"a=ice-ufrag:{self.ufrag}",
            "a=ice-pwd:0123456789012345678901",
            f"a=fingerprint:sha-256 {self.fingerprint}",
            "a=setup:actpass",
            f"a=mid:{mid}",
            f"a=extmap:{TRANSPORT_ID} {TRANSPORT_CC}",
            f"a={'sendonly' if sends else 'recvonly'}",
            "a=rtcp-mux",
            *codecs[kind],
        ]
        if sends and kind == "video":
            ssrc, repair = self.video.ssrc, self.video.repair_ssrc
            lines += [f"a=ssrc-group:FID {ssrc} {repair}", f"a=ssrc:{ssrc} cname:x"]
        elif sends:
            lines += [f"a=ssrc:{self.audio.ssrc} cname:x"]
        return lines

    def accept(self, answer: str) -> None:
        """Reads what the node says of itself and of the slots."""
        self.answer = answer
        self.remote = (
            re.findall(r"a=ice-ufrag:(\S+)", answer)[0],
            re.findall(r"a=ice-pwd:(\S+)", answer)[0],
        )
        self.candidates = re.findall(r"a=candidate:\d+ 1 udp \d+ (\S+) (\d+) typ host", answer)
        digest = re.findall(r"a=fingerprint:sha-256 (\S+)", answer)[0]
        if self.handshake is None:
            expected = bytes.fromhex(digest.replace(":", ""))
            self.handshake = Handshake(self.identity, expected, server=False)
        counted: dict[Kind, int] = {"audio": 0, "video": 0}
        for section in answer.split("m=")[1:]:
            kind: Kind = "audio" if section.startswith("audio") else "video"
            if "a=sendonly" in section:
                for place, ssrc in enumerate(re.findall(r"a=ssrc:(\d+) ", section)):
                    self.slot_of[int(ssrc)] = (kind, counted[kind], place == 1)
                counted[kind] += 1

    # ---- connecting ----------------------------------------------------------------------

    async def open(self) -> None:
        """A socket of its own; called again, one from another port, as after a network change.
        It goes to the node's first address of the family of `here`."""
        self.close()
        six = ":" in self.here
        self.node = next((at, int(port)) for at, port in self.candidates if (":" in at) == six)
        self.socket = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((self.here, 0))
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=self.socket)

    async def connect(self) -> None:
        """A check, then the handshake, until the keys are here."""
        await self.open()
        await self.check()
        assert self.handshake is not None
        self.handshake.advance()
        self._flush()
        await self.until(self._repeated(lambda: self._sent is not None, self._retry_handshake))

    def _retry_handshake(self) -> None:
        assert self.handshake is not None
        self.handshake.on_timer()
        self._flush()

    async def check(self, *, nominating: bool = True) -> bytes:
        """Sends one ICE check and waits for its answer; gives the request, for replays."""
        request = self.check_request(nominating=nominating)
        self.send_raw(request)
        transaction = request[8:20]
        await self.until(
            self._repeated(lambda: transaction in self.replies, lambda: self.send_raw(request))
        )
        return request

    def check_request(self, *, nominating: bool = True) -> bytes:
        """A fresh signed check."""
        ufrag, password = self.remote
        return stun.request(
            secrets.token_bytes(12),
            f"{ufrag}:{self.ufrag}",
            password.encode(),
            nominating=nominating,
        )

    def _repeated(
        self, condition: Callable[[], bool], action: Callable[[], None]
    ) -> Callable[[], bool]:
        """A condition that also does something each time it is found wanting."""

        def ask() -> bool:
            done = condition()
            if not done:
                action()
            return done

        return ask

    async def until(self, condition: Callable[[], object]) -> None:
        """Returns when the condition holds; asked at each datagram and a few times a second."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                try:
                    async with asyncio.timeout(RETRY):
                        await self._changed.wait()
                except TimeoutError:
                    continue

    def close(self) -> None:
        """Vanishes without a word."""
        (self._transport or self.socket).close()
        self._transport = None

    def leave(self) -> None:
        """Says goodbye over DTLS."""
        assert self.handshake is not None
        self.handshake.close()
        self._flush()

    # ---- sending -------------------------------------------------------------------------

    def send_raw(self, datagram: bytes) -> None:
        """Any bytes, to the node; asyncio's own sending would leave out an empty datagram."""
        self.socket.sendto(datagram, self.node)

    def seal(self, packet: bytes) -> bytes:
        """SRTP under this client's keys."""
        assert self._sent is not None
        sealed: bytes = self._sent.protect(packet)
        return sealed

    def speak(self, level: int = 20) -> None:
        """One Opus packet of 20 ms."""
        self._transport_number = self._transport_number + 1 & 0xFFFF
        extension = bytes((0xBE, 0xDE, 0, 2, 0x10, level, 0x31))
        extension += self._transport_number.to_bytes(2, "big") + bytes(3)
        packet = self._packet(self.audio, OPUS, 960, b"", extension=extension)
        self.send_raw(self.seal(packet))

    def show(self, *, key: bool = False, lose: bool = False, parts: int = 1) -> None:
        """One VP8 frame of `parts` packets; `lose` numbers them but does not send them."""
        for part in range(parts):
            picture = 0x8000 | self.video.timestamp // 3000 & 0x7FFF
            head = bytes((0x90 if part == 0 else 0x80, 0xE0)) + picture.to_bytes(2, "big")
            head += bytes((self.video.timestamp // 3000 & 0xFF, 0, 0x10 if key else 0x11))
            last = part == parts - 1
            packet = self._packet(self.video, VP8, 3000 if last else 0, head, marker=last)
            self.video.sent[struct.unpack_from("!H", packet, 2)[0]] = packet
            if not lose:
                self.send_raw(self.seal(packet))

    def repair(self, sequence: int) -> None:
        """A lost packet once more, by RTX (RFC 4588)."""
        packet = self.video.sent[sequence]
        _, second, _, timestamp, _ = HEADER.unpack_from(packet)
        head = HEADER.pack(0x80, second & 128 | RTX, sequence, timestamp, self.video.repair_ssrc)
        self.send_raw(self.seal(head + sequence.to_bytes(2, "big") + packet[12:]))

    def send_control(self, compound: bytes) -> None:
        """RTCP under this client's keys."""
        self.send_raw(self.seal_control(compound))

    def seal_control(self, compound: bytes) -> bytes:
        """SRTCP under this client's keys."""
        assert self._sent is not None
        sealed: bytes = self._sent.protect_rtcp(compound)
        return sealed

    def _packet(
        self,
        stream: Stream,
        payload: int,
        ticks: int,
        head: bytes,
        *,
        marker: bool = False,
        extension: bytes = b"",
    ) -> bytes:
        stream.count += 1
        stream.sequence = stream.sequence + 1 & 0xFFFF
        first = 0x90 if extension else 0x80
        second = payload | (0x80 if marker else 0)
        header = HEADER.pack(first, second, stream.sequence, stream.timestamp, stream.ssrc)
        stream.timestamp = stream.timestamp + ticks & 0xFFFFFFFF
        return header + extension + head + f"|{self.mark}|{stream.count}|".encode()

    # ---- receiving -----------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Told apart as the node does it."""
        if data[0] < 4:
            self.replies[data[8:20]] = data
        elif data[0] < 64:
            self._on_handshake(data)
        elif 191 < data[1] < 224:
            self._on_control(data)
        else:
            self._on_media(data)
        self._changed.set()

    def _on_handshake(self, data: bytes) -> None:
        assert self.handshake is not None
        self.handshake.receive(data)
        self._flush()
        if self.handshake.state is State.DONE and self._sent is None:
            sessions = self.handshake.sessions()
            assert sessions is not None
            self._received, self._sent = sessions

    def _on_control(self, data: bytes) -> None:
        assert self._received is not None
        try:
            self.control.append(self._received.unprotect_rtcp(data))
        except SrtpError:
            self.undecodable += 1

    def _on_media(self, data: bytes) -> None:
        try:
            self.arrived.append(self.unseal(data))
        except SrtpError:
            self.undecodable += 1

    def unseal(self, data: bytes) -> Arrived:
        """One media packet under this client's keys; an SrtpError if it is not from the node."""
        assert self._received is not None
        packet = self._received.unprotect(data)
        first, second, sequence, timestamp, ssrc = HEADER.unpack_from(packet)
        kind, slot, repaired = self.slot_of[ssrc]
        at = 12 + 4 * (first & 15)
        csrc = struct.unpack_from("!I", packet, 12)[0] if first & 15 else 0
        found: dict[int, bytes] = {}
        if first & 16:
            end = at + 4 + 4 * struct.unpack_from("!H", packet, at + 2)[0]
            found, at = elements(packet[at + 4 : end]), end
        if repaired:
            sequence, at = struct.unpack_from("!H", packet, at)[0], at + 2
        return Arrived(
            kind=kind,
            slot=slot,
            repaired=repaired,
            marker=bool(second & 128),
            payload_type=second & 127,
            sequence=sequence,
            timestamp=timestamp,
            csrc=csrc,
            level=found[LEVEL_ID][0] if LEVEL_ID in found else -1,
            transport=int.from_bytes(found[TRANSPORT_ID], "big") if TRANSPORT_ID in found else -1,
            payload=packet[at:],
            sealed=data,
        )

    def _flush(self) -> None:
        assert self.handshake is not None
        for datagram in self.handshake.sending():
            self.send_raw(datagram)

    def of(self, kind: Kind, slot: int | None = None) -> Iterator[Arrived]:
        """What arrived of one kind, in order, perhaps in one slot."""
        return (a for a in self.arrived if a.kind == kind and slot in (None, a.slot))
