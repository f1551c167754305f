"""A scripted participant's sound: real Opus packets whose number is readable at the other end.

Owns one `ClientPeer` that sends on the beat of a metronome all participants share, and keeps
what arrives as numbers and times. Packet n of everybody is sent at tick n, so a gap is measured
in packets and a machine that stalls, sender and receiver alike, does not look like a loss.
"""

import asyncio
import contextlib
import socket
import struct
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

from pylibsrtp import Error as SrtpError

from tests.faults.log import TICK_S
from tests.media.client_peer import HEADER, OPUS, Address, ClientPeer

# RFC 6716, section 3.1 and 3.2.5: CELT, full band, 20 ms, mono (0xFB), three frames of one size,
# with padding (0x43); then the padding's length, silence, and the padding, which a decoder skips.
TOC, THREE_PADDED_FRAMES, SILENCE = 0xFB, 0x43, 3 * b"\xff\xfe"
SAMPLES = 2880  # of 48 kHz in one packet
SO_RCVBUFFORCE = 33  # socket(7); as root, beyond the system's limit
BUFFER = 4 << 20
QUIET = 127  # dBov below full scale (RFC 6464): nobody "speaks"

Heard = Callable[[str, int, float], None]
"""Told (publisher's mark, its packet's number, when); a browser's packet has neither: ("", slot)."""


def opus(mark: str, number: int) -> bytes:
    """60 ms of silence that carries whose it is and which, in its padding."""
    carried = f"|{mark}|{number}|".encode()
    return bytes((TOC, THREE_PADDED_FRAMES, len(carried))) + SILENCE + carried


def read_opus(payload: bytes) -> tuple[str, int] | None:
    """The mark and the number in a packet of ours; None of anybody else's."""
    if payload[:2] != bytes((TOC, THREE_PADDED_FRAMES)) or not payload.endswith(b"|"):
        return None
    _, mark, number, _ = payload.rsplit(b"|", 3)
    return mark.decode(), int(number)


class Voice(ClientPeer):
    """One media connection. `heard` is called for every packet of sound that arrives."""

    def __init__(self, mark: str, slots: int, heard: Heard) -> None:
        super().__init__(mark, slots)
        self.heard = heard
        self.video_packets = 0
        self.arrived_at = time.monotonic()

    @property
    def is_connected(self) -> bool:
        """Whether the keys are here."""
        return self._sent is not None

    async def open(self) -> None:
        """With room for what comes while this process is busy with something else."""
        await super().open()
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)

    def say(self, number: int) -> None:
        """Packet `number`, of 60 ms."""
        self._transport_number = self._transport_number + 1 & 0xFFFF
        extension = bytes((0xBE, 0xDE, 0, 2, 0x10, QUIET, 0x31))
        extension += self._transport_number.to_bytes(2, "big") + bytes(3)
        stream = self.audio
        stream.sequence = stream.sequence + 1 & 0xFFFF
        header = HEADER.pack(0x90, OPUS, stream.sequence, stream.timestamp, stream.ssrc)
        stream.timestamp = stream.timestamp + SAMPLES & 0xFFFFFFFF
        with contextlib.suppress(OSError):
            self.send_raw(self.seal(header + extension + opus(self.mark, number)))

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Whatever it is, the node is there."""
        self.arrived_at = time.monotonic()
        super().datagram_received(data, addr)

    def _on_control(self, data: bytes) -> None:
        """A scripted participant reports nothing."""

    def _on_media(self, data: bytes) -> None:
        kind, slot, _ = self.slot_of[struct.unpack_from("!I", data, 8)[0]]
        if kind == "video":
            self.video_packets += 1
            return
        assert self._received is not None
        try:
            packet = self._received.unprotect(data)
        except SrtpError:
            self.undecodable += 1
            return
        at = 12 + 4 * (packet[0] & 15)
        if packet[0] & 16:
            at += 4 + 4 * struct.unpack_from("!H", packet, at + 2)[0]
        mark, number = read_opus(packet[at:]) or ("", slot)
        self.heard(mark, number, time.monotonic())


@dataclass(slots=True)
class Metronome:
    """Everybody's packets, every 60 ms; no number is left out, however late it is.

    `lateness`: how late each was, in seconds. What is late because this process could not run
    says nothing about what is measured; it is not made up for.
    """

    times: "array[float]" = field(default_factory=lambda: array("d"))
    lateness: "array[float]" = field(default_factory=lambda: array("d"))
    voices: set[Voice] = field(default_factory=set)

    @property
    def tick(self) -> int:
        """The number of the newest packet."""
        return len(self.times) - 1

    async def run(self) -> None:
        due = time.monotonic()
        while True:
            self.times.append(time.monotonic())
            self.lateness.append(self.times[-1] - due)
            for voice in tuple(self.voices):
                if voice.is_connected:
                    voice.say(self.tick)
            due = max(due + TICK_S, time.monotonic())
            await asyncio.sleep(due - time.monotonic())
