"""The fan-out in Python: what it is, for every machine, and what the compiled one is held against.

Owns the loop over slots. Must not know C.
"""

from collections.abc import Callable

from pylibsrtp import Error as SrtpError

from server.media.counters import Counters
from server.media.redundancy import DISTANCE, Payloads
from server.media.ring import Kept
from server.media.sent_log import NUMBER
from server.media.streams import OCTETS, PACKETS, Address, Leg, Source
from server.media.vp8 import moved

MARKER = 128  # the bit, in the byte that also has the payload type (RFC 3550 §5.1)


class InterpretedFanOut:
    """`transmit` gives a datagram to the kernel."""

    name = "Python"

    def __init__(self, transmit: Callable[[bytes, Address], None], counters: Counters) -> None:
        self._transmit = transmit
        self._counters = counters

    def send(self, source: Source, kept: Kept, longer: Payloads | None, now: float) -> None:
        """See `FanOut`. The marker bit on the first packet of a turn's sound: what came before was
        another's."""
        index, marker, timestamp, payload, descriptor = kept
        video, csrc, skipped = source.ring is not None, source.publication.csrc, descriptor[7]
        level, rest = int(source.level), payload[skipped:]
        sealed: list[tuple[bytes, Leg]] = []
        for slot in source.routes:
            if slot.waiting or index < slot.start:
                continue
            kind, body = slot.payload, rest
            if longer is not None and slot.redundant and index >= slot.start + DISTANCE:
                kind, body = slot.redundant, longer[kind]
            mark = marker | kind
            if index == slot.start and not video:
                mark |= MARKER
            leg, sent = slot.leg, slot.leg.sent
            head = slot.pack(
                slot.first,
                mark,
                index + slot.shift & 0xFFFF,
                timestamp + slot.timestamp_shift & 0xFFFFFFFF,
                slot.ssrc,
                csrc,
                slot.extensions[level],
                sent.counts[NUMBER],
            )
            if video:
                head += moved(payload, descriptor, slot.picture_shift, slot.tl0_shift)
            try:
                packet = leg.protect(head + body)
            except (SrtpError, ValueError):
                self._counters.not_sent += 1
                continue
            sent.record(len(packet), now)
            slot.counts[PACKETS] += 1
            slot.counts[OCTETS] += skipped + len(body)
            sealed.append((packet, leg))
        for packet, leg in sealed:  # after all are sealed: the kernel's work and ours, each in
            if leg.address is not None:  # one piece, find more of their own in the caches
                self._transmit(packet, leg.address)
        self._counters.forwarded += len(sealed)
