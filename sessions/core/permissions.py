"""Who may do what: one table, verb × grant. What has no line here is nobody's.

Owns the verbs and the roles. Knows no rows: a `Principal` is made by a selector, of one person
before one session. Whether a verb makes sense now (is the room live?) is not asked here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sessions.core.admission import SeatState
from sessions.core.refusal import Refuse


class Role(StrEnum):
    """A person has a set of these."""

    CLIENT = "client"
    FACILITATOR = "facilitator"
    PROGRAM_MANAGER = "program_manager"


class Grant(StrEnum):
    """A reason for being allowed, each a fact of one `Principal`."""

    SIGNED_IN = "signed_in"
    ON_ROSTER = "on_roster"  # a client on this session's roster
    MAY_COME = "may_come"  # one of its roster or its staff, not taken out of this session
    STAFFS = "staffs"  # a facilitator of this session
    LEADS = "leads"  # such a facilitator, not taken out of this session (as a client, before)
    IN_ROOM = "in_room"  # one of these two, and admitted
    MANAGES = "manages"  # a program manager; never staff of a session by that


class Verb(StrEnum):
    """Everything that can be asked of the server, pages and room alike."""

    HOME = "home"
    OWN_ZONE = "own.zone"  # the time zone that one reads times in
    PERSON_LIST = "person.list"
    PERSON_ADD = "person.add"
    PERSON_CHANGE = "person.change"
    PERSON_DETAILS_READ = "person.details_read"
    PERSON_DETAILS_CHANGE = "person.details_change"
    TRACK_LIST = "track.list"
    TRACK_READ = "track.read"
    TRACK_ADD = "track.add"
    TRACK_CHANGE = "track.change"
    SESSION_ROSTER = "session.roster"
    SESSION_DETAILS = "session.details"  # of one client of the roster
    SESSION_CANCEL = "session.cancel"
    SESSION_MOVE = "session.move"
    ATTENDANCE_READ = "attendance.read"
    ATTENDANCE_CORRECT = "attendance.correct"
    ECHO = "echo"  # one's own sound, in a room that is nobody else's and no session's
    ROOM_PAGE = "room.page"
    ROOM_ENTER = "room.enter"
    ROOM_STAY = "room.stay"  # being connected, from one heartbeat to the next
    ROOM_RESYNC = "room.resync"
    ROOM_LEAVE = "room.leave"
    ROOM_OFFER_MEDIA = "room.offer_media"
    ROOM_SET_MICROPHONE = "room.set_microphone"
    ROOM_SET_CAMERA = "room.set_camera"
    ROOM_RAISE_HAND = "room.raise_hand"
    ROOM_DOOR = "room.door"  # seeing who waits
    ROOM_ADMIT = "room.admit"
    ROOM_ADMIT_ALL = "room.admit_all"
    ROOM_START = "room.start"
    ROOM_ADVANCE = "room.advance"
    ROOM_BACK = "room.back"
    ROOM_EXTEND = "room.extend"
    ROOM_SHORTEN = "room.shorten"
    ROOM_PAUSE = "room.pause"
    ROOM_RESUME = "room.resume"
    ROOM_END_LATER = "room.end_later"
    ROOM_END = "room.end"
    ROOM_REOPEN = "room.reopen"
    ROOM_MUTE = "room.mute"
    ROOM_ALLOW_MICROPHONE = "room.allow_microphone"
    ROOM_LOWER_HAND = "room.lower_hand"
    ROOM_REMOVE = "room.remove"
    ROOM_SPOTLIGHT = "room.spotlight"


@dataclass(frozen=True, slots=True)
class Principal:
    """One person before one session. For pages that belong to no session the last three keep
    their defaults. `on_roster` and `staffs_session` are about this session only."""

    signed_in: bool
    roles: frozenset[Role] = field(default_factory=frozenset)
    on_roster: bool = False
    staffs_session: bool = False
    seat: SeatState = SeatState.NONE


_ANYONE = frozenset({Grant.SIGNED_IN})
_MANAGER = frozenset({Grant.MANAGES})
_STAFF = frozenset({Grant.STAFFS})
_STAFF_OR_MANAGER = _STAFF | _MANAGER
_GROUP = frozenset({Grant.MAY_COME})
_LEADS = frozenset({Grant.LEADS})
_IN_ROOM = frozenset({Grant.IN_ROOM})
_BELONGS = frozenset({Grant.ON_ROSTER, Grant.STAFFS})

TABLE: Mapping[Verb, frozenset[Grant]] = {
    Verb.HOME: _ANYONE,
    Verb.OWN_ZONE: _ANYONE,
    Verb.PERSON_LIST: _MANAGER,
    Verb.PERSON_ADD: _MANAGER,
    Verb.PERSON_CHANGE: _MANAGER,
    Verb.PERSON_DETAILS_READ: _MANAGER,
    Verb.PERSON_DETAILS_CHANGE: _MANAGER,
    Verb.TRACK_LIST: _MANAGER,
    Verb.TRACK_READ: _MANAGER,
    Verb.TRACK_ADD: _MANAGER,
    Verb.TRACK_CHANGE: _MANAGER,
    Verb.SESSION_ROSTER: _STAFF_OR_MANAGER,
    Verb.SESSION_DETAILS: _STAFF,
    Verb.SESSION_CANCEL: _MANAGER,
    Verb.SESSION_MOVE: _MANAGER,
    Verb.ATTENDANCE_READ: _STAFF_OR_MANAGER,
    Verb.ATTENDANCE_CORRECT: _STAFF,
    Verb.ECHO: _ANYONE,
    Verb.ROOM_PAGE: _GROUP,
    Verb.ROOM_ENTER: _GROUP,
    Verb.ROOM_STAY: _GROUP,
    Verb.ROOM_RESYNC: _GROUP,
    Verb.ROOM_LEAVE: _GROUP,
    Verb.ROOM_OFFER_MEDIA: _IN_ROOM,
    Verb.ROOM_SET_MICROPHONE: _IN_ROOM,
    Verb.ROOM_SET_CAMERA: _IN_ROOM,
    Verb.ROOM_RAISE_HAND: _IN_ROOM,
    Verb.ROOM_DOOR: _LEADS,
    Verb.ROOM_ADMIT: _LEADS,
    Verb.ROOM_ADMIT_ALL: _LEADS,
    Verb.ROOM_START: _LEADS,
    Verb.ROOM_ADVANCE: _LEADS,
    Verb.ROOM_BACK: _LEADS,
    Verb.ROOM_EXTEND: _LEADS,
    Verb.ROOM_SHORTEN: _LEADS,
    Verb.ROOM_PAUSE: _LEADS,
    Verb.ROOM_RESUME: _LEADS,
    Verb.ROOM_END_LATER: _LEADS,
    Verb.ROOM_END: _LEADS,
    Verb.ROOM_REOPEN: _LEADS,
    Verb.ROOM_MUTE: _LEADS,
    Verb.ROOM_ALLOW_MICROPHONE: _LEADS,
    Verb.ROOM_LOWER_HAND: _LEADS,
    Verb.ROOM_REMOVE: _LEADS,
    Verb.ROOM_SPOTLIGHT: _LEADS,
}


# What shows a record of a client to somebody else: each reading of one leaves an audit row.
RECORD_READS = frozenset(
    {
        Verb.PERSON_LIST,
        Verb.PERSON_CHANGE,
        Verb.PERSON_DETAILS_READ,
        Verb.TRACK_READ,
        Verb.TRACK_ADD,
        Verb.TRACK_CHANGE,
        Verb.SESSION_ROSTER,
        Verb.SESSION_DETAILS,
        Verb.ATTENDANCE_READ,
    }
)


# What one does to oneself, again and again: only a refusal leaves an audit row.
UNAUDITED = frozenset({Verb.ROOM_RAISE_HAND, Verb.ROOM_LEAVE})


def allowed(verb: Verb, principal: Principal) -> Refuse | None:
    """PER1-PER5. None if the verb is this person's, else the refusal to show."""
    if not principal.signed_in:
        return Refuse("permission.signed_out")
    wanted = TABLE.get(verb, frozenset())
    if wanted & grants(principal):
        return None
    return _why_not(wanted, principal)


def grants(principal: Principal) -> frozenset[Grant]:
    """PER2. Every grant the principal has. Being a role never puts anyone into a session: only
    its roster and its staff list do; and a seat that is not admitted is not in the room."""
    if not principal.signed_in:
        return frozenset()
    staffs = principal.staffs_session and Role.FACILITATOR in principal.roles
    rostered = principal.on_roster and Role.CLIENT in principal.roles
    removed = principal.seat is SeatState.REMOVED
    held = {
        Grant.SIGNED_IN: True,
        Grant.MANAGES: Role.PROGRAM_MANAGER in principal.roles,
        Grant.STAFFS: staffs,
        Grant.ON_ROSTER: rostered,
        Grant.MAY_COME: (staffs or rostered) and not removed,
        Grant.LEADS: staffs and not removed,
        Grant.IN_ROOM: (staffs or rostered) and principal.seat is SeatState.ADMITTED,
    }
    return frozenset(grant for grant, holds in held.items() if holds)


def lost(before: Principal, now: Principal) -> Refuse | None:
    """PER6. Whether what was opened under one principal ends under the other: who may not stay
    goes, and who has become staff instead of a client, or the reverse, comes in again. A seat's
    own state is the room's to tell."""
    if refused := allowed(Verb.ROOM_STAY, now):
        return refused
    kept = grants(before) & _BELONGS == grants(now) & _BELONGS
    return None if kept else Refuse("permission.changed")


def _why_not(wanted: frozenset[Grant], principal: Principal) -> Refuse:
    """PER5. The most telling code; never one that says more than the person knows already."""
    held, removed = grants(principal), principal.seat is SeatState.REMOVED
    if removed and wanted & (_GROUP | _IN_ROOM) and held & _BELONGS:
        return Refuse("seat.removed")
    if removed and wanted == _LEADS and Grant.STAFFS in held:
        return Refuse("seat.removed")
    if wanted == _IN_ROOM and held & _GROUP:
        return Refuse("seat.waiting")
    if wanted & (_GROUP | _IN_ROOM):
        return Refuse("seat.not_on_roster")
    return Refuse("permission.not_staff" if wanted in (_STAFF, _LEADS) else "permission.role")
