"""The first page: what is next for the signed-in person, and the link to its room.

Owns which sessions have a card and what stands on it (HOME1 to HOME3 in docs/domain.md). Must not
know how a room admits: it offers no link where the door is sure to refuse.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sessions.core.permissions import Role, Verb
from sessions.core.reader_clock import Span, is_same_day, weeks_ahead
from sessions.core.refusal import Refuse, sentence
from sessions.core.room_state import LOBBY_MINUTES, OPEN
from sessions.live.heartbeat import is_late
from sessions.models import Person, Session
from sessions.people.codes.guesses import stopped_accounts
from sessions.people.second_manager import waiting
from sessions.people.selectors import people
from sessions.rooms.health import worker_age_s
from sessions.rooms.selectors import milliseconds, state_of
from sessions.scheduling.plans import span_of
from sessions.scheduling.selectors import (
    lately_for_facilitator,
    leaders,
    removed_from,
    sessions_between,
    sessions_for_client,
    sessions_for_facilitator,
    tracks,
    tracks_replanned_since,
)
from sessions.web import words
from sessions.web.access import HEADINGS, page, signed_in
from sessions.web.clocks import reader_of
from sessions.web.navigation import desk
from sessions.web.sign_in.second_factor.pages import is_offered
from sessions.web.views.tracks import NEWS

HORIZON = timedelta(days=14)
MAX_ROWS = 6


class Off(StrEnum):
    """Why somebody does not come to a session that is on their list."""

    CANCELLED = "cancelled"
    REMOVED = "removed"


OFF_HEADINGS = {Off.CANCELLED: "Cancelled", Off.REMOVED: HEADINGS["seat.removed"]}
OFF_WORDS = {
    Off.CANCELLED: "This group is cancelled. It does not meet.",
    Off.REMOVED: sentence(Refuse("seat.removed")),
}


@require_safe
@page(Verb.HOME)
def home(request: HttpRequest) -> HttpResponse:
    person, now = signed_in(request), timezone.now()
    plans = plans_of(person, now, reader_of(request))
    manages = Role.PROGRAM_MANAGER in person.role_set
    context = {
        **plans.views(now),
        **(house_news(now) if manages else {}),
        "now": now,
        "now_ms": milliseconds(now),
        "manages": manages,
        "staff_phone": settings.THIRDS_STAFF_PHONE,
        "offer_passkey": is_offered(request),
    }
    return desk(request, "home.html", context, current="home")


def house_news(now: datetime) -> dict[str, object]:
    """What a program manager has to know or to do, besides their own sessions."""
    return {
        "tracks": tracks().count(),
        "replanned": tracks_replanned_since(now - NEWS),
        "worker_late": is_late(worker_age_s()),
        "stopped": len(stopped_accounts(people(), now)),
        "requests": waiting().count(),
    }


@dataclass(frozen=True, slots=True)
class Plans:
    """The sessions that a person leads, attends and led lately, and who leads each.
    `planned` is what a manager without sessions of their own sees instead."""

    led: Sequence[Session]
    attended: Sequence[Session]
    lately: Sequence[Session]
    planned: Sequence[Session]
    staff: Mapping[int, Sequence[str]]
    off: Mapping[int, Off]
    reader: str  # the zone of who reads

    def views(self, now: datetime) -> dict[str, object]:
        """Cards for the next sessions, rows for all others."""
        nexts = self._next_ones(now)
        rest = [one for one in (*self.led, *self.attended, *self.planned) if one not in nexts]
        rest.sort(key=lambda one: one.starts_at)
        return {
            "next_cards": [self._card(one, now) for one in nexts],
            "coming": [self._row(one) for one in rest[:MAX_ROWS]],
            "recent": [self._row(one, over=True) for one in self.lately],
        }

    def _next_ones(self, now: datetime) -> list[Session]:
        """HOME1. A facilitator has a card for each session of today, and after midnight for each
        whose door is open; a client for what is off today. Both have one for the next session,
        and if that is off, for the next they come to."""
        led = with_next(
            self.led, self.off, lambda one: self._today(one, now) or door_is_open(one, now)
        )
        attended = with_next(
            self.attended, self.off, lambda one: one.pk in self.off and self._today(one, now)
        )
        return led + attended

    def _today(self, session: Session, now: datetime) -> bool:
        return is_same_day(session.starts_at, now, session.zone, self.reader)

    def _leads(self, session: Session) -> bool:
        return session not in self.attended

    def _card(self, one: Session, now: datetime) -> dict[str, object]:
        shown = card(one, self.staff[one.pk], now, leads=self._leads(one))
        off = self.off.get(one.pk)
        return shown | off_card(off) if off else shown

    def _row(self, one: Session, *, over: bool = False) -> dict[str, object]:
        shown = row(one, self.staff[one.pk], leads=self._leads(one), over=over)
        return shown | {"off": self.off.get(one.pk)}


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
    off = off_of(person, led, attended)
    return Plans(led, attended, lately, planned, staff, off, reader)


def off_of(
    person: Person, led: Sequence[Session], attended: Sequence[Session]
) -> Mapping[int, Off]:
    """The sessions to which the person does not come, by row id."""
    removed = dict.fromkeys(removed_from(person, attended), Off.REMOVED)
    cancelled = [one.pk for one in (*led, *attended) if one.cancelled_at]
    return removed | dict.fromkeys(cancelled, Off.CANCELLED)


def all_planned(now: datetime, reader: str) -> list[Session]:
    """For a manager who neither leads nor attends: the sessions of this week and the next, as the
    reader's calendar has them."""
    found = sessions_between(now, now + HORIZON)
    return [one for one in found if weeks_ahead(one.starts_at, now, one.zone, reader) < 2]


def with_next(
    found: Sequence[Session], off: Collection[int], wanted: Callable[[Session], bool]
) -> list[Session]:
    """Those that are wanted, the first one, and the first one that is not off."""
    nexts = [*found[:1], *[one for one in found if one.pk not in off][:1]]
    return [one for one in found if one in nexts or wanted(one)]


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
        "opens_ms": milliseconds(opens_at(session)),
        "action": "Enter the room" if leads else "Join now",
        "room_url": reverse("room", args=[session.public_id]),
        "attendance_url": attendance_url(session) if leads and is_open else "",
        "roster_url": reverse("roster", args=[session.public_id]) if leads else "",
    }


def off_card(off: Off) -> dict[str, object]:
    """What stands on the card of a session that is off, in place of the way in."""
    words = {"heading": OFF_HEADINGS[off], "off": off.value, "off_words": OFF_WORDS[off]}
    return {**words, "roster_url": "", "attendance_url": ""}


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
