"""Names of time zones: REC1."""

from datetime import UTC, date, datetime, time

import pytest

from sessions.core.recurrence import instant
from sessions.core.refusal import Refuse
from sessions.core.zones import COMMON, places, zone, zone_refusal

PLACELESS = {
    "EST": "America/New_York",
    "Etc/GMT+5": "America/New_York",
    "localtime": "America/New_York",
    "right/America/New_York": "America/New_York",
    "posix/America/Chicago": "America/Chicago",
    "posixrules": "America/New_York",
    "Factory": "America/New_York",
    "US/Eastern": "America/New_York",
    "US/Arizona": "America/Phoenix",
    "Canada/Pacific": "America/Vancouver",
    "PST8PDT": "America/Los_Angeles",
    "HST": "Pacific/Honolulu",
    "UTC": "Africa/Abidjan",
    "Singapore": "Asia/Singapore",
    "new york": "America/New_York",
    "america/new_york": "America/New_York",
    " America/Denver ": "America/Denver",
}


@pytest.mark.parametrize(("typed", "proposal"), PLACELESS.items())
def test_rec1_a_zone_without_a_place_is_refused_with_a_proposal(typed: str, proposal: str) -> None:
    """Kills: whatever ZoneInfo opens is taken; only names with a slash are."""
    assert zone_refusal(typed) == Refuse("track.zone_without_place", {"proposal": proposal})
    assert zone_refusal(proposal) is None


@pytest.mark.parametrize("typed", ["Mars/Olympus", "../etc/passwd", "America", "", "a\0b"])
def test_rec1_what_is_no_zone_is_refused_without_a_proposal(typed: str) -> None:
    assert zone_refusal(typed) == Refuse("track.zone_unknown")


def test_rec1_every_name_that_is_taken_has_a_clock() -> None:
    assert [one for one in places() if zone(one) is None or "/" not in one] == []
    assert places() >= COMMON.keys()


def test_rec1_the_rules_are_those_of_the_pinned_package() -> None:
    """Kills: the machine's zone files are read first (02:00Z where they are of 2025)."""
    at, _ = instant(date(2026, 12, 3), time(18), zone("America/Vancouver") or pytest.fail("none"))
    assert at == datetime(2026, 12, 4, 1, 0, tzinfo=UTC)
