"""Dates, times and lists as text for people. Pure: instants and zones are arguments."""

import datetime as dt
from collections.abc import Sequence


def clock(moment: dt.datetime | dt.time) -> str:
    """`5:30 PM`."""
    return f"{moment.hour % 12 or 12}:{moment.minute:02} {'AM' if moment.hour < 12 else 'PM'}"


def times(start: dt.datetime, end: dt.datetime) -> str:
    """`5:30 – 9:00 PM`; AM and PM both shown when they differ. Instants are in one zone."""
    begin = clock(start)
    same_half = (start.hour < 12) == (end.hour < 12)
    return f"{begin[:-3] if same_half else begin} – {clock(end)}"


def day(date: dt.date, today: dt.date) -> str:
    """`Today`, `Tomorrow`, or `Wednesday, November 25`."""
    if date == today:
        return "Today"
    if date == today + dt.timedelta(days=1):
        return "Tomorrow"
    return long_date(date)


def long_date(date: dt.date) -> str:
    """`Wednesday, November 25`."""
    return f"{date:%A, %B} {date.day}"


def short_date(date: dt.date) -> str:
    """`Wed, Nov 25`."""
    return f"{date:%a, %b} {date.day}"


def names(items: Sequence[str]) -> str:
    """`Dana`, `Dana and Luis`, `Dana, Luis and Imani`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def zone_name(zone: str) -> str:
    """`New York time`: the zone's city; `UTC`, which has none."""
    place = zone.rpartition("/")[2].replace("_", " ")
    return f"{place} time" if "/" in zone else place


def weekdays(numbers: Sequence[int]) -> str:
    """`Mon, Wed, Thu`."""
    short = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    return ", ".join(short[number] for number in sorted(numbers))


def clock_change(start: dt.datetime, before: dt.datetime | None, zone: dt.tzinfo) -> str:
    """`clocks back` or `clocks forward` when the session's UTC offset differs from that of the
    session before; otherwise empty."""
    if before is None:
        return ""
    now, then = start.astimezone(zone).utcoffset(), before.astimezone(zone).utcoffset()
    assert now is not None
    assert then is not None
    if now == then:
        return ""
    return "clocks forward" if now > then else "clocks back"
