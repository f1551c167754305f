"""The states that forms about tracks and sessions are made from (core.versions)."""

from collections.abc import Iterable
from datetime import datetime

from sessions.core.versions import State
from sessions.models import Enrolment, Session, Track
from sessions.scheduling.plans import local_day


def track_state(track: Track, now: datetime) -> State:
    """The track with its staff and its roster from today on; prefetched rows are used."""
    end = track.local_start.hour * 60 + track.local_start.minute + track.minutes
    return {
        "name": (track.name,),
        "weekdays": tuple(str(day) for day in sorted(track.weekdays)),
        "local_start": (f"{track.local_start:%H:%M}",),
        "local_end": (f"{end // 60 % 24:02}:{end % 60:02}",),
        "zone": (track.zone,),
        "first_date": (track.first_date.isoformat(),),
        "weeks": (str(track.weeks),),
        "template": (str(track.template_id),),
        "seats": (str(track.seats),),
        "uses_curriculum": ("on",) if track.uses_curriculum else (),
        "facilitators": _sorted(one.person_id for one in track.staffings.all()),
        "roster": _sorted(one.person_id for one in current_enrolments(track, now)),
    }


def current_enrolments(track: Track, now: datetime) -> list[Enrolment]:
    """Enrolments that have not ended; prefetched rows are used."""
    today = local_day(track, now)
    return [one for one in track.enrolments.all() if one.ends_on is None or one.ends_on >= today]


def session_state(session: Session) -> State:
    """When it is held: what the form that cancels it says."""
    start, end = session.starts_at.isoformat(), session.ends_at.isoformat()
    return {"starts_at": (start,), "ends_at": (end,)}


def _sorted(keys: Iterable[int]) -> tuple[str, ...]:
    return tuple(str(key) for key in sorted(keys))
