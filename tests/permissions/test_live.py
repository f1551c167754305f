"""The matrix, the room: every role set and context against every command, over real sockets.

What is expected comes from the table alone, for the principal that the rows have at that moment;
what is found, from the reply, the rows, presence and the audit log. Whoever cannot come in has
no socket to ask over: for them the rules behind the commands are asked as well.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from django.conf import LazySettings

from sessions.core.permissions import Role, allowed
from sessions.core.rate_limit import TokenBucket
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.rooms.perform import perform
from sessions.rooms.process import Process
from sessions.rooms.verbs import RULES
from sessions.signaling.consumer import RoomConsumer
from sessions.signaling.messages import COMMANDS
from sessions.signaling.messages.base import name_of, verb_of
from sessions.signaling.messages.connection import Hello, Ping, Resync
from sessions.signaling.messages.me import Leave
from tests.permissions.principals import ROLE_SETS, Case, Context, case
from tests.permissions.rows import fingerprint, newest, written
from tests.signaling.evening import Browser
from tests.signaling.node import TalkingNode
from tests.signaling.quiet import wait_for_database_calls
from tests.valkey import run
from tests.verbs import SAMPLES, sample
from tests.world import cookie_of

pytestmark = pytest.mark.django_db(transaction=True)

OF_TABLE = {
    "permission.signed_out",
    "permission.not_staff",
    "seat.not_on_roster",
    "seat.removed",
    "seat.waiting",
}
STAFF_TYPES = "room."  # how the commands of staff begin


@dataclass
class Findings:
    """What was wrong, cell by cell; which commands got past the table; who saw the door."""

    wrong: list[str] = field(default_factory=list)
    passed: set[type] = field(default_factory=set)
    saw_door: bool = False

    def expect(self, cell: str, found: object, expected: object) -> None:
        if found != expected:
            self.wrong.append(f"{cell}: found {found}, expected {expected}")


@dataclass(frozen=True)
class State:
    """Rows, the newest audit row, and who is connected."""

    rows: str
    audit: int
    seats: tuple[str, ...]


def state(one: Case) -> State:
    found = run(presence.roster(one.evening.room.key))
    assert isinstance(found, presence.Roster)
    return State(fingerprint(), newest(), tuple(entry.seat for entry in found.entries))


async def of(call: Any, *arguments: Any) -> Any:
    """A read of rows, from the loop."""
    return await asyncio.to_thread(_closing, call, *arguments)


def _closing(call: Any, *arguments: Any) -> Any:
    from django.db import connection

    try:
        return call(*arguments)
    finally:
        connection.close()


def denied(reply: Any) -> str:
    """The table's no, in a reply or a service's answer; empty: past it."""
    code = reply.code if isinstance(reply, Refuse) else ""
    if isinstance(reply, dict):
        code = reply.get("code", "")
    return code if code in OF_TABLE else ""


async def cell(one: Case, message: type, asking: Any, found: Findings) -> str:
    """Asks, and holds reply, rows, presence and audit log against the table."""
    verb = verb_of(message)
    refused = allowed(verb, await of(one.principal))
    before = await of(state, one)
    got = denied(await asking)
    text = f"{name_of(message)} for {one}"
    found.expect(text, got, refused.code if refused else "")
    if not got:
        found.passed.add(message)
        return got
    after, rows = await of(state, one), await of(written, before.audit)
    found.expect(f"{text}, rows", (after.rows, after.seats), (before.rows, before.seats))
    actor = one.person.pk if one.signed_in else None
    found.expect(f"{text}, audit", rows, [(actor, verb.value, got)])
    return got


async def turned_away(browser: Browser) -> dict[str, Any]:
    """The last message to somebody who is not signed in: it comes before any hello."""
    assert await browser.connect()
    return await browser.until("closing")


async def over_socket(browser: Browser, one: Case, found: Findings) -> bool:
    """Hello, then every command. Whether there was a socket to ask over."""
    hello = browser.hello() if one.signed_in else turned_away(browser)
    if await cell(one, Hello, hello, found):
        await browser.close_code()
        return False
    for message in SAMPLES:
        if message is not Hello and browser.last("ok"):
            await cell(one, message, browser.ask(name_of(message), **sample(message)), found)
    return True


async def of_rules(process: Process, one: Case, found: Findings) -> None:
    """The rules behind the commands, for one who has no socket."""
    for message in COMMANDS:
        verb = verb_of(message)
        if verb in RULES and one.signed_in:
            session = one.session.public_id
            asking = perform(process, verb, one.person, session, sample(message))
            await cell(one, message, asking, found)


async def walk(process: Process, one: Case) -> Findings:
    found = Findings()
    cookie = await of(cookie_of, one.person) if one.signed_in else ""
    browser = Browser(one.session.public_id, cookie)
    came_in = await over_socket(browser, one, found)
    if not came_in:
        await of_rules(process, one, found)
    found.saw_door = any(
        event["type"].startswith("waiting.") or event.get("waiting") for event in browser.events
    )
    await browser.drop()
    return found


@pytest.fixture
def cases(transactional_db: None, context: Context) -> Iterator[list[Case]]:
    yield [case(context, roles, number) for number, roles in enumerate(ROLE_SETS)]
    wait_for_database_calls()


@pytest_asyncio.fixture
async def node(tmp_path: Path, settings: LazySettings) -> AsyncIterator[TalkingNode]:
    talking = await TalkingNode.start(tmp_path, settings.THIRDS_MEDIA_SECRET)
    settings.THIRDS_MEDIA_CONTROL = talking.address
    yield talking
    await talking.stop()


@pytest.fixture(autouse=True)
def _patient(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers' rows are limited; here each of them is looked for. Browsers of tests do not ping
    by themselves, and a busy machine must not silence them."""
    monkeypatch.setattr(RoomConsumer, "silence_s", 600.0)
    monkeypatch.setattr(RoomConsumer, "quiet_s", 600.0)
    process.refusals = TokenBucket(1e9, 1e9, 0.0, 1e9)


@pytest.mark.parametrize("context", Context)
async def test_matrix_of_commands(
    context: Context, cases: list[Case], node: TalkingNode, process: Process
) -> None:
    """Kills: a command under another one's verb; a service that changes a row before it asks; a
    socket that goes by the principal it was opened with; a stranger's row that is not written."""
    wrong, broken = [], []
    for one in cases:
        found = await walk(process, one)
        wrong += found.wrong
        broken += [f"{rule}: {one}" for rule in invariants(found, one.roles, context)]
    assert (wrong, broken) == ([], [])


def invariants(found: Findings, roles: frozenset[Role], context: Context) -> list[str]:
    """What holds whatever the table says. Written by hand, on purpose.

    Kills: ROOM_ENTER with the manager's grant in its line; ROOM_MUTE for everyone in the room;
    a line for ROOM_DOOR that lets the roster see who waits.
    """
    leads = Role.FACILITATOR in roles and context in set(Context) - {
        Context.OTHER,
        Context.SIGNED_OUT,
    }
    of_staff = {one for one in found.passed if name_of(one).startswith(STAFF_TYPES)}
    quiet = {Hello, Ping, Resync, Leave}
    waits = context is Context.WAITING and not leads
    rules = {
        "a manager enters no room": bool(found.passed) and roles <= {Role.PROGRAM_MANAGER},
        "nobody signed out gets anything": bool(found.passed) and context is Context.SIGNED_OUT,
        "another session gives nothing": bool(found.passed) and context is Context.OTHER,
        "who was removed gets nothing live": bool(found.passed) and context is Context.REMOVED,
        "staff's verbs are staff's": bool(of_staff) and not leads,
        "a person who waits sends nothing": bool(found.passed - quiet) and waits,
        "a client never sees who waits": found.saw_door and not leads,
    }
    return [rule for rule, is_broken in rules.items() if is_broken]
