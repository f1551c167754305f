"""How many bits a second a subscriber's link carries, by what its browser says has arrived.

Pure: time is an argument. Owns the rule, which is Google's congestion control
(draft-ietf-rmcat-gcc-02) with two changes. Its filter of arrival times (section 5.3) is a line
through the last delays, as browsers themselves have done since. And a node sends layers, which
come in steps and do not grow with the estimate: so the estimate stays at what the link was seen to
carry, and `Probe` tries one step more from time to time. Must not know layers, legs or packets.

The units are bits a second and seconds. Delays are differences of two clocks that share no zero;
only their changes count.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

START: Final = 1_800_000  # before anything is known: everybody's smallest picture in a full room
LEAST: Final = 30_000  # one voice
MOST: Final = 20_000_000
BETA: Final = 0.85  # section 5.5: what is left of the arriving rate when a queue grows
APPLICATION: Final = 1.5  # section 5.5: an estimate is never more than this much of what arrives
GROWTH: Final = 1.08  # section 5.5: a second, once the link was full
FIRST_GROWTH: Final = 1.5  # a second, until it is full for the first time
CLOCK_TURN: Final = 2**24 * 0.064  # draft-holmer §3.1: a browser's clock begins again after 12 days
RATE_WINDOW: Final = 0.5  # section 5.5: over which the arriving rate is taken
BURST: Final = 0.005  # section 5.2: what was sent within it is one group
LINE_GROUPS: Final = 20  # of the line through the delays
SMOOTHING: Final = 0.9  # of a delay before the line is laid through it
LEAST_GROUPS: Final = 8
MOST_GROUPS: Final = 60  # with GAIN, what makes of a slope a time that section 5.4 can judge
GAIN: Final = 0.004
THRESHOLD: Final = 0.0125  # section 5.4, in seconds, at first
THRESHOLDS: Final = (0.006, 0.6)
THRESHOLD_UP: Final = 10.0  # section 5.6, a second
THRESHOLD_DOWN: Final = 0.18
OVER_SECONDS: Final = 0.01
STANDING: Final = 0.2  # a queue that stays so long is one too, though it does not grow
BASE_SECONDS: Final = 15.0  # in which a path without a queue is seen at least once
LOSS_HIGH: Final = 0.15  # section 6 says 0.1; a radio link loses that at random, without a queue
LOSS_SECONDS: Final = 1.0
LEAST_LOSSES: Final = 40  # packets: fewer do not say how many are lost
BEYOND: Final = 1.1  # of what the link carried when it was full: it is another link now
FIRST_WAIT: Final = 1.0  # until the first probe, and after one that went well
LONGEST_WAIT: Final = 8.0
PROBE_SECONDS: Final = 1.5  # of which a key frame takes the first part
SETTLE_SECONDS: Final = 1.0  # in which the queue of a probe that failed runs empty


class Acked(NamedTuple):
    """What became of one packet: its bytes, when we sent it, and when it arrived by the receiver's
    clock (None: it was lost)."""

    sent_at: float
    size: int
    arrived_at: float | None


class Estimate:
    """Of one subscriber. `feed` it what each report says."""

    def __init__(self) -> None:
        self.loss = 0.0  # of 1, over LOSS_SECONDS
        self.round_trip = 0.0  # with the receiver's wait until it reported; 0: not known
        self.overused_at = float("-inf")  # when a queue last grew, or packets were lost in number
        self._rate = float(START)
        self._capacity: float | None = None  # what arrived while a queue grew
        self._was_full = False
        self._delays = Delays()
        self._arrived = _Arrived()
        self._turned = 0.0  # of the browser's clock, so far
        self._losses = _Losses()
        self._fed_at: float | None = None

    @property
    def bits_per_second(self) -> int:
        """What may be sent, repairs included."""
        return round(self._rate)

    @property
    def known(self) -> bool:
        """Whether the browser reports at all."""
        return self._fed_at is not None

    def feed(self, acked: Sequence[Acked], now: float) -> None:
        """One report: packets in the order in which they were sent."""
        if not acked:
            return
        self._note_turn(acked)
        here = [(at + self._turned, sent, size) for sent, size, at in acked if at is not None]
        for arrived_at, sent_at, _ in here:
            self._delays.add(sent_at, arrived_at)
        self._delays.judge()
        self._arrived.add(here)
        self._losses.add(len(acked) - len(here), len(acked), now)
        self.loss = self._losses.share
        waited = now - max(one.sent_at for one in acked)
        self.round_trip = waited if not self.round_trip else 0.9 * self.round_trip + 0.1 * waited
        since = 0.0 if self._fed_at is None else min(1.0, now - self._fed_at)
        self._fed_at = now
        self._control(since, now)

    def proven(self) -> None:
        """More was sent for a while, and no queue grew: the link carries what arrives."""
        arriving = self.arriving()
        self.restore(round(arriving))
        if self._capacity is not None:
            beyond = arriving > BEYOND * self._capacity
            self._capacity = None if beyond else max(self._capacity, arriving)

    def restore(self, rate: int) -> None:
        """So much was carried before a probe, and is after it."""
        self._rate = min(MOST, max(self._rate, rate))

    def path_changed(self) -> None:
        """The subscriber is at another address: what its delays were says nothing now."""
        self._delays = Delays()
        self._arrived = _Arrived()

    def arriving(self) -> float:
        """What arrived lately (R_hat, section 5.5)."""
        return self._arrived.octets * 8 / RATE_WINDOW

    def _note_turn(self, acked: Sequence[Acked]) -> None:
        """A clock that is half a turn behind what it said before has begun again."""
        first = next((one.arrived_at for one in acked if one.arrived_at is not None), None)
        if first is not None and self._arrived.newest - first - self._turned > CLOCK_TURN / 2:
            self._turned += CLOCK_TURN

    def _control(self, since: float, now: float) -> None:
        """Section 5.5's table, and section 6 beside it."""
        arriving = self.arriving()
        if self._delays.overused():
            self._lower(BETA * arriving, now)
            self._capacity, self._was_full = arriving, True
            self._delays.answered()
        elif self._losses.high():
            self._lower(self._rate * (1 - 0.5 * self.loss), now)
            self._losses.answered()
        elif not self._delays.draining():
            self._raise(arriving, since)

    def _lower(self, rate: float, now: float) -> None:
        self._rate = max(LEAST, min(self._rate, rate))
        self.overused_at = now

    def _raise(self, arriving: float, since: float) -> None:
        """With what is sent, and never beyond what the link was last seen to carry: there is more
        only when a probe has shown it."""
        grown = self._rate * (GROWTH if self._was_full else FIRST_GROWTH) ** since
        bound = APPLICATION * arriving if self._capacity is None else self._capacity
        self._rate = min(MOST, max(self._rate, min(grown, bound)))


class _Arrived:
    """What arrived within RATE_WINDOW before the newest, by the browser's clock."""

    __slots__ = ("_packets", "newest", "octets")

    def __init__(self) -> None:
        self._packets: deque[tuple[float, float, int]] = deque()
        self.newest = float("-inf")
        self.octets = 0

    def add(self, packets: Sequence[tuple[float, float, int]]) -> None:
        """(arrived, sent, size) of each."""
        if not packets:
            return
        self._packets.extend(packets)
        self.octets += sum(size for _, _, size in packets)
        self.newest = max(self.newest, max(packets)[0])
        while self._packets[0][0] <= self.newest - RATE_WINDOW:
            self.octets -= self._packets.popleft()[2]


class Delays:
    """Whether a queue grows in front of the receiver (sections 5.1 to 5.4)."""

    def __init__(self) -> None:
        self._group: tuple[float, float, float] | None = None  # first sent, last sent, arrived
        self._points: deque[tuple[float, float]] = deque(maxlen=LINE_GROUPS)
        self._base = _Least(BASE_SECONDS)
        self._smoothed: float | None = None
        self._standing = 0.0
        self._threshold = THRESHOLD
        self._trend = 0.0
        self._groups = 0
        self._judged_at = float("inf")
        self._over_since: float | None = None
        self._overused = False

    def overused(self) -> bool:
        """A queue grows, or one stays."""
        return self._overused

    def draining(self) -> bool:
        """A queue gets shorter: section 5.5 waits until it is empty."""
        return self._trend < -self._threshold

    def answered(self) -> None:
        """Less is sent from now on; what the line is laid through was before."""
        self._overused, self._over_since = False, None
        self._points.clear()
        self._smoothed = None
        self._trend = self._standing = 0.0

    def add(self, sent_at: float, arrived_at: float) -> None:
        """One packet that arrived. Those sent in one burst are one group (section 5.2)."""
        if self._group is not None:
            first, last, arrived = self._group
            if sent_at - first <= BURST:
                last = sent_at if sent_at > last else last
                self._group = first, last, arrived_at if arrived_at > arrived else arrived
                return
            self._close(last, arrived)
        self._group = sent_at, sent_at, arrived_at

    def _close(self, sent_at: float, arrived_at: float) -> None:
        delay = arrived_at - sent_at
        queued = delay - self._base.add(delay, arrived_at)
        before = delay if self._smoothed is None else self._smoothed
        self._smoothed = SMOOTHING * before + (1 - SMOOTHING) * delay
        self._standing = SMOOTHING * self._standing + (1 - SMOOTHING) * queued
        self._points.append((arrived_at, self._smoothed))
        self._groups = min(MOST_GROUPS, self._groups + 1)

    def judge(self) -> None:
        """Once a report: the line through the delays costs more than a delay."""
        if not self._points:
            return
        before, self._trend = self._trend, _slope(self._points) * self._groups * GAIN
        self._detect(self._points[-1][0], getting_worse=self._trend >= before)

    def _detect(self, at: float, *, getting_worse: bool) -> None:
        """Section 5.4: over the threshold for a while, and not getting better."""
        if self._trend <= self._threshold or len(self._points) < LEAST_GROUPS:
            self._over_since = None
        elif self._over_since is None:
            self._over_since = at
        elif at - self._over_since > OVER_SECONDS and getting_worse:
            self._overused = True
        if self._standing > STANDING and self._trend >= 0:
            self._overused = True
        self._adapt(min(0.1, max(0.0, at - self._judged_at)))
        self._judged_at = at

    def _adapt(self, since: float) -> None:
        """Section 5.4: a link that always trembles gets a higher threshold."""
        beyond = abs(self._trend) - self._threshold
        if beyond > 0.015:
            return
        moved = self._threshold + since * beyond * (THRESHOLD_UP if beyond > 0 else THRESHOLD_DOWN)
        self._threshold = min(THRESHOLDS[1], max(THRESHOLDS[0], moved))


class _Least:
    """The least of what was added within the last `seconds`, or up to twice as long ago."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._before = self._now = float("inf")
        self._since = float("-inf")

    def add(self, value: float, at: float) -> float:
        if at - self._since > self._seconds:
            self._before, self._now, self._since = self._now, value, at
        self._now = min(self._now, value)
        return min(self._before, self._now)


class _Losses:
    """The share of packets that were lost, over LOSS_SECONDS, and whether it is too high."""

    def __init__(self) -> None:
        self.share = 0.0
        self._reports: deque[tuple[float, int, int]] = deque()

    def add(self, lost: int, packets: int, now: float) -> None:
        self._reports.append((now, lost, packets))
        while self._reports[0][0] < now - LOSS_SECONDS:
            self._reports.popleft()
        self.share = sum(r[1] for r in self._reports) / self._packets()

    def high(self) -> bool:
        return self.share > LOSS_HIGH and self._packets() >= LEAST_LOSSES

    def answered(self) -> None:
        """The next answer is to what comes after this one took effect."""
        self._reports.clear()

    def _packets(self) -> int:
        return sum(packets for _, _, packets in self._reports)


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the line with the least squares through these points; 0 for one that has none."""
    count = len(points)
    middle_x = sum(x for x, _ in points) / count
    middle_y = sum(y for _, y in points) / count
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0


class Probe:
    """When one step more is tried than the estimate says, and what comes of it.

    A step that fails costs a queue of some hundred milliseconds for a moment, so the wait doubles
    with each failure; a link that is free again is used after LONGEST_WAIT at the latest.
    """

    def __init__(self) -> None:
        self._wait = FIRST_WAIT
        self._wanting_since: float | None = None
        self._began: tuple[float, int] | None = None  # when, and for which rate
        self._before = 0  # the estimate before it
        self._settles_until = float("-inf")

    def budget(self, estimate: Estimate, step: int | None, now: float) -> int:
        """What to share out now. `step`: the bits a second with which one more wish would be met,
        None when nothing is wanting."""
        if self._began is not None:
            return self._try(estimate, self._began, now)
        if now < self._settles_until:
            estimate.restore(self._before)
        elif step is None or step <= estimate.bits_per_second:
            self._wanting_since = None
        elif self._wanting_since is None:
            self._wanting_since = now
        elif now >= max(self._wanting_since, estimate.overused_at) + self._wait:
            self._began, self._before = (now, step), estimate.bits_per_second
            return step
        return estimate.bits_per_second

    def _try(self, estimate: Estimate, began: tuple[float, int], now: float) -> int:
        at, rate = began
        if estimate.overused_at > at:
            self._wait = min(LONGEST_WAIT, self._wait * 2)
            self._settles_until = now + SETTLE_SECONDS
            estimate.restore(self._before)
        elif now - at >= PROBE_SECONDS:
            self._wait = FIRST_WAIT
            estimate.proven()
        else:
            return max(rate, estimate.bits_per_second)
        self._began = self._wanting_since = None
        return estimate.bits_per_second
