"""The first page: what is next for the signed-in person, and the link to its room."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sessions.core.permissions import Role, Verb
from sessions.core.reader_clock import Span, read_day
from sessions.core.room_state import LOBBY_MINUTES, OPEN
from sessions.live.heartbeat import is_late
from sessions.models import Person, Session
from sessions.rooms.health import worker_age_s
from sessions.rooms.selectors import state_of
from sessions.scheduling.plans import span_of
from sessions.scheduling.selectors import (
    lately_for_facilitator,
    leaders,
    sessions_between,
    sessions_for_client,
    sessions_for_facilitator,
    tracks,
    tracks_replanned_since,
)
from sessions.web import words
from sessions.web.access import page, signed_in
from sessions.web.clocks import reader_of
from sessions.web.navigation import desk
from sessions.web.sign_in.second_factor.pages import is_offered
from sessions.web.views.tracks import NEWS

HORIZON = timedelta(days=14)
MAX_ROWS = 6


@require_safe
@page(Verb.HOME)
def home(request: HttpRequest) -> HttpResponse:
    person, now = signed_in(request), timezone.now()
    plans = plans_of(person, now, reader_of(request))
    manages = Role.PROGRAM_MANAGER in person.role_set
    context = {
        **plans.views(now),
        "now": now,
        "manages": manages,
        "tracks": tracks().count() if manages else 0,
        "replanned": tracks_replanned_since(now - NEWS) if manages else (),
        "staff_phone": settings.THIRDS_STAFF_PHONE,
        "worker_late": manages and is_late(worker_age_s()),
        "offer_passkey": is_offered(request),
    }
    return desk(request, "home.html", context, current="home")


@dataclass(frozen=True, slots=True)
class Plans:
    """The sessions that a person leads, attends and led lately, and who leads each.
    `planned` is what a manager without sessions of their own sees instead."""

    led: Sequence[Session]
    attended: Sequence[Session]
    lately: Sequence[Session]
    planned: Sequence[Session]
    staff: Mapping[int, Sequence[str]]
    reader: str  # the zone of who reads

    def views(self, now: datetime) -> dict[str, object]:
        """Cards for the next sessions, rows for all others."""
        nexts = [*next_ones(self.led, now, self.reader), *self.attended[:1]]
        rest = [one for one in (*self.led, *self.attended, *self.planned) if one not in nexts]
        rest.sort(key=lambda one: one.starts_at)
        own = {*self.led, *self.lately, *self.planned}
        return {
            "next_cards": [card(one, self.staff[one.pk], now, leads=one in own) for one in nexts],
            "coming": [self._row(one, own) for one in rest[:MAX_ROWS]],
            "recent": [self._row(one, own, over=True) for one in self.lately],
        }

    def _row(
        self, one: Session, own: Collection[Session], *, over: bool = False
    ) -> dict[str, object]:
        return row(one, self.staff[one.pk], leads=one in own, over=over)


def plans_of(person: Person, now: datetime, reader: str) -> Plans:
    """Takes the same number of queries for any number of sessions. A role that was removed shows
    nothing; a session that somebody both leads and attends is shown as led."""
    leads, comes = (role in person.role_set for role in (Role.FACILITATOR, Role.CLIENT))
    led = list(sessions_for_facilitator(person, now, now + HORIZON)) if leads else []
    lately = list(lately_for_facilitator(person, now)) if leads else []
    near = sessions_for_client(person, now).filter(starts_at__lt=now + HORIZON)
    attended = [one for one in near if one not in led] if comes else []
    manages = Role.PROGRAM_MANAGER in person.role_set and not (led or attended or lately)
    planned = all_planned(now, reader) if manages else []
    staff = leaders({*led, *attended, *lately, *planned})
    return Plans(led, attended, lately, planned, staff, reader)


def all_planned(now: datetime, reader: str) -> list[Session]:
    """For a manager who neither leads nor attends: the sessions of this week and the next, as the
    reader's calendar has them."""
    return [
        one for one in sessions_between(now, now + HORIZON) if weeks_ahead(one, now, reader) < 2
    ]


def weeks_ahead(session: Session, now: datetime, reader: str) -> int:
    """How many weeks, from Monday to Sunday, lie between now's and the session's."""
    begins, today = (
        read_day(at, session.zone, reader).toordinal() for at in (session.starts_at, now)
    )
    return (begins - 1) // 7 - (today - 1) // 7  # day 1 of the ordinals is a Monday


def next_ones(led: Sequence[Session], now: datetime, reader: str) -> list[Session]:
    """The sessions that a facilitator leads today, and those after midnight whose door is open;
    if there are none, the next one."""
    today = [one for one in led if is_today(one, now, reader) or door_is_open(one, now)]
    return today or list(led[:1])


def is_today(session: Session, now: datetime, reader: str) -> bool:
    """By the reader's date, else by that of where the track is."""
    there = session.zone
    return read_day(session.starts_at, there, reader) == read_day(now, there, reader)


def door_is_open(session: Session, now: datetime) -> bool:
    return opens_at(session) <= now


def opens_at(session: Session) -> datetime:
    return session.starts_at - timedelta(minutes=LOBBY_MINUTES)


def card(
    session: Session, staff: Sequence[str], now: datetime, *, leads: bool
) -> dict[str, object]:
    """The card of a next session: time, people, and the link to its room once it is open."""
    is_open = state_of(session.room, now) in OPEN
    return {
        "heading": "You lead" if leads else "Next",
        "span": span_of(session),
        "track": session.track_name if leads else "",
        "ends": Span(session.ends_at, session.zone),
        "detail": detail(session, staff, leads=leads),
        "open": is_open,
        "opens": Span(opens_at(session), session.zone),
        "action": "Enter the room" if leads else "Join now",
        "room_url": reverse("room", args=[session.public_id]),
        "attendance_url": attendance_url(session) if leads and is_open else "",
        "roster_url": reverse("roster", args=[session.public_id]) if leads else "",
    }


def detail(session: Session, staff: Sequence[str], *, leads: bool) -> str:
    """What follows the end. A client's page does not say what the group is about."""
    if leads:
        return f" · {session.topic}" if session.topic else ""
    return f" with {words.names(staff)}." if staff else "."


def row(
    session: Session, staff: Sequence[str], *, leads: bool, over: bool = False
) -> dict[str, object]:
    return {
        "span": span_of(session),
        "detail": session.track_name if leads else f"with {words.names(staff)}" if staff else "",
        "attendance_url": attendance_url(session) if over else "",
    }


def attendance_url(session: Session) -> str:
    return reverse("attendance", args=[session.public_id])
