"""R6 and R10: what goes on while PostgreSQL or Valkey is away, and how it is made whole."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, cast

import pytest

from server.media.client import DesiredRoom, desired_key, read_desired
from sessions.live import presence, store_watch
from sessions.models import AuditEvent, Person, Seat
from sessions.people.login_sessions import SessionStore
from sessions.rooms.names import RoomName
from sessions.rooms.process import Process
from sessions.rooms.settle import settle
from sessions.signaling.consumer import RoomConsumer
from tests.signaling.away import Rows, valkey_away
from tests.signaling.consumer.test_socket import entered
from tests.signaling.evening import Browser, Evening
from tests.valkey import connection
from tests.world import cookie_of

pytestmark = pytest.mark.django_db(transaction=True)


async def group(tonight: Evening) -> tuple[Browser, Browser]:
    """Dana and Sam in the room, Ana on the roster and not there."""
    dana, sam = await entered(tonight, "Dana"), await entered(tonight, "Sam")
    await dana.ask("room.admit_all")
    await sam.until(lambda event: event["type"] == "snapshot" and event["participants"])
    await sam.ask("me.microphone", on=True)
    return dana, sam


async def drop(*browsers: Browser) -> None:
    await asyncio.gather(*(browser.drop() for browser in browsers))


def key_of(browser: Browser) -> str:
    return str(browser.last("snapshot")["me"]["key"])


def desired(tonight: Evening) -> DesiredRoom:
    """The value as the node reads it now."""
    value = read_desired(str(connection().get(desired_key(tonight.room.key))).encode())
    assert value is not None
    return value


async def settled(process: Process, tonight: Evening) -> None:
    """What the ticker does once PostgreSQL is back."""
    name = await process.name_of(tonight.address)
    assert isinstance(name, RoomName)
    assert await settle(process, name) == 1


# ---- PostgreSQL away: staff --------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["room.start", "room.admit_all", "room.pause", "room.end"])
async def test_verb_that_needs_rows_is_refused_without_them(
    tonight: Evening, rows: Rows, verb: str
) -> None:
    dana, sam = await group(tonight)
    rows.stop()
    assert (await dana.ask(verb))["code"] == "store.down"
    assert (await sam.ask("me.camera", on=True))["type"] == "ok"
    await rows.start()
    await drop(dana, sam)


async def test_res5_mute_acts_at_once_without_rows_and_is_written_afterwards(
    process: Process, tonight: Evening, rows: Rows
) -> None:
    """Kills: a mute that waits for PostgreSQL; one that the rows of before undo."""
    dana, sam = await group(tonight)
    rows.stop()
    assert (await dana.ask("room.mute", key=key_of(sam)))["type"] == "ok"
    me = (await sam.until("me.changed"))["me"]
    assert (me["microphone_allowed"], me["reason"]) == (False, "seat.muted")
    assert (await sam.ask("me.microphone", on=True))["code"] == "seat.muted"
    assert not desired(tonight).peers[key_of(sam)].send_audio
    await rows.start()
    seat = await rows.ask(lambda: Seat.objects.get(key=key_of(sam)))
    assert seat.microphone_allowed
    await settled(process, tonight)
    await rows.ask(seat.refresh_from_db)
    assert (seat.microphone_allowed, seat.version) == (False, me["version"])
    assert (await sam.snapshot())["me"] == me
    await drop(dana, sam)


async def test_res5_removal_acts_at_once_without_rows_and_stays(
    tonight: Evening, rows: Rows
) -> None:
    """Kills: a removed person who comes back in the outage, or after it."""
    dana, sam = await group(tonight)
    gone = key_of(sam)
    rows.stop()
    assert (await dana.ask("room.remove", key=gone))["type"] == "ok"
    assert await sam.close_code() == 4411
    assert (await dana.until("participant.left"))["key"] == gone
    assert gone not in desired(tonight).peers
    back = tonight.browser("Sam")
    await back.hello()
    assert await back.close_code() == 4503
    await rows.start()
    again = tonight.browser("Sam")
    await again.hello()
    assert await again.close_code() == 4411
    outcomes = AuditEvent.objects.filter(detail__has_key="owed").values_list("verb", "outcome")
    assert await rows.ask(lambda: list(outcomes)) == [("room.remove", "done")]
    await dana.drop()


async def test_client_does_nothing_at_once_without_rows(tonight: Evening, rows: Rows) -> None:
    """Kills: an outage in which nobody asks the permission table."""
    dana, sam = await group(tonight)
    rows.stop()
    for verb in ("room.mute", "room.remove", "room.allow_microphone", "room.lower_hand"):
        assert (await sam.ask(verb, key=key_of(dana)))["code"] == "store.down"
    await rows.start()
    assert [one["microphone_allowed"] for one in (await dana.snapshot())["participants"]] == [
        True,
        True,
    ]
    await drop(dana, sam)


# ---- PostgreSQL away: coming back --------------------------------------------------------------


async def test_res7_return_without_rows_replays_what_was_missed(
    tonight: Evening, rows: Rows
) -> None:
    """R10. Kills: a door that needs rows for somebody whose connection holds a seat."""
    dana, sam = await group(tonight)
    last = await sam.snapshot()  # the one of the admission may be older than its last event
    rows.stop()
    await sam.drop()
    await dana.ask("me.camera", on=True)
    back = await entered(tonight, "Sam", epoch=last["epoch"], seq=last["seq"], microphone=True)
    changed = back.last("participant.changed")["participant"]
    assert changed["key"] == key_of(sam)
    kinds = {event["type"] for event in back.events}
    assert kinds == {"participant.changed", "ok"}
    await rows.start()
    await drop(dana, back)


async def test_res7_return_without_rows_of_a_new_page_gets_a_snapshot(
    tonight: Evening, rows: Rows
) -> None:
    dana, sam = await group(tonight)
    rows.stop()
    await sam.drop()
    before = (await dana.snapshot())["participants"]
    back = await entered(tonight, "Sam")
    snapshot = back.last("snapshot")
    assert [one["name"] for one in snapshot["participants"]] == ["Dana", "Sam"]
    assert [one["key"] for one in snapshot["participants"]] == [one["key"] for one in before]
    assert snapshot["me"]["seat"] == "admitted"
    await rows.start()
    await drop(dana, back)


async def test_res7_return_of_staff_without_rows_can_act_at_once(
    tonight: Evening, rows: Rows
) -> None:
    dana, sam = await group(tonight)
    rows.stop()
    await dana.drop()
    back = await entered(tonight, "Dana")
    assert (await back.ask("room.mute", key=key_of(sam)))["type"] == "ok"
    assert (await back.ask("room.start"))["code"] == "store.down"
    await rows.start()
    await drop(back, sam)


async def test_res7_newcomer_without_rows_is_refused_in_words(tonight: Evening, rows: Rows) -> None:
    dana, sam = await group(tonight)
    rows.stop()
    ana = tonight.browser("Ana")
    assert (await ana.hello())["code"] == "store.down"
    assert await ana.close_code() == 4503
    await rows.start()
    await drop(dana, sam)


Leaving = Callable[[Process, Evening, Browser, Rows], Coroutine[Any, Any, Browser]]


async def by_leaving(_: Process, tonight: Evening, sam: Browser, rows: Rows) -> Browser:
    await sam.ask("me.leave")
    rows.stop()
    return tonight.browser("Sam")


async def by_a_lease_that_ran_out(
    _: Process, tonight: Evening, _sam: Browser, rows: Rows
) -> Browser:
    rows.stop()
    connection().delete(presence.roster(tonight.room.key).keys()[1])  # the roster
    return tonight.browser("Sam")


async def with_another_login(_: Process, tonight: Evening, _sam: Browser, rows: Rows) -> Browser:
    cookie = await rows.ask(lambda: cookie_of(tonight["Sam"]))
    rows.stop()
    return Browser(tonight.address, cookie)


async def to_a_process_that_knows_nobody(
    process: Process, tonight: Evening, _sam: Browser, rows: Rows
) -> Browser:
    rows.stop()
    process.cache.forget()
    return tonight.browser("Sam")


@pytest.mark.parametrize(
    "how",
    [by_leaving, by_a_lease_that_ran_out, with_another_login, to_a_process_that_knows_nobody],
)
async def test_res7_return_without_rows_needs_a_seat_that_is_held_and_its_login(
    process: Process, tonight: Evening, rows: Rows, how: Leaving
) -> None:
    """Kills: a pass that outlives its lease, its leave or its login session."""
    dana, sam = await group(tonight)
    back = await how(process, tonight, sam, rows)
    assert (await back.hello())["code"] == "store.down"
    assert await back.close_code() == 4503
    await rows.start()
    await drop(dana)


async def test_res7_return_without_rows_is_asked_for_its_login_when_they_are_back(
    tonight: Evening, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a login session that ended in the outage and goes on for the evening."""
    monkeypatch.setattr(RoomConsumer, "beat_s", 0.05)
    dana, sam = await group(tonight)
    rows.stop()
    await sam.drop()
    back = await entered(tonight, "Sam")
    key = tonight.cookies["Sam"].partition("=")[2]
    await rows.ask(SessionStore(key).delete)
    await rows.start()
    assert await back.close_code() == 4401
    assert (await dana.until("participant.left"))["reason"] == "signed_out"
    await dana.drop()


async def test_res7_return_without_rows_is_whole_again_when_they_are_back(
    tonight: Evening, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RoomConsumer, "beat_s", 0.05)
    dana, sam = await group(tonight)
    rows.stop()
    await dana.drop()
    back = await entered(tonight, "Dana")
    first = len(back.events)
    await rows.start()
    await back.until("snapshot")
    assert len(back.events) > first
    assert (await back.ask("room.start"))["type"] == "ok"
    await drop(back, sam)


async def test_login_leaves_no_name_and_no_cookie_in_the_store(tonight: Evening) -> None:
    """Kills: a pass that somebody who reads the store could sign in with."""
    dana, sam = await group(tonight)
    redis = connection()
    held = " ".join(
        str(redis.dump(key)) + str(key) for key in redis.scan_iter(f"*{tonight.room.key}*")
    )
    passes = cast(list[str], redis.hvals(f"room:{{{tonight.room.key}}}:passes"))
    assert len(passes) == 2  # so that what follows looks at something
    for name in ("Dana", "Sam"):
        cookie = tonight.cookies[name].partition("=")[2]
        person: Person = tonight[name]
        for secret in (cookie, name, person.email):
            assert secret not in held
            assert secret not in passes
    await drop(dana, sam)


# ---- Valkey away -------------------------------------------------------------------------------


async def test_empty_valkey_is_registered_with_by_everyone_without_a_heartbeat(
    process: Process, tonight: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R6. Kills: a roster that is whole only with everybody's next heartbeat."""
    dana, sam = await group(tonight)
    before = dana.last("snapshot")["epoch"]
    with monkeypatch.context() as away:
        valkey_away(process, away)
        for browser in (dana, sam):
            assert (await browser.ask("ping"))["type"] == "pong"
            assert (await browser.ask("me.camera", on=True))["code"] == "store.down"
    connection().delete(*presence.roster(tonight.room.key).keys())
    for browser in (dana, sam):
        while browser.last("snapshot")["epoch"] == before:
            await browser.next()
    there = (await dana.snapshot())["participants"]
    assert sorted(one["name"] for one in there) == ["Dana", "Sam"]
    await drop(dana, sam)


async def test_watch_over_valkey_ends_though_a_cancellation_was_lost(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As asyncio.wait_for loses one (cpython#86296). Kills: asking for ever whether it is back."""
    asked = asyncio.Event()

    async def loses_it() -> bool:
        with suppress(asyncio.CancelledError):
            asked.set()
            await asyncio.Event().wait()
        return False

    monkeypatch.setattr(process.store, "answers", loses_it)
    monkeypatch.setattr(store_watch, "ASK_S", 0.0)
    watch = process.watch
    watch.wait("somebody", lambda: asyncio.sleep(0))
    await asked.wait()
    assert watch._asking is not None
    watch._asking.cancel()
    await asyncio.wait([watch._asking], timeout=30)
    assert watch._asking.done()
