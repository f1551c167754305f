"""What belongs to the socket: who it is, its limits, its silence, and what it survives."""

import asyncio
import json
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from sessions.live import presence
from sessions.models import AuditEvent, Seat
from sessions.people.login_sessions import SessionStore
from sessions.rooms import selectors
from sessions.rooms.process import JOINS, REFUSED_VERBS, Process
from sessions.signaling import consumer
from sessions.signaling.consumer import RATE, RoomConsumer
from tests.signaling.away import Rows, unsent, valkey_away
from tests.signaling.evening import Browser, Evening
from tests.valkey import connection

pytestmark = pytest.mark.django_db(transaction=True)


async def entered(tonight: Evening, name: str, **fields: Any) -> Browser:
    browser = tonight.browser(name)
    assert (await browser.hello(**fields))["type"] == "ok"
    return browser


# ---- who it is ---------------------------------------------------------------------------------


async def test_ori1_socket_of_another_origin_is_not_accepted(tonight: Evening) -> None:
    stranger = Browser(tonight.address, tonight.cookies["Dana"], origin="https://evil.example")
    assert not await stranger.connect()


@pytest.mark.parametrize("cookie", ["", "thirds=nobody", "thirds=", "other=1"])
async def test_log1_socket_of_nobody_is_closed_in_words(tonight: Evening, cookie: str) -> None:
    nobody = Browser(tonight.address, cookie)
    assert await nobody.connect()
    assert await nobody.close_code() == 4401
    assert [event["code"] for event in nobody.events] == ["permission.signed_out"]


async def test_log1_sign_out_ends_a_socket_that_is_open(
    process: Process, tonight: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S8. Kills: a socket that outlives its sign-in."""
    monkeypatch.setattr(RoomConsumer, "beat_s", 0.05)
    dana, sam = await entered(tonight, "Dana"), await entered(tonight, "Sam")
    await dana.ask("room.admit_all")
    key = tonight.cookies["Sam"].partition("=")[2]
    await process.database.run(SessionStore(key).delete)
    assert await sam.close_code() == 4401
    left = await dana.until("participant.left")
    assert left["reason"] == "signed_out"
    await dana.drop()


async def test_log2_roster_without_the_person_ends_a_socket_that_is_open(
    process: Process, tonight: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S8, ASVS 8.3.2. Kills: someone taken off the roster who goes on listening."""
    monkeypatch.setattr(RoomConsumer, "beat_s", 0.05)
    dana, sam = await entered(tonight, "Dana"), await entered(tonight, "Sam")
    await dana.ask("room.admit_all")
    sam_on_roster = tonight.session.members.filter(person=tonight["Sam"])
    await process.database.run(lambda: sam_on_roster.update(until=timezone.now()))
    assert await sam.close_code() == 4403
    left = await dana.until("participant.left")
    assert left["reason"] == "roster"
    await dana.drop()


async def test_joins_of_one_client_are_bounded(tonight: Evening) -> None:
    """Kills: 66 joins a second, each of which leaves two marks. Nobody else is kept out."""
    codes = []
    for _ in range(int(JOINS) + 5):
        sam = tonight.browser("Sam")
        codes.append((await sam.hello()).get("code", "ok"))
        await sam.drop()
    assert codes[: int(JOINS)] == ["ok"] * int(JOINS)
    assert "message.too_many" in codes[int(JOINS) :]
    assert codes.count("ok") <= JOINS + 2  # half a token a second
    dana = await entered(tonight, "Dana")
    await dana.drop()


async def test_refused_verbs_of_one_client_leave_no_more_rows_than_are_allowed(
    process: Process, tonight: Evening
) -> None:
    sam = await entered(tonight, "Sam")
    answers = [(await sam.ask("room.start"))["code"] for _ in range(int(REFUSED_VERBS) + 20)]
    assert set(answers) == {"permission.not_staff"}
    rows = AuditEvent.objects.filter(verb="room.start")
    count = await process.database.run(rows.count)
    assert isinstance(count, int)
    assert REFUSED_VERBS <= count < REFUSED_VERBS + 20
    await sam.drop()


async def test_socket_of_an_id_that_is_none(tonight: Evening) -> None:
    lost = Browser("a%00b", tonight.cookies["Dana"])
    assert (await lost.hello())["code"] == "room.unknown"


async def test_socket_of_an_unknown_room(tonight: Evening) -> None:
    lost = Browser("nowhere", tonight.cookies["Dana"])
    assert (await lost.hello())["code"] == "room.unknown"
    assert await lost.close_code() == 4404


# ---- frames ------------------------------------------------------------------------------------


async def test_frame_before_hello_ends_the_socket(tonight: Evening) -> None:
    dana = tonight.browser("Dana")
    await dana.connect()
    await dana.send('{"type": "resync", "id": 1}')
    assert await dana.close_code() == 4400


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x" * 65537, "message.too_large"),
        ("{", "message.malformed"),
        ('{"type": "room.record", "id": 5}', "message.unknown"),
    ],
)
async def test_frame_that_says_nothing_is_refused_and_the_socket_lives(
    tonight: Evening, text: str, code: str
) -> None:
    dana, sam = await entered(tonight, "Dana"), await entered(tonight, "Sam")
    await dana.send(text)
    assert (await dana.until("refused"))["code"] == code
    assert (await dana.ask("ping"))["type"] == "pong"
    heard = len(sam.events)
    await sam.ask("ping")
    assert [event["type"] for event in sam.events[heard:]] == ["pong"]
    await dana.drop()
    await sam.drop()


async def test_frame_of_bytes_is_malformed(tonight: Evening) -> None:
    dana = await entered(tonight, "Dana")
    await dana.socket.send_to(bytes_data=b"\x00\x01")
    assert (await dana.until("refused"))["code"] == "message.malformed"
    await dana.drop()


async def test_flood_ends_the_socket_and_nobody_else_notices(
    tonight: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At one instant, so that nothing drains away on a machine that is slow to send."""
    monkeypatch.setattr(consumer, "RATE", RATE)
    monkeypatch.setattr(RoomConsumer, "_now", staticmethod(lambda: 0.0))
    sam, dana = await entered(tonight, "Sam"), await entered(tonight, "Dana")
    for _ in range(200):
        await sam.send("{}")
    assert await sam.close_code() == 4429
    left = await dana.until("waiting.left")
    assert left["key"] == sam.last("snapshot")["me"]["key"]
    assert (await dana.ask("ping"))["type"] == "pong"
    await dana.drop()


# ---- silence, drops, other tabs ----------------------------------------------------------------


async def test_silence_ends_the_socket_so_that_it_comes_back(
    tonight: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RoomConsumer, "beat_s", 0.05)
    monkeypatch.setattr(RoomConsumer, "silence_s", 0.1)
    dana = tonight.browser("Dana")
    await dana.hello()
    assert await dana.close_code() == 4408


async def test_heartbeat_during_the_join_does_not_end_the_socket(tonight: Evening) -> None:
    """Kills: a heartbeat with the generation of before the join, which reads as superseded."""
    dana = await entered(tonight, "Dana")
    for _ in range(3):
        connection().delete(*presence.roster(tonight.room.key).keys())
        for _ in range(3):
            await dana.send('{"type": "ping", "id": 1000}')
        await dana.until("snapshot")
    assert (await dana.ask("ping"))["type"] == "pong"
    await dana.drop()


async def test_silence_of_a_socket_that_never_said_hello(
    tonight: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: sockets that cost memory for ever."""
    monkeypatch.setattr(RoomConsumer, "beat_s", 0.05)
    monkeypatch.setattr(RoomConsumer, "silence_s", 0.1)
    mute = tonight.browser("Dana")
    await mute.connect()
    assert await mute.close_code() == 4408


async def test_newest_connection_takes_the_seat_and_the_older_is_told(tonight: Evening) -> None:
    """P4: one tile, the newest wins; the late goodbye of the older changes nothing."""
    dana = await entered(tonight, "Dana")
    first, second = await entered(tonight, "Sam"), None
    second = await entered(tonight, "Sam")
    assert await first.close_code() == 4409
    await first.drop()
    waiting = (await dana.snapshot())["waiting"]
    assert [one["name"] for one in waiting] == ["Sam"]
    assert (await second.ask("ping"))["type"] == "pong"
    await second.drop()
    await dana.drop()


async def test_dropped_socket_is_not_a_leave(tonight: Evening) -> None:
    dana, sam = await entered(tonight, "Dana"), await entered(tonight, "Sam")
    await sam.drop()
    assert [one["name"] for one in (await dana.snapshot())["waiting"]] == ["Sam"]
    await dana.drop()


async def test_res1_return_to_a_room_that_is_known_here_asks_no_row_for_names(
    process: Process, tonight: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: everybody's names read again by each who comes back from a dropped network."""
    dana, sam = await entered(tonight, "Dana"), await entered(tonight, "Sam")
    last = dana.last("snapshot")
    await dana.drop()
    asked: list[object] = []
    run = process.database.run

    async def noted(call: Any, *arguments: Any) -> Any:
        asked.append(call)
        return await run(call, *arguments)

    monkeypatch.setattr(process.database, "run", noted)
    back = await entered(tonight, "Dana", epoch=last["epoch"], seq=last["seq"])
    kinds = [event["type"] for event in back.events]
    assert kinds == ["waiting.changed", "participant.changed", "ok"]
    assert asked.count(selectors.seats_of) == 0
    await back.drop()
    await sam.drop()


async def test_res1_return_with_the_last_number_replays_what_was_missed(tonight: Evening) -> None:
    dana = await entered(tonight, "Dana")
    last = dana.last("snapshot")
    await dana.drop()
    sam = await entered(tonight, "Sam")
    back = await entered(tonight, "Dana", epoch=last["epoch"], seq=last["seq"])
    kinds = [event["type"] for event in back.events]
    assert kinds == ["waiting.changed", "participant.changed", "ok"]
    # the number between them told the older connection that it was replaced
    assert [event["seq"] for event in back.events[:2]] == [last["seq"] + 1, last["seq"] + 3]
    await back.drop()
    await sam.drop()


@pytest.mark.parametrize("known", [{"epoch": "another", "seq": 1}, {}, {"epoch": "another"}])
async def test_res2_return_of_another_epoch_gets_a_snapshot(
    tonight: Evening, known: dict[str, Any]
) -> None:
    dana = await entered(tonight, "Dana", **known)
    assert [event["type"] for event in dana.events] == ["snapshot", "ok"]
    await dana.drop()


async def test_res2_return_after_being_let_in_meanwhile_gets_a_snapshot(tonight: Evening) -> None:
    """Kills: a replay as if one had been in the room, which leaves out who was there before."""
    dana, sam = await entered(tonight, "Dana"), await entered(tonight, "Sam")
    last = sam.last("snapshot")
    await sam.drop()
    await dana.ask("room.admit_all")
    back = await entered(tonight, "Sam", epoch=last["epoch"], seq=last["seq"])
    assert [one["name"] for one in back.last("snapshot")["participants"]] == ["Dana", "Sam"]
    await back.drop()
    await dana.drop()


# ---- what is away ------------------------------------------------------------------------------


async def test_res3_lost_wake_up_is_made_good_by_the_next_ping(
    process: Process, tonight: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    dana, sam = await entered(tonight, "Dana"), await entered(tonight, "Sam")
    monkeypatch.setattr(process.broadcast, "wake", unsent)
    await dana.ask("room.start")
    await sam.ask("ping")
    await sam.until(lambda event: event["type"] == "room.changed")
    assert sam.last("room.changed")["room"]["state"] == "live"
    await dana.drop()
    await sam.drop()


async def test_res4_valkey_away_closes_no_socket_and_refuses_commands(
    process: Process, tonight: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    dana = await entered(tonight, "Dana")
    with monkeypatch.context() as away:
        valkey_away(process, away)
        for command in ("room.start", "room.admit_all"):
            assert (await dana.ask(command))["code"] == "store.down"
        assert (await dana.ask("me.camera", on=True))["code"] == "store.down"
        assert (await dana.ask("ping"))["type"] == "pong"
        late = tonight.browser("Sam")
        assert (await late.hello())["code"] == "store.down"
        assert await late.close_code() == 4503
    assert (await dana.ask("room.start"))["type"] == "ok"
    await dana.drop()


async def test_res4_empty_valkey_is_registered_with_again_under_a_new_epoch(
    tonight: Evening,
) -> None:
    dana, sam = await entered(tonight, "Dana"), await entered(tonight, "Sam")
    await dana.ask("room.admit_all")
    await sam.until("snapshot")
    before = dana.last("snapshot")["epoch"]
    connection().delete(*presence.roster(tonight.room.key).keys())
    for browser in (dana, sam):
        await browser.ask("ping")
        while browser.last("snapshot")["epoch"] == before:  # it may come before the pong
            await browser.next()
    snapshot = await dana.snapshot()
    assert sorted(one["name"] for one in snapshot["participants"]) == ["Dana", "Sam"]
    await dana.drop()
    await sam.drop()


async def test_res5_database_away_closes_no_socket_and_keeps_presence(
    tonight: Evening, rows: Rows
) -> None:
    dana = await entered(tonight, "Dana")
    rows.stop()
    assert (await dana.ask("room.start"))["code"] == "store.down"
    assert (await dana.ask("me.camera", on=True))["type"] == "ok"
    changed = await dana.until("participant.changed")
    assert changed["participant"]["camera"] is True
    assert (await dana.ask("ping"))["type"] == "pong"
    await rows.start()
    assert (await dana.ask("room.start"))["type"] == "ok"
    await dana.drop()


async def test_res6_end_keeps_the_socket_until_the_room_cannot_be_reopened(
    tonight: Evening,
) -> None:
    dana, sam = await entered(tonight, "Dana"), await entered(tonight, "Sam")
    await dana.ask("room.admit_all")
    await dana.ask("room.start")
    await dana.ask("room.end")
    await sam.until(lambda e: e["type"] == "room.changed" and e["room"]["state"] == "ended")
    assert (await sam.ask("ping"))["type"] == "pong"
    again = await entered(tonight, "Sam")
    assert again.last("snapshot")["room"]["state"] == "ended"
    await asyncio.gather(dana.drop(), sam.drop(), again.drop())


async def test_snapshot_of_a_newer_row_brings_what_one_may_do(
    process: Process, tonight: Evening
) -> None:
    """Kills: a person let in whose offers are refused `seat.waiting` for the evening, because
    the snapshot was read before the event that says the same."""
    sam = await entered(tonight, "Sam")
    assert (await sam.ask("me.camera", on=True))["code"] == "seat.waiting"
    row = Seat.objects.filter(person=tonight["Sam"])
    await process.database.run(lambda: row.update(state="admitted", version=F("version") + 1))
    assert (await sam.snapshot())["me"]["seat"] == "admitted"
    assert (await sam.ask("me.camera", on=True))["type"] == "ok"
    await sam.drop()


async def test_fault_in_a_handler_ends_that_socket_alone(
    tonight: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    dana, sam = await entered(tonight, "Dana"), await entered(tonight, "Sam")
    with monkeypatch.context() as broken:
        broken.setattr("sessions.signaling.views.me_view", breaks)
        await sam.send(json.dumps({"type": "resync", "id": 9}))
        assert await sam.close_code() == 1011
    assert (await dana.ask("ping"))["type"] == "pong"
    await dana.drop()
