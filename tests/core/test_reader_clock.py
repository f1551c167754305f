"""Which clock is meant: CL1 to CL3."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.core.reader_clock import NOBODYS, Span, read_clock, read_day, reader_zone

NEW_YORK, LOS_ANGELES = "America/New_York", "America/Los_Angeles"
ZONES = (NEW_YORK, LOS_ANGELES, "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe")
SIX = datetime(2026, 11, 30, 23, tzinfo=UTC)  # 18:00 in New York
EVENING = Span(SIX, NEW_YORK, SIX + timedelta(minutes=90))


@pytest.mark.parametrize(
    ("setting", "device", "zone"),
    [
        (NEW_YORK, LOS_ANGELES, NEW_YORK),
        ("", LOS_ANGELES, LOS_ANGELES),
        ("", "", NOBODYS),
        ("EST", LOS_ANGELES, LOS_ANGELES),
        ("", "EST", NOBODYS),
        ("", "../etc/passwd", NOBODYS),
        ("", "<script>", NOBODYS),
    ],
)
def test_cl1_the_setting_counts_then_the_device(setting: str, device: str, zone: str) -> None:
    """Kills: a cookie is believed whatever it says."""
    assert reader_zone(setting, device) == zone


def test_cl2_a_reader_elsewhere_sees_their_own_clock_named_and_the_tracks_beside_it() -> None:
    read = read_clock(EVENING, LOS_ANGELES)
    assert (read.own.zone, read.own.start.hour, read.named) == (LOS_ANGELES, 15, True)
    assert read.beside is not None
    assert (read.beside.zone, read.beside.start.hour) == (NEW_YORK, 18)


@pytest.mark.parametrize("reader", [NEW_YORK, "America/Toronto"])
def test_cl2_nothing_is_named_where_the_clocks_show_the_same(reader: str) -> None:
    read = read_clock(EVENING, reader)
    assert (read.own.start.hour, read.named, read.beside) == (18, False, None)


def test_cl3_without_a_readers_zone_the_tracks_is_named() -> None:
    """Kills: two groups at 18:00 in two zones are two lines of "6:00 PM"."""
    read = read_clock(EVENING, NOBODYS)
    assert (read.own.zone, read.own.start.hour, read.named) == (NEW_YORK, 18, True)


def test_cl2_a_clock_change_within_a_group_is_a_difference() -> None:
    """Phoenix and Denver show the same at the start of this night, and not at its end."""
    night = datetime(2027, 3, 14, 8, 30, tzinfo=UTC)
    span = Span(night, "America/Denver", night + timedelta(hours=1))
    assert read_clock(span, "America/Phoenix").beside is not None


def test_cl2_the_day_is_the_readers() -> None:
    midnight = datetime(2026, 12, 1, 3, 30, tzinfo=UTC)  # 22:30 on Monday in New York
    assert read_day(midnight, NEW_YORK, NOBODYS) == date(2026, 11, 30)
    assert read_day(midnight, NEW_YORK, "Europe/Berlin") == date(2026, 12, 1)


@given(st.integers(-50_000, 70_000), st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_cl2_both_clocks_are_of_one_instant(hours: int, planned: str, reader: str) -> None:
    """Kills: the reader's wall time is read in the track's zone."""
    at = SIX + timedelta(hours=hours)
    read = read_clock(Span(at, planned), reader)
    assert read.own.start == at
    assert (read.beside is None) == (not read.named)
    if read.beside:
        assert read.beside.start == read.own.start
        assert read.beside.start.utcoffset() != read.own.start.utcoffset()
