"""Between a verb's commit and its effects: who waits no longer, and what goes wrong on the way."""

import asyncio
import secrets
from pathlib import Path
from typing import Any

import pytest

from server.media.client import DesiredRoom, desired_key
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.presence import Roster
from sessions.live.stream import Audience, Draft, Events, Kind, read_after
from sessions.models import Program, Seat
from sessions.nodes.desired import RowFacts
from sessions.rooms.effects import Outcome, Publish, finish
from sessions.rooms.perform import perform
from sessions.rooms.process import Process
from sessions.rooms.selectors import RoomNow
from tests.rooms.held import Held
from tests.signaling.evening import PATIENCE_S, Evening
from tests.valkey import connection

pytestmark = pytest.mark.django_db(transaction=True)


async def key_of(process: Process, tonight: Evening, name: str) -> str:
    """The key of somebody's seat."""
    seat = await process.database.run(Seat.objects.get, room=tonight.room, person=tonight[name])
    assert isinstance(seat, Seat)
    return seat.key


async def roster_of(process: Process, tonight: Evening) -> Roster:
    roster = await process.store.run(presence.roster(tonight.room.key))
    assert isinstance(roster, Roster)
    return roster


async def kinds_since(process: Process, tonight: Evening, before: Roster) -> list[Kind]:
    """What the stream has got since a roster was read."""
    events = await process.store.run(read_after(tonight.room.key, before.epoch, before.seq))
    assert isinstance(events, Events)
    return [event.kind for event in events.events]


def desired_of(tonight: Evening) -> str:
    """What the room wants of its node."""
    return str(connection().get(desired_key(tonight.room.key)))


async def test_verb_whose_socket_is_gone_has_its_effects_carried_out(
    live: Evening, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a removal that commits, while the person goes on hearing the group."""
    sam = await key_of(process, live, "Sam")
    await process.name_of(live.address)
    began, last = asyncio.Event(), asyncio.Event()
    run, write = process.database.run_to_the_end, process.desired.write

    async def first_step(*given: Any) -> Any:
        began.set()
        return await run(*given)

    async def last_effect(room: str, facts: RowFacts) -> DesiredRoom | Refuse:
        written = await write(room, facts)
        last.set()
        return written

    monkeypatch.setattr(process.database, "run_to_the_end", first_step)
    monkeypatch.setattr(process.desired, "write", last_effect)
    async with Held(live.room):
        removing = perform(process, Verb.ROOM_REMOVE, live["Dana"], live.address, {"key": sam})
        asking = asyncio.create_task(removing)
        await began.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    async with asyncio.timeout(PATIENCE_S):
        await last.wait()
    assert (await roster_of(process, live)).of(sam) is None


async def test_verb_that_was_given_up_on_and_commits_has_its_effects_carried_out(
    live: Evening, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a mute that is in the rows, while the room goes on hearing the microphone."""
    sam = await key_of(process, live, "Sam")
    await process.name_of(live.address)
    before, desired = await roster_of(process, live), desired_of(live)
    last, write = asyncio.Event(), process.desired.write

    async def last_effect(room: str, facts: RowFacts) -> DesiredRoom | Refuse:
        written = await write(room, facts)
        last.set()
        return written

    monkeypatch.setattr(process.desired, "write", last_effect)
    async with Held(live.room):
        with monkeypatch.context() as impatient:
            impatient.setattr("sessions.rooms.database.ANSWER_S", 0.0)
            muting = perform(process, Verb.ROOM_MUTE, live["Dana"], live.address, {"key": sam})
            assert await muting == Refuse("store.down")
        assert await kinds_since(process, live, before) == []
    async with asyncio.timeout(PATIENCE_S):
        await last.wait()
    assert desired_of(live) != desired
    entry = (await roster_of(process, live)).of(sam)
    assert entry is not None
    assert not entry.microphone_allowed
    published = [Kind.ME_CHANGED, Kind.PARTICIPANT_CHANGED, Kind.ROOM_CHANGED]
    assert await kinds_since(process, live, before) == published


async def test_fault_in_one_effect_leaves_the_others_carried_out(
    live: Evening,
    process: Process,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Kills: a removed person who stays because an event could not be published."""
    sam = await key_of(process, live, "Sam")
    desired = desired_of(live)

    async def breaks(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(process.broadcast, "publish", breaks)
    outcome = await perform(process, Verb.ROOM_REMOVE, live["Dana"], live.address, {"key": sam})
    assert isinstance(outcome, RoomNow)
    assert (await roster_of(process, live)).of(sam) is None
    assert desired_of(live) != desired
    assert "ZeroDivisionError" in caplog.text


# ---- the commit ------------------------------------------------------------------------------


def changing() -> Outcome[str]:
    """A decision that writes a row and leaves an event."""
    Program.objects.create(name="Evening")
    event = Draft(Kind.ROOM_CHANGED, Audience.EVERYONE, 1, payload={"version": 1})
    return Outcome("made", secrets.token_urlsafe(9), (Publish(event),))


def programs() -> list[str]:
    """What is committed."""
    return [program.name for program in Program.objects.all()]


async def test_event_goes_out_when_its_rows_are_committed(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: publishing inside the transaction, so that a reader of the event finds old rows."""
    committed: list[object] = []
    publish = process.broadcast.publish

    async def publishing(room: str, draft: Draft) -> object:
        committed.append(await process.database.run(programs))
        return await publish(room, draft)

    monkeypatch.setattr(process.broadcast, "publish", publishing)
    assert await finish(process, changing) == "made"
    assert committed == [["Evening"]]


async def test_no_event_goes_out_of_a_transaction_that_is_rolled_back(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[Draft] = []

    async def publishing(_room: str, draft: Draft) -> None:
        published.append(draft)

    def breaks() -> Outcome[str]:
        changing()
        raise ZeroDivisionError

    monkeypatch.setattr(process.broadcast, "publish", publishing)
    with pytest.raises(ZeroDivisionError):
        await finish(process, breaks)
    assert await process.database.run(programs) == []
    assert published == []


async def test_redis_away_does_not_undo_a_commit(tmp_path: Path) -> None:
    """Kills: a verb that fails with the store when its rows are written."""
    process = Process(f"unix://{tmp_path}/nobody.sock", "secret", database_threads=1)
    assert await finish(process, changing) == "made"
    assert await process.database.run(programs) == ["Evening"]
    await process.close()
