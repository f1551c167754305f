"""Everything that can be asked of the server over the network, each with its verb; and the page
of documentation that shows who may ask it.

Reads the registries: the addresses (allauth's too), the websocket's commands, the operator's
commands. `python -m server.generated` writes docs/permissions.md. Decides nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.core.management import get_commands, load_command_class
from django.urls import URLPattern, URLResolver, get_resolver

from server.probe.rooms import PREFIX
from sessions.core.admission import SeatState
from sessions.core.permissions import Principal, Role, Verb, allowed
from sessions.signaling.messages import COMMANDS
from sessions.signaling.messages.base import name_of, verb_of

OURS: Final = frozenset({"sessions", "server.probe"})
"""The Django apps of this product."""

TARGET: Final = Path(__file__).resolve().parents[1] / "docs" / "permissions.md"

OPEN: Final[Mapping[str, str]] = {
    "account_login": "signing in",
    "account_request_login_code": "signing in",
    "account_confirm_login_code": "signing in",
    "mfa_authenticate": "signing in",
    "passkey_sign_in": "signing in",
    "demo_sign_in": "signing in, in a demo on this machine; elsewhere 404",
    "account_logout": "signing out",
    "unlock": "opening a locked desk; without a login session, signing in",
    "still_here": "a desk's sign of life",
    "alive": "whether the process answers; says nothing else",
    "health": "whether a worker does its rounds, and the version of the time zone rules",
}
"""Addresses that stand before the table, and why. Any other bears a verb, or is an own page."""

WITHIN: Final[Mapping[Verb, str]] = {
    Verb.ATTENDANCE_CORRECT: "attendance",
    Verb.PERSON_DETAILS_CHANGE: "person_details",
}
"""Verbs of what is sent to a page that is read under another one, and the page."""

NOT_ASKED: Final[Mapping[Verb, str]] = {
    Verb.ROOM_DOOR: "who waits, in snapshots and events",
    Verb.SESSION_MOVE: "`scheduling.services`: skipping and moving a date",
}
"""Verbs that are asked about, but not by one address or command."""


@dataclass(frozen=True, slots=True)
class Address:
    """One name of an URL. `verb` None: it is OPEN, or an `own` page of the person who is signed in."""

    name: str
    route: str
    verb: Verb | None
    own: bool


def addresses() -> list[Address]:
    """Every address that Django answers, in the order in which it looks."""
    return [_address(prefix, pattern) for prefix, pattern in _patterns("", get_resolver())]


def commands() -> dict[str, Verb]:
    """Every command of the websocket by its type, with its verb."""
    return {name_of(kind): verb_of(kind) for kind in COMMANDS}


def operator_commands() -> dict[str, str]:
    """`manage.py` commands of our own: a person with the machine's command line may do everything."""
    ours = sorted((name, str(app)) for name, app in get_commands().items() if app in OURS)
    return {name: str(load_command_class(app, name).help) for name, app in ours}


def _patterns(prefix: str, resolver: URLResolver) -> Iterator[tuple[str, URLPattern]]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from _patterns(prefix + str(one.pattern), one)
        else:
            yield prefix, one


def _address(prefix: str, pattern: URLPattern) -> Address:
    marks = getattr(pattern.callback, "__dict__", {})
    route = f"/{prefix}{pattern.pattern}"
    return Address(pattern.name or route, route, marks.get("verb"), bool(marks.get("own")))


# ---- the page ----------------------------------------------------------------------------------

CLIENT, FACILITATOR = frozenset({Role.CLIENT}), frozenset({Role.FACILITATOR})
MANAGER = frozenset({Role.PROGRAM_MANAGER})
COLUMNS: Final[Mapping[str, Principal]] = {
    "client, in the room": Principal(True, CLIENT, on_roster=True, seat=SeatState.ADMITTED),
    "client, not yet admitted": Principal(True, CLIENT, on_roster=True, seat=SeatState.WAITING),
    "client, removed": Principal(True, CLIENT, on_roster=True, seat=SeatState.REMOVED),
    "facilitator of it": Principal(True, FACILITATOR, False, True, SeatState.ADMITTED),
    "facilitator of it who manages": Principal(
        True, FACILITATOR | MANAGER, False, True, SeatState.ADMITTED
    ),
    "program manager": Principal(True, MANAGER),
    "client or facilitator of another": Principal(True, CLIENT | FACILITATOR),
    "signed out": Principal(False),
}
HEAD: Final = """# Permissions

Made by `python -m server.generated` from the table in `sessions/core/permissions.py` and the
registries of addresses and commands; a test fails when it differs, and `tests/permissions` asks
the running pages and websockets for every role and principal. Not written by hand.

A verb that has no line is nobody's. **yes** is the table's word; what makes sense now (is the
room live?) is asked after it. Else the cell has the code of the refusal, which leaves the rows
as they are and its own row in the audit log. Nobody signed in is sent to sign in; that leaves a
row where it was about a session that there is. When a session has ended the table is the same,
and the room refuses what needs a live one. Sockets: a person who may not come to the room
(`room.enter`) has no socket to ask anything else over.
"""

PROBE: Final = f"""`server/probe`, the other end of an echo (`{Verb.ECHO}`) and of `check_media`, is no person: it
has no row in this table, no standing and no seat, and it never joins a session's room. It makes
rooms of its own, whose keys begin with `{PREFIX}`, which no session's room, seat or person has;
any other key is refused before a media node hears of it (`tests/probe/test_rooms.py`). An echo's
room has two: the person who asked, and the probe."""


def page() -> str:
    """docs/permissions.md."""
    asked = _asked_by()
    lines = [
        "| verb | asked by | " + " | ".join(COLUMNS) + " |",
        "|---|---|" + "---|" * len(COLUMNS),
    ]
    lines += [f"| `{verb}` | {asked[verb]} | {' | '.join(_row(verb))} |" for verb in Verb]
    opened = [f"| `{one.name}` | {OPEN[one.name]} |" for one in addresses() if one.name in OPEN]
    own = ", ".join(f"`{one.name}`" for one in addresses() if one.own)
    operator = [f"| `{name}` | {text} |" for name, text in operator_commands().items()]
    parts = [
        HEAD,
        "\n".join(lines),
        "\n## Before the table\n",
        "\n".join(["| address | for |", "|---|---|", *opened]),
        f"\nOne's own sign-in, for anybody signed in: {own or 'none'}. Static files are the",
        "same for everybody and hold nothing of anybody.",
        "\n## The probe\n",
        PROBE,
        "\n## At the machine's command line\n",
        "No person asks these, and no table; their audit rows are marked `operator`.\n",
        "\n".join(["| command | does |", "|---|---|", *operator]),
    ]
    return "\n".join(parts) + "\n"


def _row(verb: Verb) -> list[str]:
    refusals = [allowed(verb, principal) for principal in COLUMNS.values()]
    return [f"`{refusal.code}`" if refusal else "**yes**" for refusal in refusals]


def _asked_by() -> dict[Verb, str]:
    """Where each verb is asked; empty for one that nothing asks."""
    pages = [(one.verb, f"`{one.route}`") for one in addresses() if one.verb]
    sent = [(verb, f"what is sent to `{name}`") for verb, name in WITHIN.items()]
    asked = [*pages, *sent, *((verb, f"`{name}`") for name, verb in commands().items())]
    asked += NOT_ASKED.items()
    return {verb: ", ".join(text for one, text in asked if one is verb) for verb in Verb}
