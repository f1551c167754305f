"""The node's reports are spread: a step is short, and everybody still gets theirs on time."""

from itertools import pairwise

from server.media import rtcp
from server.media.counters import Counters
from server.media.path import PacketPath
from server.media.reports import FEEDBACK_TICKS, LEGS_A_STEP, REPORT_TICKS, Reports
from server.media.sent_log import OCTETS
from server.media.streams import Address, Leg

PEOPLE = 60


class Clockwork:
    """Connected legs of nobody, and who was sent RTCP of which kind in which step."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, int]] = []  # port, packet type
        path = PacketPath(None, self._transmit, Counters())  # type: ignore[arg-type]
        self.reports = Reports(path.repairs)
        self.legs = [self._leg(port) for port in range(PEOPLE)]

    def _transmit(self, datagram: bytes, address: Address) -> None:
        self.sent.append((address[1], datagram[1]))

    def _leg(self, port: int) -> Leg:
        leg = Leg()
        leg.connected, leg.address, leg.protect_rtcp = True, ("127.0.0.1", port), bytes
        self.reports.admit(leg)
        return leg

    def tick(self) -> list[list[tuple[int, int]]]:
        """What each step sent."""
        found = []
        for _ in self.reports.steps(self.legs, lambda: 0.0, lambda: 0.0):
            found.append(self.sent)
            self.sent = []
        return found

    def ticks_of(self, kind: int, ticks: int) -> dict[int, list[int]]:
        """In which ticks each leg was sent RTCP of this kind."""
        found: dict[int, list[int]] = {leg.address[1]: [] for leg in self.legs if leg.address}
        for tick in range(ticks):
            for leg in self.legs:
                leg.arrivals[tick] = 0.0
            for port, sent in (one for step in self.tick() for one in step):
                if sent == kind:
                    found[port].append(tick)
        return found


def apart(ticks: dict[int, list[int]]) -> set[int]:
    """How many ticks lie between two of any leg's."""
    return {after - before for one in ticks.values() for before, after in pairwise(one)}


def test_no_step_serves_more_than_a_few_legs() -> None:
    clockwork = Clockwork()
    for _ in range(REPORT_TICKS):
        for leg in clockwork.legs:
            leg.arrivals[0] = 0.0
        for step in clockwork.tick():
            assert len({port for port, _ in step}) <= LEGS_A_STEP


def test_everybody_has_a_report_at_each_interval_and_each_tick_has_a_tenth_of_them() -> None:
    """Kills: one phase for all."""
    ticks = Clockwork().ticks_of(rtcp.RECEIVER_REPORT, 4 * REPORT_TICKS)
    assert {len(one) for one in ticks.values()} == {4}
    assert apart(ticks) == {REPORT_TICKS}
    in_each = [sum(tick in one for one in ticks.values()) for tick in range(REPORT_TICKS)]
    assert in_each == [PEOPLE // REPORT_TICKS] * REPORT_TICKS


def test_arrivals_are_reported_at_each_interval() -> None:
    ticks = Clockwork().ticks_of(rtcp.TRANSPORT_FEEDBACK, 4 * REPORT_TICKS)
    assert {len(one) for one in ticks.values()} == {4 * REPORT_TICKS // FEEDBACK_TICKS}
    assert apart(ticks) == {FEEDBACK_TICKS}


def test_phase_stays_when_others_leave() -> None:
    """Kills: a phase by the place in the list, which skips or repeats reports when it shifts."""
    clockwork = Clockwork()
    before = clockwork.ticks_of(rtcp.RECEIVER_REPORT, 2 * REPORT_TICKS)
    del clockwork.legs[:7]
    after = clockwork.ticks_of(rtcp.RECEIVER_REPORT, 2 * REPORT_TICKS)
    assert after == {port: before[port] for port in after}


def test_leg_that_is_closed_between_two_steps_is_left_out() -> None:
    clockwork = Clockwork()
    for leg in clockwork.legs:
        leg.sent.counts[OCTETS] = 1  # a step takes it to 0
    for _ in clockwork.reports.steps(clockwork.legs, lambda: 0.0, lambda: 0.0):
        for leg in clockwork.legs:
            leg.connected = False
    served = [leg.sent.counts[OCTETS] == 0 for leg in clockwork.legs]
    assert served == [True] * LEGS_A_STEP + [False] * (PEOPLE - LEGS_A_STEP)
