"""Dates, times and lists as people say them."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from sessions.web import words

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("hour", "minute", "said"),
    [(0, 0, "12:00 AM"), (9, 5, "9:05 AM"), (12, 0, "12:00 PM"), (17, 30, "5:30 PM")],
)
def test_clock_is_said_with_am_and_pm(hour: int, minute: int, said: str) -> None:
    assert words.clock(dt.time(hour, minute)) == said


def test_times_name_the_half_of_the_day_once_when_it_is_the_same() -> None:
    start = dt.datetime(2026, 11, 30, 17, 30, tzinfo=NEW_YORK)
    assert words.times(start, start + dt.timedelta(minutes=210)) == "5:30 – 9:00 PM"
    assert words.times(start - dt.timedelta(hours=6), start) == "11:30 AM – 5:30 PM"


def test_day_is_today_tomorrow_or_a_date() -> None:
    today = dt.date(2026, 11, 24)
    said = [words.day(today + dt.timedelta(days=days), today) for days in (0, 1, 2)]
    assert said == ["Today", "Tomorrow", "Thursday, November 26"]


def test_names_are_joined_as_spoken() -> None:
    spoken = [words.names(list("ABC")[:count]) for count in range(4)]
    assert spoken == ["", "A", "A and B", "A, B and C"]


def test_zone_name_is_its_city() -> None:
    assert words.zone_name("America/New_York") == "New York time"


def test_clock_change_is_said_only_when_the_offset_differs() -> None:
    def start(day: int, month: int) -> dt.datetime:
        return dt.datetime(2026, month, day, 18, tzinfo=NEW_YORK)

    said = [
        words.clock_change(start(2, 11), start(29, 10), NEW_YORK),
        words.clock_change(start(9, 3), start(5, 3), NEW_YORK),
        words.clock_change(start(5, 11), start(2, 11), NEW_YORK),
        words.clock_change(start(5, 11), None, NEW_YORK),
    ]
    assert said == ["clocks back", "clocks forward", "", ""]
