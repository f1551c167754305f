"""The table of rules: what a rule takes, and that one which refuses has written nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_type_hints

import pytest

from server.media.client import desired_key
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.live.presence import Roster
from sessions.rooms.locked_room import Change
from sessions.rooms.perform import perform
from sessions.rooms.process import Process
from sessions.rooms.selectors import RoomNow
from sessions.rooms.verbs import RULES
from sessions.signaling.commands import OWN
from sessions.signaling.messages import COMMANDS
from sessions.signaling.messages.base import arguments_of, name_of, verb_of
from tests.permissions.rows import fingerprint, newest, written
from tests.rooms.live import roster_of, with_process
from tests.rooms.planted import overwriting
from tests.signaling.evening import Evening
from tests.valkey import connection
from tests.verbs import About, frame, sample_of

OF_RULES = [kind for kind in COMMANDS if verb_of(kind) in RULES]
REFUSED = Refuse("seat.full")


def test_every_rule_has_one_command_that_names_its_verb() -> None:
    """And every command that a connection does not answer itself has a rule."""
    assert sorted(verb_of(kind) for kind in OF_RULES) == sorted(RULES)
    assert {kind for kind in COMMANDS if kind not in OWN} <= set(OF_RULES)


@pytest.mark.parametrize("kind", OF_RULES, ids=name_of)
def test_rule_takes_the_fields_of_the_command_that_names_its_verb(kind: type) -> None:
    """By name and by type. Kills: a field that is renamed in the message alone."""
    command = kind(**frame(kind))
    fields = {name: get_type_hints(kind)[name] for name in arguments_of(command)}
    takes = get_type_hints(RULES[verb_of(kind)])
    assert (takes.pop("locked").__name__, takes.pop("return")) == ("LockedRoom", Change | Refuse)
    assert takes == fields


# ---- a refusal has written nothing -------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What there is of a room: its rows, who is connected, its stream, what is wanted of the
    node; and whose media was ended since."""

    rows: str
    roster: Roster
    desired: str
    revoked: tuple[str, ...] = ()


def found(tonight: Evening, revoked: tuple[str, ...] = ()) -> Found:
    desired = str(connection().get(desired_key(tonight.room.key)))
    return Found(fingerprint(), replace(roster_of(tonight), now_ms=0), desired, revoked)


def watched(
    tonight: Evening, verb: Verb, with_these: Mapping[str, Any]
) -> tuple[RoomNow | Refuse, tuple[str, ...]]:
    """Dana's verb: its outcome, and the seats whose media it ended."""
    revoked: list[str] = []

    async def asked(process: Process, patch: pytest.MonkeyPatch) -> RoomNow | Refuse:
        patch.setattr(process.links, "revoke", lambda _room, seat, _until: revoked.append(seat))
        return await perform(process, verb, tonight["Dana"], tonight.address, with_these)

    with pytest.MonkeyPatch.context() as patch:
        outcome = with_process(lambda process: asked(process, patch))
    return outcome, tuple(revoked)


@pytest.mark.parametrize("verb", RULES)
def test_refusal_has_written_nothing_but_its_audit_row(
    live: Evening, verb: Verb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the rule had written everything by then. Kills: a rule that writes by itself, and
    rows or effects of a refusal that are kept."""
    monkeypatch.setitem(RULES, verb, overwriting(RULES[verb], REFUSED))
    (sam,) = live.room.seats.filter(person=live["Sam"])
    before, since = found(live), newest()
    outcome, revoked = watched(live, verb, sample_of(verb, About(sam.key)))
    assert outcome == REFUSED
    assert found(live, revoked) == before
    assert written(since) == [(live["Dana"].pk, verb.value, REFUSED.code)]


def test_rule_that_has_written_everything_and_does_not_refuse_leaves_all_of_it(
    live: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the refusals above had something to discard."""
    verb = Verb.ROOM_EXTEND
    monkeypatch.setitem(RULES, verb, overwriting(RULES[verb], Change.MADE))
    before = found(live)
    outcome, revoked = watched(live, verb, sample_of(verb))
    assert isinstance(outcome, RoomNow)
    after = found(live)
    assert len(revoked) == 1
    assert before.rows != after.rows
    assert before.desired != after.desired
    assert len(after.roster.entries) == len(before.roster.entries) - 1
    assert after.roster.parts != before.roster.parts
    assert after.roster.room_version > before.roster.room_version
