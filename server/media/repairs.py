"""What receivers ask for, and what the node asks of publishers: lost packets, key frames.

Owns the reading of RTCP, the pause and the budget of repairs, and how often one publisher is asked
for a key frame. Must not know rooms, addresses or routes beyond the slot that a report names.
"""

from collections.abc import Callable
from typing import Final

from pylibsrtp import Error as SrtpError

from server.media import numbering, rtcp
from server.media.counters import Counters
from server.media.ring import MOST_KEPT
from server.media.streams import Address, Leg, Slot, Source

RESEND_SECONDS: Final = 0.05  # least time between two repairs of one packet


class Repairs:
    """Of all legs of one node. Times are monotonic seconds."""

    def __init__(self, transmit: Callable[[bytes, Address], None], counters: Counters) -> None:
        self._transmit = transmit
        self._counters = counters

    def control(self, leg: Leg, datagram: bytes, now: float) -> None:
        """RTCP: what a receiver lost, which picture it needs, what a publisher's clock says."""
        try:
            compound = leg.unprotect_rtcp(datagram)
        except (SrtpError, ValueError):
            self._counters.srtp_refused += 1
            return
        leg.packets_left -= 1
        leg.heard = now
        for part in rtcp.read(compound):
            if isinstance(part, rtcp.SenderReport):
                source = leg.streams.get(part.ssrc)
                if source is not None:
                    source.sender_report = (part.ntp, part.rtp, now)
                continue
            if isinstance(part, rtcp.TransportFeedback):
                leg.estimate.feed(leg.sent.acknowledged(part), now)
                continue
            slot = leg.slots_by_ssrc.get(part.ssrc)
            if slot is None or slot.source is None:
                continue
            if isinstance(part, rtcp.Nack):
                asked = part.sequences[: int(leg.asks_left)]
                leg.asks_left -= len(asked)
                for sequence in asked:
                    self._resend(slot, slot.source, sequence, now)
            else:
                self.request_key_frame(slot.source, now)

    def _resend(self, slot: Slot, source: Source, sequence: int, now: float) -> None:
        """From the publisher's ring, never older than this turn. Budget and pause keep
        the NACKs of a narrow link from multiplying its load (4.4 Mbit/s on one of 300 kbit/s)."""
        newest = source.index + slot.shift
        index = source.index + ((sequence - newest + 0x8000 & 0xFFFF) - 0x8000)
        kept = source.ring.find(index) if source.ring is not None else None
        own = not slot.waiting and index >= slot.start
        soon = now - slot.resent.get(sequence, -1.0) < RESEND_SECONDS
        if kept is None or not own or soon or slot.leg.budget < len(kept[3]):
            self._counters.resend_refused += 1
            return
        if len(slot.resent) >= MOST_KEPT:
            slot.resent.clear()
        slot.resent[sequence] = now
        slot.leg.budget -= len(kept[3])
        self._counters.resent += 1
        self._send(slot.leg, numbering.repair(slot, source.publication.csrc, sequence, kept), now)

    def _send(self, leg: Leg, packet: bytes, now: float) -> None:
        try:
            sealed = leg.protect(packet)
        except (SrtpError, ValueError):
            self._counters.not_sent += 1
            return
        leg.sent.record(len(sealed), now)
        self._counters.forwarded += 1
        if leg.address is not None:
            self._transmit(sealed, leg.address)

    def request_key_frame(self, source: Source, now: float) -> None:
        """A slot waits to begin, or a receiver lost its picture: asks the publisher, unless a key
        frame that is under way serves this too."""
        if source.key_frame.ask(source.arrived, now):
            self._counters.key_frames_asked += 1
            self.send_control(source.leg, rtcp.picture_loss(source.leg.ssrc, source.ssrc))

    def send_control(self, leg: Leg, compound: bytes) -> None:
        """Sends RTCP of the node's own to a peer that has keys and an address."""
        if leg.connected and leg.address is not None:
            try:
                self._transmit(leg.protect_rtcp(compound), leg.address)
            except (SrtpError, ValueError):
                self._counters.not_sent += 1
