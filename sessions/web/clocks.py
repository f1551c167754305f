"""Times on pages: the template tags through which every one of them goes.

Owns whose clock a page shows (the reader's setting, else the cookie `zone` that static/js/zone.js
sets, else the track's) and the HTML of a time. The rule is `core.reader_clock`; words are `words`.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

from django import template
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessions.core.reader_clock import Shown, Span, read_clock, read_day, reader_zone
from sessions.models import Person, Track
from sessions.web import words

register = template.Library()

COOKIE: Final = "zone"  # an IANA name, of the device; nothing of a person
Form = Callable[[Shown], str]


def _times(shown: Shown) -> str:
    return words.times(shown.start, shown.end or shown.start)


CLOCKS: Final[Mapping[str, Form]] = {
    "clock": lambda shown: words.clock(shown.start),
    "times": _times,
    "date_and_times": lambda shown: f"{words.long_date(shown.start)}, {_times(shown)}",
    "date_and_clock": lambda shown: f"{words.short_date(shown.start)}, {words.clock(shown.start)}",
}
"""Forms with a clock in them: the zone is named where the rule says so."""

BARE: Final[Mapping[str, Form]] = {
    "clock_again": CLOCKS["clock"],
    "date": lambda shown: words.short_date(shown.start),
    "date_and_year": lambda shown: f"{shown.start:%b} {shown.start.day}, {shown.start.year}",
    "weekday": lambda shown: f"{shown.start:%a}",
    "day_of_month": lambda shown: f"{shown.start.day}",
}
"""Forms without a zone: dates, and a second clock beside one that has named it."""
FORMS: Final[Mapping[str, Form]] = {**CLOCKS, **BARE}


def reader_of(request: HttpRequest) -> str:
    """The zone of the person who reads the answer to this request; empty if it is not known."""
    person = getattr(request, "user", None)
    setting = person.zone if isinstance(person, Person) else ""
    return reader_zone(setting, device_zone(request))


def device_zone(request: HttpRequest) -> str:
    """The zone that the device says it is in; empty where it says none that there is."""
    return reader_zone("", request.COOKIES.get(COOKIE, ""))


@register.simple_tag(takes_context=True)
def when(context: Mapping[str, Any], at: Span | dt.datetime, form: str) -> SafeString:
    """A time in one of the forms above."""
    span = at if isinstance(at, Span) else Span(at)
    read = read_clock(span, reader_of(context["request"]))
    text = FORMS[form](read.own)
    shown = _time(span.starts_at, text)
    if form in BARE or not read.named:
        return shown
    place = words.zone_name(read.own.zone)
    if read.beside is None:
        return format_html('{} <span class="zone">{}</span>', shown, place)
    return format_html(
        '{} <span class="zone">{}</span> <span class="beside">({} {})</span>',
        shown,
        place,
        _time(span.starts_at, _beside(form, read.own, read.beside)),
        words.zone_name(read.beside.zone),
    )


@register.simple_tag(takes_context=True)
def day(context: Mapping[str, Any], span: Span, now: dt.datetime) -> SafeString:
    """`Today`, `Tomorrow`, or the date, for the reader."""
    reader = reader_of(context["request"])
    date, today = (read_day(at, span.zone, reader) for at in (span.starts_at, now))
    return _time(span.starts_at, words.day(date, today))


@register.simple_tag
def pattern(track: Track) -> SafeString:
    """`Mon, Wed, Thu, 5:30 – 9:00 PM, New York time. 12 weeks from Mon, Nov 30.` A pattern is no
    instant: it is the wall time of the track for every reader, and always named."""
    start = dt.datetime.combine(track.first_date, track.local_start)
    end = start + dt.timedelta(minutes=track.minutes)
    return format_html(
        "{}, <time>{}</time>, {}. {} week{} from {}.",
        words.weekdays(track.weekdays),
        words.times(start, end),
        words.zone_name(track.zone),
        track.weeks,
        "" if track.weeks == 1 else "s",
        words.short_date(track.first_date),
    )


@register.simple_tag
def wall(time: dt.time, zone: str) -> SafeString:
    """A time on the wall of a zone, which is no instant: `2:30 AM New York time`."""
    return format_html("<time>{}</time> {}", words.clock(time), words.zone_name(zone))


def _beside(form: str, own: Shown, planned: Shown) -> str:
    """The same in the other zone, with its date where that is another one."""
    text = CLOCKS["times" if "times" in form else "clock"](planned)
    same = own.start.date() == planned.start.date()
    return text if same else f"{words.short_date(planned.start)}, {text}"


def _time(at: dt.datetime, text: str) -> SafeString:
    utc = f"{at.astimezone(dt.UTC):%Y-%m-%dT%H:%M}Z"
    return format_html('<time datetime="{}">{}</time>', utc, text)
