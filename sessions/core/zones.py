"""Time zones by name: which names are taken for a track or a reader, and what to propose instead.

Owns that a zone is named by a place, because only a place says when its clocks change: "EST" and
"Etc/GMT+5" are offsets, "localtime" is the server's own. Whose rules count (the pinned tzdata) is
the process's: server/zones.py. Knows no track and no reader.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from sessions.core.refusal import Refuse

REGIONS: Final = frozenset(
    [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ]
)
COMMON: Final[Mapping[str, str]] = {
    "America/New_York": "New York (Eastern)",
    "America/Chicago": "Chicago (Central)",
    "America/Denver": "Denver (Mountain)",
    "America/Phoenix": "Phoenix (Arizona)",
    "America/Los_Angeles": "Los Angeles (Pacific)",
    "America/Anchorage": "Anchorage (Alaska)",
    "Pacific/Honolulu": "Honolulu (Hawaii)",
}
"""The zones that are offered first, with their everyday names."""

_MEANT: Final[Mapping[str, str]] = {
    **dict.fromkeys(["est", "edt", "et", "eastern", "est5edt"], "America/New_York"),
    **dict.fromkeys(["cst", "cdt", "ct", "central", "cst6cdt"], "America/Chicago"),
    **dict.fromkeys(["mst", "mdt", "mt", "mountain", "mst7mdt"], "America/Denver"),
    **dict.fromkeys(["pst", "pdt", "pt", "pacific", "pst8pdt"], "America/Los_Angeles"),
    **dict.fromkeys(["akst", "akdt", "alaska"], "America/Anchorage"),
    **dict.fromkeys(["hst", "hawaii"], "Pacific/Honolulu"),
    **dict.fromkeys(["localtime", "posixrules", "factory"], "America/New_York"),
    "arizona": "America/Phoenix",
    "canada/pacific": "America/Vancouver",
    "canada/mountain": "America/Edmonton",
    "canada/central": "America/Winnipeg",
    "canada/eastern": "America/Toronto",
    "canada/atlantic": "America/Halifax",
}
"""What people mean by names without a place, in lower case."""

_SEASONS: Final = (datetime(2027, 1, 15, tzinfo=UTC), datetime(2027, 7, 15, tzinfo=UTC))


def zone(name: str) -> ZoneInfo | None:
    """REC1. The zone of an IANA name, or None: a bad name is a person's typing, not a fault."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; not a relative path; a folder
        return None


@cache
def places() -> frozenset[str]:
    """Every name that is taken: a region and a place in it."""
    return frozenset(one for one in available_timezones() if one.partition("/")[0] in REGIONS)


def zone_refusal(name: str) -> Refuse | None:
    """REC1. Whether a zone has this name; else what is probably meant, if that can be said."""
    if name in places():
        return None
    proposal = proposed(name)
    if proposal is None:
        return Refuse("track.zone_unknown")
    return Refuse("track.zone_without_place", {"proposal": proposal})


def proposed(name: str) -> str | None:
    """The place that is probably meant by what somebody typed."""
    typed = name.strip().removeprefix("posix/").removeprefix("right/").replace(" ", "_").lower()
    if typed in _MEANT:
        return _MEANT[typed]
    for one in _by_preference():
        if typed in (one.lower(), one.rpartition("/")[2].lower()):
            return one
    offsets = zone(name)
    return _alike(offsets) if offsets else None


def _alike(where: ZoneInfo) -> str | None:
    """A place whose clock shows the same in winter and summer, else the same in winter; one of
    the common ones if it can be."""
    wanted = _offsets(where)
    shown = {one: _offsets(ZoneInfo(one)) for one in _by_preference()}
    both = [one for one, offsets in shown.items() if offsets == wanted]
    winter = [one for one, offsets in shown.items() if offsets[0] == wanted[0]]
    ranked = [*(one for one in both + winter if one in COMMON), *both, *winter]
    return ranked[0] if ranked else None


def _offsets(where: ZoneInfo) -> tuple[timedelta | None, ...]:
    return tuple(when.astimezone(where).utcoffset() for when in _SEASONS)


def _by_preference() -> list[str]:
    return [*COMMON, *sorted(places() - COMMON.keys())]
