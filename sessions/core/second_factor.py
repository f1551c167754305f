"""When the second factor is asked for, and when pages are locked: what a login session may open.

Owns the one rule that every page and every socket is held against. Pure: what a login session
has proved, and when it was last used, are facts that the edge reads; the time is an argument.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sessions.core.permissions import Role

IDLE: Final = timedelta(minutes=15)
"""So long after the last activity the pages of staff are locked (45 CFR 164.312(a)(2)(iii))."""
FRESH: Final = timedelta(minutes=15)
"""So old at most is the proof with which a way to sign in is added or taken out."""
STAFF: Final = frozenset({Role.FACILITATOR, Role.PROGRAM_MANAGER})


class Step(StrEnum):
    """What stands between a login session and a page."""

    OPEN = "open"  # nothing
    SET_UP = "set_up"  # no second factor exists yet
    CONFIRM = "confirm"  # there is one; this login session has not shown it
    UNLOCK = "unlock"  # shown, and then idle for too long


@dataclass(frozen=True, slots=True)
class LoginFacts:
    """What is known of one login session. Instants are aware; None is never."""

    proved_at: datetime | None  # when a second factor was last shown in it
    active_at: datetime | None  # when its person last did something on a page


def is_required(roles: Set[Role], *, exempt: bool) -> bool:
    """SF1. Staff need a second factor, whatever else they are. `exempt`: a demo person, where
    there is a demo."""
    return bool(STAFF & roles) and not exempt


def step_to_enter(facts: LoginFacts, *, required: bool, has_factor: bool) -> Step:
    """SF2. What is missing before anything of a client's is shown: pages and the room alike."""
    if not required or facts.proved_at is not None:
        return Step.OPEN
    return Step.CONFIRM if has_factor else Step.SET_UP


def step_to_read(facts: LoginFacts, *, required: bool, has_factor: bool, now: datetime) -> Step:
    """SF3. The same for a page that an idle desk must not show. The room's page is none: it
    is entered by SF2, so that a lock never ends a call."""
    entering = step_to_enter(facts, required=required, has_factor=has_factor)
    if not required or entering is not Step.OPEN:
        return entering
    return Step.OPEN if left_s(facts, now) > 0 else Step.UNLOCK


def left_s(facts: LoginFacts, now: datetime) -> int:
    """Whole seconds until the lock; 0 when it is locked. An instant in the future is not
    believed: a clock that was set back must not hold a page open."""
    if facts.active_at is None or facts.active_at > now:
        return 0
    return max(0, int((facts.active_at + IDLE - now).total_seconds()))


def is_fresh(proved_at: datetime | None, now: datetime) -> bool:
    """SF4. Whether a proof is recent enough to change the ways to sign in."""
    return proved_at is not None and timedelta(0) <= now - proved_at <= FRESH
