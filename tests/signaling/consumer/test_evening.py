"""Three people through a whole evening, over their websockets."""

from typing import Any

import pytest

from sessions.core.permissions import Verb
from sessions.core.reasons import LeaveReason
from sessions.live.feed import FeedReader
from sessions.rooms.perform import perform
from sessions.rooms.process import Process
from tests.signaling.evening import Browser, Evening

pytestmark = pytest.mark.django_db(transaction=True)


def room_in(state: str) -> Any:
    return lambda event: event["type"] == "room.changed" and event["room"]["state"] == state


def segment(index: int) -> Any:
    return lambda event: (
        event["type"] == "room.changed" and event["room"]["agenda"]["index"] == index
    )


def names(snapshot: dict[str, Any], part: str = "participants") -> list[str]:
    return [someone["name"] for someone in snapshot[part]]


async def test_evening_from_lobby_to_reopening(tonight: Evening) -> None:
    sam, ana, dana = (tonight.browser(name) for name in ("Sam", "Ana", "Dana"))

    # The lobby: clients wait and see nobody; the facilitator comes in and sees who waits.
    for client in (sam, ana):
        assert (await client.hello())["type"] == "ok"
        assert client.last("snapshot")["me"]["seat"] == "waiting"
        assert names(client.last("snapshot")) == []
    assert (await dana.hello(camera=True))["type"] == "ok"
    assert names(dana.last("snapshot")) == ["Dana"]
    assert names(dana.last("snapshot"), "waiting") == ["Sam", "Ana"]

    # Let in one by one, then all: each then sees the room.
    keys = {one["name"]: one["key"] for one in dana.last("snapshot")["waiting"]}
    assert (await dana.ask("room.admit", key=keys["Sam"]))["type"] == "ok"
    assert names(await sam.until("snapshot")) == ["Dana", "Sam"]
    assert (await dana.ask("room.admit_all"))["type"] == "ok"
    assert names(await ana.until("snapshot")) == ["Dana", "Sam", "Ana"]
    came = await sam.until("participant.changed")
    assert (came["participant"]["name"], came["participant"]["camera"]) == ("Ana", False)

    # Start, then through the three segments; a second tap does nothing.
    assert (await dana.ask("room.start"))["type"] == "ok"
    for one in (sam, ana, dana):
        began = await one.until(room_in("live"))
        assert began["room"]["agenda"]["phase"] == "running"
    for index in (0, 1):
        assert (await dana.ask("room.advance", index=index))["type"] == "ok"
        assert (await dana.ask("room.advance", index=index))["type"] == "ok"
        for one in (sam, ana):
            assert (await one.until("room.changed"))["room"]["agenda"]["index"] == index + 1
    refused = await dana.ask("room.advance", index=2)
    assert refused["code"] == "agenda.at_last"

    again = await remove_for_good(tonight, dana, sam, ana, keys["Ana"])

    # The end, and the way back without being let in again.
    assert (await dana.ask("room.end"))["type"] == "ok"
    ended = await sam.until(room_in("ended"))
    assert ended["room"]["reopen_until_ms"] is not None
    assert (await dana.ask("room.reopen"))["type"] == "ok"
    assert (await sam.until("snapshot"))["me"]["seat"] == "admitted"
    await dana.until("snapshot")
    both = await dana.snapshot()
    assert sorted(names(both)) == ["Dana", "Sam"]
    assert both["room"]["state"] == "live"
    for one in (sam, dana, again, ana):
        await one.drop()


async def remove_for_good(
    tonight: Evening, dana: Browser, sam: Browser, ana: Browser, key: str
) -> Browser:
    """Ana is out for the others, out of the room, and out for good: her second try."""
    assert (await dana.ask("room.remove", key=key))["type"] == "ok"
    left = await sam.until("participant.left")
    assert (left["key"], left["reason"]) == (key, LeaveReason.REMOVED.value)
    assert await ana.close_code() == 4411
    assert ana.last("me.changed")["me"]["seat"] == "removed"
    assert ana.last("closing")["code"] == "seat.removed"
    again = tonight.browser("Ana")
    assert (await again.hello())["code"] == "seat.removed"
    assert await again.close_code() == 4411
    return again


async def test_reload_of_someone_let_in_comes_straight_back(tonight: Evening) -> None:
    sam, dana = tonight.browser("Sam"), tonight.browser("Dana")
    await sam.hello()
    await dana.hello()
    await dana.ask("room.admit_all")
    await sam.until("snapshot")
    await sam.drop()
    back: Browser = tonight.browser("Sam")
    await back.hello()
    assert back.last("snapshot")["me"]["seat"] == "admitted"
    assert sorted(names(back.last("snapshot"))) == ["Dana", "Sam"]
    await back.drop()
    await dana.drop()


async def test_person_admitted_while_joining_comes_in(
    process: Process, tonight: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a join that trusts the door's word of a moment ago; the person would stand at the
    door for ever, for the row says admitted and staff have nobody left to admit."""
    follow = process.feeds.follow

    async def admitted_before(*room: Any) -> FeedReader:
        """What a socket does between the door's word and the joining."""
        seat = await tonight.room.seats.aget(person=tonight["Sam"])
        verb, key = Verb.ROOM_ADMIT, {"key": seat.key}
        await perform(process, verb, tonight["Dana"], tonight.address, key)
        return await follow(*room)

    dana, sam = tonight.browser("Dana"), tonight.browser("Sam")
    await dana.hello()
    monkeypatch.setattr(process.feeds, "follow", admitted_before)
    assert (await sam.hello())["type"] == "ok"
    snapshot = await sam.snapshot()
    assert snapshot["me"]["seat"] == "admitted"
    assert [one["name"] for one in snapshot["participants"]] == ["Dana", "Sam"]
    for browser in (dana, sam):
        await browser.drop()
