"""The permissions table: PER1 to PER5."""

from dataclasses import replace
from itertools import product

import pytest

from sessions.core.admission import SeatState
from sessions.core.permissions import (
    TABLE,
    Grant,
    Principal,
    Role,
    Verb,
    allowed,
    grants,
    lost,
)
from sessions.core.refusal import Refuse

CLIENT = frozenset({Role.CLIENT})
FACILITATOR = frozenset({Role.FACILITATOR})
MANAGER = frozenset({Role.PROGRAM_MANAGER})
EVERY_ROLE = CLIENT | FACILITATOR | MANAGER

IN = Principal(True, CLIENT, on_roster=True, seat=SeatState.ADMITTED)
AT_DOOR = Principal(True, CLIENT, on_roster=True, seat=SeatState.WAITING)
REMOVED = Principal(True, CLIENT, on_roster=True, seat=SeatState.REMOVED)
LEADS = Principal(True, FACILITATOR, staffs_session=True, seat=SeatState.ADMITTED)
OTHER_CLIENT = Principal(True, CLIENT)
OTHER_FACILITATOR = Principal(True, FACILITATOR)
MANAGES = Principal(True, MANAGER)
NOBODY = Principal(True)

# Written out on purpose, apart from the table: who may do each group of verbs.
ANYBODY = {Verb.HOME, Verb.OWN_ZONE, Verb.ECHO}
SELF = {
    Verb.ROOM_OFFER_MEDIA,
    Verb.ROOM_SET_MICROPHONE,
    Verb.ROOM_SET_CAMERA,
    Verb.ROOM_RAISE_HAND,
}
THROUGH_THE_DOOR = {
    Verb.ROOM_PAGE,
    Verb.ROOM_ENTER,
    Verb.ROOM_STAY,
    Verb.ROOM_RESYNC,
    Verb.ROOM_LEAVE,
}
LEADING = {verb for verb in Verb if verb.startswith("room.")} - SELF - THROUGH_THE_DOOR
READING = {Verb.SESSION_ROSTER, Verb.ATTENDANCE_READ}
MANAGING = {
    verb
    for verb in Verb
    if verb.startswith(("person.", "track.")) or verb in {Verb.SESSION_CANCEL, Verb.SESSION_MOVE}
}


def may(principal: Principal) -> set[Verb]:
    return {verb for verb in Verb if allowed(verb, principal) is None}


def every_principal() -> list[Principal]:
    role_sets = [
        frozenset(role for role, has in zip(Role, flags, strict=True) if has)
        for flags in product([False, True], repeat=len(Role))
    ]
    flags = [False, True]
    return [Principal(*one) for one in product(flags, role_sets, flags, flags, SeatState)]


@pytest.mark.parametrize("verb", Verb)
def test_per1_every_verb_has_a_line(verb: Verb) -> None:
    """Kills: a verb without a line in the table."""
    assert TABLE[verb]


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("role", Role)
def test_per1_every_verb_answers_every_role(verb: Verb, role: Role) -> None:
    """Kills: a program manager counts as staff of every session."""
    got = allowed(verb, Principal(True, frozenset({role})))
    expected = ANYBODY | (MANAGING | READING if role is Role.PROGRAM_MANAGER else set())
    assert (got is None) == (verb in expected)


def test_per1_who_may_do_what() -> None:
    assert may(IN) == ANYBODY | THROUGH_THE_DOOR | SELF
    assert may(AT_DOOR) == ANYBODY | THROUGH_THE_DOOR
    assert may(LEADS) == (
        ANYBODY
        | {Verb.ATTENDANCE_CORRECT, Verb.SESSION_DETAILS}
        | READING
        | THROUGH_THE_DOOR
        | SELF
        | LEADING
    )
    assert may(MANAGES) == ANYBODY | READING | MANAGING
    assert may(NOBODY) == may(OTHER_CLIENT) == may(OTHER_FACILITATOR) == ANYBODY


def test_per2_nothing_is_allowed_to_the_signed_out() -> None:
    """Kills: the table is asked before it is known that somebody is signed in."""
    outside = [one for one in every_principal() if not one.signed_in]
    codes = {allowed(verb, one) for verb in Verb for one in outside}
    assert codes == {Refuse("permission.signed_out")}


def test_per2_the_room_is_for_its_roster_and_its_staff_only() -> None:
    """Kills: the role of facilitator opens every room."""
    inside = {Verb.ROOM_ENTER, Verb.ROOM_OFFER_MEDIA, Verb.ROOM_ADMIT}
    strangers = [one for one in every_principal() if not one.on_roster and not one.staffs_session]
    assert [may(one) & inside for one in strangers] == [set()] * len(strangers)


def test_per3_a_removed_client_sends_no_media() -> None:
    """Kills: only the door, not the table, knows that someone was removed."""
    removed = [one for one in every_principal() if one.seat is SeatState.REMOVED]
    assert [may(one) & SELF for one in removed] == [set()] * len(removed)


def test_per3_whoever_was_removed_gets_nothing_live_whatever_the_role() -> None:
    """Kills: a client who was taken out, made a facilitator afterwards, and comes in as staff."""
    removed = [one for one in every_principal() if one.seat is SeatState.REMOVED]
    live = {verb for verb in Verb if verb.startswith("room.")}
    assert [may(one) & live for one in removed] == [set()] * len(removed)


def test_per4_roles_add_up() -> None:
    one = Principal(True, EVERY_ROLE, staffs_session=True, seat=SeatState.ADMITTED)
    assert may(one) == may(LEADS) | may(MANAGES)
    assert grants(one) == set(Grant) - {Grant.ON_ROSTER}


def test_per4_a_roster_without_the_role_gives_nothing() -> None:
    assert grants(Principal(True, MANAGER, on_roster=True, staffs_session=True)) == {
        Grant.SIGNED_IN,
        Grant.MANAGES,
    }


@pytest.mark.parametrize(
    ("verb", "principal", "code"),
    [
        (Verb.ROOM_START, IN, "permission.not_staff"),
        (Verb.ROOM_START, OTHER_FACILITATOR, "permission.not_staff"),
        (Verb.ROOM_ENTER, MANAGES, "seat.not_on_roster"),
        (Verb.ROOM_RAISE_HAND, AT_DOOR, "seat.waiting"),
        (Verb.ROOM_RAISE_HAND, REMOVED, "seat.removed"),
        (Verb.ROOM_RAISE_HAND, OTHER_CLIENT, "seat.not_on_roster"),
        (Verb.TRACK_ADD, IN, "permission.role"),
        (Verb.ATTENDANCE_READ, IN, "permission.role"),
        (Verb.ATTENDANCE_CORRECT, MANAGES, "permission.not_staff"),
    ],
)
def test_per5_the_refusal_says_what_is_missing(verb: Verb, principal: Principal, code: str) -> None:
    assert allowed(verb, principal) == Refuse(code)


# ---- PER6: what was open under another principal ------------------------------------------------


@pytest.mark.parametrize("seat", [SeatState.NONE, SeatState.WAITING, SeatState.ADMITTED])
def test_per6_a_principal_that_is_the_same_loses_nothing(seat: SeatState) -> None:
    """Kills: being let in, which changes the seat alone, ends the socket it happens to."""
    staying = [one for one in every_principal() if allowed(Verb.ROOM_ENTER, one) is None]
    changed = [replace(one, seat=seat) for one in staying]
    assert {lost(*pair) for pair in zip(staying, changed, strict=True)} == {None}


def test_per6_whoever_may_not_enter_may_not_stay() -> None:
    """Kills: somebody taken off the roster, or signed out, who goes on listening."""
    gone = [one for one in every_principal() if allowed(Verb.ROOM_ENTER, one) is not None]
    assert [lost(IN, one) for one in gone] == [allowed(Verb.ROOM_ENTER, one) for one in gone]


@pytest.mark.parametrize(
    "now",
    [
        replace(IN, roles=CLIENT | FACILITATOR, staffs_session=True),
        replace(IN, roles=FACILITATOR, on_roster=False, staffs_session=True),
    ],
)
def test_per6_another_role_has_to_come_in_anew(now: Principal) -> None:
    """Kills: a former facilitator who still sees who waits at the door."""
    assert lost(IN, now) == lost(now, IN) == Refuse("permission.changed")


def test_the_probe_has_no_standing_in_any_room() -> None:
    """It is nobody: neither signed in nor on a roster. What it is let into is the room of an
    echo, which a person asks for without any session. Kills: a grant for the probe."""
    assert may(Principal(False)) == set()
    assert Verb.ECHO not in SELF | THROUGH_THE_DOOR | LEADING
    assert not Verb.ECHO.startswith("room.")
