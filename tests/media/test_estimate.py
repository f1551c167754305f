"""The estimate on a simulated link: rate, queue, loss and jitter are arguments, time is too."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.estimate import CLOCK_TURN, LEAST, Acked, Estimate, Probe
from tests.impairment.link import Conditions, Link

VOICE, PICTURE = 40_000, 100_000  # bits a second
REPORT = 0.06  # seconds: sixteen reports a second, as Chromium sends


@dataclass
class Subscriber:
    """Sends two voices and as many pictures as fit, and feeds back what arrives, like a browser
    whose clock began long ago."""

    link: Link
    pictures: int = 8
    estimate: Estimate = field(default_factory=Estimate)
    probe: Probe = field(default_factory=Probe)
    now: float = 0.0
    shown: int = 0
    delays: list[float] = field(default_factory=list)
    clock: float = 1e6  # what the browser's showed in the beginning
    _under_way: list[tuple[float, Acked]] = field(default_factory=list)  # 0: it was lost

    def run(self, seconds: float, look: Callable[["Subscriber"], None] = lambda _: None) -> None:
        until = self.now + seconds
        while self.now < until:
            self._choose()
            self._send()
            self.now += REPORT
            here = self._under_way
            self._under_way = [one for one in here if one[0] >= self.now]
            self.estimate.feed([acked for due, acked in here if due < self.now], self.now)
            look(self)

    def _choose(self) -> None:
        more = self.shown < self.pictures
        step = round(1.1 * (2 * VOICE + (self.shown + 1) * PICTURE)) if more else None
        budget = self.probe.budget(self.estimate, step, self.now)
        fits = max(0, (budget - 2 * VOICE) // PICTURE)
        if fits < self.shown:
            self.shown = fits
        elif step is not None and budget >= step:
            self.shown += 1

    def _send(self) -> None:
        """Sixty milliseconds: three packets of each voice, two frames of each picture."""
        sent = [(i * 0.02, VOICE // 400) for i in range(3) for _ in range(2)]
        frames = [(i * 0.03 + 0.004, PICTURE * 3 // 800) for i in range(2)]
        sent += frames * self.shown
        for after, size in sorted(sent):
            at = self.now + after
            due = self.link.due(size, at)
            self.delays.append(float("inf") if due is None else due - at)
            arrived = None if due is None else (due + self.clock) % CLOCK_TURN
            self._under_way.append((due or 0.0, Acked(at, size, arrived)))


def subscriber(conditions: Conditions) -> Subscriber:
    return Subscriber(Link(Random(7), conditions))


def test_clock_of_the_browser_that_begins_again_changes_nothing() -> None:
    """Every 12 days, in the middle of a session for one in a hundred of three hours. Kills: what
    arrived before it counted as the newest for ever."""
    begins_again = subscriber(Conditions(rate=300_000, delay=0.03, queue=1.0))
    begins_again.clock = CLOCK_TURN - 4.0
    goes_on = subscriber(Conditions(rate=300_000, delay=0.03, queue=1.0))
    for one in (begins_again, goes_on):
        one.run(12)
    assert begins_again.estimate.bits_per_second == pytest.approx(
        goes_on.estimate.bits_per_second, rel=1e-6
    )
    assert begins_again.estimate.arriving() == goes_on.estimate.arriving() > 0


def test_narrow_link_is_found_and_kept() -> None:
    """Kills: a decrease that is not taken; a growth beyond what the link was seen to carry."""
    one = subscriber(Conditions(rate=300_000, delay=0.03, queue=1.0))
    one.run(5)
    before = len(one.delays)
    seen: list[int] = []
    one.run(60, lambda s: seen.append(s.estimate.bits_per_second))
    assert all(200_000 <= rate <= 330_000 for rate in seen)
    late = [d for d in one.delays[before:] if d > 0.25]
    assert len(late) < 0.02 * len(one.delays[before:])


def test_freed_link_is_used_again() -> None:
    """Kills: an estimate that waits for traffic that nobody sends."""
    one = subscriber(Conditions(rate=300_000, delay=0.03))
    one.run(20)
    assert one.shown <= 2
    one.link.conditions = Conditions(delay=0.03)
    one.run(12)
    assert one.shown >= 4
    one.run(15)
    assert one.shown == 8


@pytest.mark.parametrize("jitter", [0.0, 0.05])
def test_loss_without_a_queue_does_not_collapse_it(jitter: float) -> None:
    one = subscriber(Conditions(loss=0.1, delay=0.05, jitter=jitter))
    shown: list[int] = []
    one.run(60, lambda s: shown.append(s.shown))
    assert sum(n == 8 for n in shown[100:]) > 0.9 * len(shown[100:])
    assert 0.05 < one.estimate.loss < 0.2


def test_link_of_one_hundred_kilobits_keeps_two_voices() -> None:
    one = subscriber(Conditions(rate=100_000, delay=0.05, queue=1.0))
    one.run(20)
    before = len(one.delays)
    one.run(30)
    assert one.shown == 0
    assert sum(d > 0.4 for d in one.delays[before:]) < 0.05 * len(one.delays[before:])


def test_link_that_gets_narrow_is_followed_within_two_seconds() -> None:
    one = subscriber(Conditions(delay=0.03))
    one.run(20)
    assert one.shown == 8
    one.link.conditions = Conditions(rate=300_000, delay=0.03, queue=2.0)
    one.run(2)
    assert one.shown <= 2


def test_full_link_that_drops_instead_of_queueing_is_found() -> None:
    """Section 6: without a queue only loss says that it is full."""
    one = subscriber(Conditions(rate=300_000, delay=0.03, queue=0.01))
    one.run(30)
    shown: list[int] = []
    one.run(30, lambda s: shown.append(s.shown))
    assert sum(n <= 3 for n in shown) > 0.9 * len(shown)


@given(
    st.integers(50_000, 3_000_000),
    st.floats(0.0, 0.3),
    st.floats(0.0, 0.1),
    st.floats(0.05, 2.0),
    st.integers(0, 2**32),
)
def test_any_link_leaves_a_voice_and_no_fault(
    rate: int, loss: float, jitter: float, queue: float, seed: int
) -> None:
    conditions = Conditions(loss=loss, jitter=jitter, rate=rate, queue=queue, reorders=True)
    one = Subscriber(Link(Random(seed), conditions))
    one.run(2)
    assert one.estimate.bits_per_second >= LEAST
    assert 0 <= one.estimate.loss <= 1


def test_new_path_with_a_longer_delay_is_no_queue() -> None:
    one = subscriber(Conditions(delay=0.01))
    one.run(20)
    one.link.conditions = Conditions(delay=0.4)
    one.estimate.path_changed()
    one.run(5)
    assert one.shown == 8
