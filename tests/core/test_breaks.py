"""Breaks on the agenda's clock: AG4 (their length stays), AG7 (they end on time), AG9."""

from sessions.core.agenda import MarkKind
from sessions.core.agenda_clock import read, windows
from tests.core.histories import MINUTE, at, evening, marks

K = MarkKind


def test_a_break_ends_on_time_with_no_one_advancing() -> None:
    done = marks((0, K.START), (65, K.ADVANCE))
    assert read(evening(), done, at(74)).index == 1
    assert read(evening(), done, at(74)).changes_at == at(75)
    clock = read(evening(), done, at(76))
    assert (clock.index, clock.entered_at, clock.left) == (2, at(75), 59 * MINUTE)


def test_a_break_keeps_its_ten_minutes_when_the_check_in_ends_early() -> None:
    """Kills: the later segments share what is saved, the breaks too (14:22)."""
    clock = read(evening(), marks((0, K.START), (10, K.ADVANCE)), at(10))
    assert clock.remaining[1::2] == (10 * MINUTE, 10 * MINUTE)


def test_going_back_to_a_break_gives_five_minutes_of_it_again() -> None:
    done = marks((0, K.START), (65, K.ADVANCE), (75, K.BACK))
    assert read(evening(), done, at(75)).left == 5 * MINUTE


def test_a_paused_break_does_not_end() -> None:
    done = marks((0, K.START), (65, K.ADVANCE), (70, K.PAUSE))
    assert read(evening(), done, at(90)).index == 1


def test_windows_of_breaks_do_not_count() -> None:
    done = marks((0, K.START), (65, K.ADVANCE))
    got = [(one.segment, one.counts) for one in windows(evening(), done, at(80))]
    assert got == [(0, True), (1, False), (2, True)]
    assert windows(evening(), (), at(80)) == ()
