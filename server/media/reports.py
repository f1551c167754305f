"""What the node says by the clock: repairs asked for, key frames, reports, arrival feedback.

Owns the intervals, and that the work is spread: nobody's packets are read while it runs, so a
step is a few legs, and each leg's reports have a tick of their own. Must not know rooms or
sockets; everything leaves through `repairs`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from server.media import rtcp
from server.media.repairs import Repairs
from server.media.streams import (
    BURST_BYTES,
    MOST_ASKS,
    MOST_PACKETS,
    MOST_RECORDS,
    Leg,
    Slot,
    Source,
)

TICK_SECONDS: Final = 0.05
FEEDBACK_TICKS: Final = 2  # transport-cc each 100 ms: publishers then find their own rate
REPORT_TICKS: Final = 10  # each 500 ms: after a second of silence a browser takes its path for dead
LEGS_A_STEP: Final = 3  # then arrived packets get their turn
MOST_TRIES: Final = 10  # for one missing packet
ASKED_AT_ONCE: Final = 34
RING_SECONDS: Final = 1.0  # after so long without a packet nobody asks for one any more
REPAIR_SHARE: Final = 0.25  # of what is sent may be sent again
LEAST_REPAIRS: Final = 0.05  # of what is sent: on a full link too, or a picture would die of it
REPAIR_FLOOR: Final = 12_500  # bytes a second that a peer may always have again


class Reports:
    """`admit` each leg when it is connected, and take all `steps` every TICK_SECONDS."""

    def __init__(self, repairs: Repairs) -> None:
        self._repairs = repairs
        self._ticks = 0
        self._admitted = 0

    def admit(self, leg: Leg) -> None:
        """Gives the leg its phase: those who are admitted one after another report one after
        another, so a tick has a tenth of all reports."""
        leg.phase = self._admitted
        self._admitted += 1

    def steps(
        self, legs: Sequence[Leg], now: Callable[[], float], unix: Callable[[], float]
    ) -> Iterator[None]:
        """One tick of these connected legs, LEGS_A_STEP between two yields. `now` is monotonic;
        `unix` is wall time, for the timestamps of sender reports. Both are asked at each step."""
        self._ticks += 1
        for at in range(0, len(legs), LEGS_A_STEP):
            moment, wall = now(), unix()
            for leg in legs[at : at + LEGS_A_STEP]:
                if leg.connected:  # it may have been closed between two steps
                    self._step(leg, moment, wall)
            yield

    def _step(self, leg: Leg, now: float, unix: float) -> None:
        _refill(leg)
        for source in sources_of(leg):
            self._ask(leg, source, now)
        turn = self._ticks + leg.phase
        if leg.arrivals and turn % FEEDBACK_TICKS == 0:
            self._send_feedback(leg)
        if turn % REPORT_TICKS == 0:
            self._send_reports(leg, now, unix)

    def _ask(self, leg: Leg, source: Source, now: float) -> None:
        """Asks again for missing packets, and for a key frame as long as one is wanted."""
        due = [i for i, (at, _) in source.missing.items() if now - at >= TICK_SECONDS]
        for index in due[:ASKED_AT_ONCE]:
            asks = source.missing[index][1] + 1
            source.missing[index] = (now, asks)
            if asks >= MOST_TRIES:
                del source.missing[index]
        allowed = source.publication.allowed
        if due and allowed:
            asked = [index & 0xFFFF for index in sorted(due[:ASKED_AT_ONCE])]
            self._repairs.send_control(leg, rtcp.nack(leg.ssrc, source.ssrc, asked))
        if source.ring is None:
            return
        if now - source.arrived > RING_SECONDS:
            source.ring.clear()
        waits = source.awaited or any(slot.waiting for slot in source.routes)
        if allowed and (waits or source.key_frame.wanted):
            self._repairs.request_key_frame(source, now)

    def _send_feedback(self, leg: Leg) -> None:
        arrivals, leg.arrivals = leg.arrivals, {}
        ssrc = next(iter(leg.streams), 0)
        count = leg.feedback_count = leg.feedback_count + 1 & 0xFF
        self._repairs.send_control(leg, rtcp.transport_feedback(leg.ssrc, ssrc, count, arrivals))

    def _send_reports(self, leg: Leg, now: float, unix: float) -> None:
        """One compound packet: what we received of the peer, and the clocks of its slots."""
        for source in sources_of(leg):
            measure(source)
        blocks = [reception(s, now) for s in sources_of(leg) if s.index >= 0]
        parts = [rtcp.receiver_report(leg.ssrc, blocks)]
        for slot in (*leg.slots["audio"], *leg.slots["video"]):
            carried = slot.source
            if carried is not None and not slot.waiting and carried.sender_report:
                parts.append(_clock(slot, carried, now, unix))
        self._repairs.send_control(leg, b"".join(parts[:20]))


def sources_of(leg: Leg) -> list[Source]:
    """All streams that a peer sends."""
    return [source for one in leg.publications.values() for source in one.layers]


def measure(source: Source) -> None:
    """Its bits a second, over about a second. Called at each report."""
    lately = round(source.octets * 8 / (REPORT_TICKS * TICK_SECONDS))
    source.bitrate = (source.bitrate + lately) // 2
    source.octets = 0


def _refill(leg: Leg) -> None:
    """What a peer may send and ask for; repairs follow what was sent, with floor and ceiling, and
    where the link is known they are what media leave of it."""
    leg.packets_left = min(MOST_PACKETS, leg.packets_left + MOST_PACKETS * TICK_SECONDS)
    leg.records_left = min(MOST_RECORDS, leg.records_left + MOST_RECORDS * TICK_SECONDS)
    leg.asks_left = min(MOST_ASKS, leg.asks_left + MOST_ASKS * TICK_SECONDS)
    sent = leg.sent.take_octets()
    more = sent * REPAIR_SHARE + REPAIR_FLOOR * TICK_SECONDS
    if leg.estimate.known:
        left = leg.estimate.bits_per_second / 8 * TICK_SECONDS - sent
        more = min(more, max(left, sent * LEAST_REPAIRS))
    leg.budget = min(BURST_BYTES, leg.budget + more)


def reception(source: Source, now: float) -> rtcp.Reception:
    """The report block since the last one (RFC 3550 A.3)."""
    expected = source.index - source.base + 1
    lost = max(0, expected - source.packets)
    expected_since = expected - source.expected_before
    lost_since = expected_since - (source.packets - source.packets_before)
    source.expected_before, source.packets_before = expected, source.packets
    fraction = min(255, 256 * max(0, lost_since) // expected_since) if expected_since > 0 else 0
    last, delay = 0, 0
    if source.sender_report is not None:
        ntp, _, arrived = source.sender_report
        last, delay = ntp >> 16 & 0xFFFFFFFF, int((now - arrived) * 65536)
    return rtcp.Reception(source.ssrc, fraction, lost, source.index & 0xFFFFFFFF, last, delay)


def _clock(slot: Slot, source: Source, now: float, unix: float) -> bytes:
    """The publisher's own clock, moved by one offset for all its streams onto the node's.

    So sound and pictures of one publisher stay aligned as that publisher's browser says.
    """
    ntp, rtp, arrived = source.sender_report or (0, 0, now)
    leg = source.leg
    if leg.clock_offset is None:
        leg.clock_offset = unix - (now - arrived) - rtcp.unix(ntp)
    since = now - arrived
    wall = rtcp.ntp(rtcp.unix(ntp) + leg.clock_offset + since)
    ticks = rtp + slot.timestamp_shift + int(since * slot.clock) & 0xFFFFFFFF
    return rtcp.sender_report(slot.ssrc, wall, ticks, *slot.counts)
