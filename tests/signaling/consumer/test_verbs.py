"""Every command over a real socket, by its rule id; and every command by the wrong role."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from sessions.live import presence
from sessions.live.presence import Roster
from sessions.models import AuditEvent, Seat
from sessions.rooms.process import this_process
from sessions.signaling.messages import COMMANDS
from sessions.signaling.messages.base import name_of
from sessions.signaling.messages.me import Leave
from tests.signaling.evening import Browser, Evening
from tests.verbs import sample

pytestmark = pytest.mark.django_db(transaction=True)

STAFF = [kind for kind in COMMANDS if name_of(kind).startswith("room.")]
IN_ROOM = [
    kind for kind in COMMANDS if name_of(kind).startswith(("media.", "me.")) and kind is not Leave
]


@pytest_asyncio.fixture
async def room(tonight: Evening) -> AsyncIterator[dict[str, Browser]]:
    """Started: Dana and Sam are in it, Ana is at the door."""
    browsers = {name: tonight.browser(name) for name in ("Dana", "Sam", "Ana")}
    await browsers["Sam"].hello()
    await browsers["Dana"].hello()
    await browsers["Dana"].ask("room.admit_all")
    await browsers["Sam"].until("snapshot")
    await browsers["Dana"].ask("room.start")
    await browsers["Ana"].hello()
    yield browsers
    for browser in browsers.values():
        await browser.drop()


async def seat_of(tonight: Evening, name: str) -> str:
    found = await this_process().database.run(
        Seat.objects.get, room=tonight.room, person=tonight[name]
    )
    assert isinstance(found, Seat)
    return found.key


def told(kind: str, **fields: Any) -> Any:
    """An event of this type in which some part has these fields."""

    def matches(event: dict[str, Any]) -> bool:
        parts = [event, *(part for part in event.values() if isinstance(part, dict))]
        return event["type"] == kind and any(fields.items() <= part.items() for part in parts)

    return matches


async def code_of(browser: Browser, kind: type) -> str:
    """The code with which the sample of a command is refused; empty: it is not."""
    reply = await browser.ask(name_of(kind), **sample(kind))
    return str(reply["code"]) if reply["type"] == "refused" else ""


# ---- who may -----------------------------------------------------------------------------------


async def test_command_of_staff_by_a_client_in_the_room(room: dict[str, Browser]) -> None:
    """Role × command: kills a handler that reaches its rule without the permission table."""
    for kind in STAFF:
        assert await code_of(room["Sam"], kind) == "permission.not_staff", kind


async def test_command_by_someone_at_the_door(room: dict[str, Browser]) -> None:
    for kind in STAFF:
        assert await code_of(room["Ana"], kind) == "permission.not_staff", kind
    for kind in IN_ROOM:
        assert await code_of(room["Ana"], kind) == "seat.waiting", kind


async def test_command_refused_at_the_door_is_audited(
    tonight: Evening, room: dict[str, Browser]
) -> None:
    await room["Ana"].ask("me.hand", raised=True)
    rows = await this_process().database.run(
        lambda: list(
            AuditEvent.objects.filter(verb="room.raise_hand").values_list("actor", "outcome")
        )
    )
    assert rows == [(tonight["Ana"].pk, "seat.waiting")]


@pytest.mark.parametrize("name", ["Luis", "Joe", "Morgan"])
async def test_hello_by_someone_of_another_session(tonight: Evening, name: str) -> None:
    """A program manager is not staff, a facilitator of another track is nobody here."""
    stranger = tonight.browser(name)
    assert (await stranger.hello())["code"] == "seat.not_on_roster"
    assert await stranger.close_code() == 4403
    assert [event["type"] for event in stranger.events] == ["closing"]


# ---- each command ------------------------------------------------------------------------------


async def test_sig1_hello_tells_the_room_and_says_ok(room: dict[str, Browser]) -> None:
    assert [event["type"] for event in room["Ana"].events[:2]] == ["snapshot", "ok"]


async def test_sig1_hello_twice_is_malformed(room: dict[str, Browser]) -> None:
    assert (await room["Sam"].ask("hello"))["code"] == "message.malformed"


async def test_sig2_ping_re3_pong_tells_the_clock(room: dict[str, Browser]) -> None:
    first = await room["Sam"].ask("ping")
    second = await room["Sam"].ask("ping")
    assert first["type"] == second["type"] == "pong"
    assert first["now_ms"] <= second["now_ms"]


async def test_re3_pong_carries_the_number_of_its_ping(room: dict[str, Browser]) -> None:
    pong = await room["Sam"].ask("ping")
    assert pong["id"] == room["Sam"].number


async def test_sig3_resync_ev1_sends_a_snapshot(room: dict[str, Browser]) -> None:
    snapshot = await room["Sam"].snapshot()
    assert [one["name"] for one in snapshot["participants"]] == ["Dana", "Sam"]


async def test_ev1_snapshot_at_the_door_shows_nobody(room: dict[str, Browser]) -> None:
    """Kills: the people in the room, or those waiting, told to someone at the door."""
    snapshot = await room["Ana"].snapshot()
    assert (snapshot["participants"], snapshot["waiting"]) == ([], [])
    assert snapshot["me"]["seat"] == "waiting"


async def test_ev1_snapshot_of_a_client_does_not_show_who_waits(room: dict[str, Browser]) -> None:
    assert (await room["Sam"].snapshot())["waiting"] == []
    assert [one["name"] for one in (await room["Dana"].snapshot())["waiting"]] == ["Ana"]


async def test_me1_microphone_ev3_is_told_to_the_room(room: dict[str, Browser]) -> None:
    assert (await room["Sam"].ask("me.microphone", on=True))["type"] == "ok"
    await room["Dana"].until(told("participant.changed", name="Sam", microphone=True))


async def test_me2_camera_is_told_to_the_room(room: dict[str, Browser]) -> None:
    assert (await room["Sam"].ask("me.camera", on=True))["type"] == "ok"
    await room["Dana"].until(told("participant.changed", name="Sam", camera=True))


async def test_me3_hand_goes_up_ev8_and_pt3_down(
    tonight: Evening, room: dict[str, Browser]
) -> None:
    sam = await seat_of(tonight, "Sam")
    await room["Sam"].ask("me.hand", raised=True)
    await room["Dana"].until(lambda event: _hands(event) == [sam])
    assert (await room["Dana"].ask("room.lower_hand", key=sam))["type"] == "ok"
    await room["Sam"].until(lambda event: _hands(event) == [])


def _hands(event: dict[str, Any]) -> list[str] | None:
    """The keys of the raised hands that a part.changed tells; None: it is another event."""
    if event["type"] != "part.changed":
        return None
    return [hand["key"] for hand in event["part"]["shown"]["hands"]]


async def test_pt3_lower_hand_of_nobody_re2_is_refused(room: dict[str, Browser]) -> None:
    refused = await room["Dana"].ask("room.lower_hand", key="nobody")
    assert (refused["type"], refused["code"]) == ("refused", "seat.unknown")
    assert refused["text"]


async def test_me4_leave_ev4_is_told_at_once(room: dict[str, Browser]) -> None:
    await room["Sam"].ask("me.leave")
    left = await room["Dana"].until("participant.left")
    assert left["reason"] == "left"
    assert await room["Sam"].close_code() == 4412


async def test_dv1_admit_ev7_lets_the_person_in(tonight: Evening, room: dict[str, Browser]) -> None:
    reply = await room["Dana"].ask("room.admit", key=await seat_of(tonight, "Ana"))
    assert reply["type"] == "ok"
    await room["Ana"].until(told("me.changed", seat="admitted"))
    snapshot = await room["Ana"].until("snapshot")
    assert [one["name"] for one in snapshot["participants"]] == ["Dana", "Sam", "Ana"]


async def test_dv2_admit_all_ev6_empties_the_door(room: dict[str, Browser]) -> None:
    assert (await room["Dana"].ask("room.admit_all"))["type"] == "ok"
    await room["Ana"].until("snapshot")
    assert (await room["Dana"].snapshot())["waiting"] == []


async def test_ev5_waiting_is_told_to_staff_alone(room: dict[str, Browser]) -> None:
    await room["Dana"].until(told("waiting.changed", name="Ana"))
    await room["Sam"].ask("ping")
    await room["Sam"].snapshot()
    assert "Ana" not in repr(room["Sam"].events)


async def test_ev6_waiting_left_when_someone_goes_from_the_door(room: dict[str, Browser]) -> None:
    await room["Ana"].ask("me.leave")
    await room["Dana"].until("waiting.left")
    assert "waiting.left" not in {event["type"] for event in room["Sam"].events}


async def test_rm1_start_is_told_at_the_door_too(room: dict[str, Browser]) -> None:
    assert room["Ana"].last("snapshot")["room"]["state"] == "live"
    assert room["Ana"].last("snapshot")["me"]["reason"] == "door"


async def test_ev7_me_tells_what_one_waits_for_now(tonight: Evening) -> None:
    sam, dana = tonight.browser("Sam"), tonight.browser("Dana")
    await sam.hello()
    assert sam.last("snapshot")["me"]["reason"] == "lobby"
    await dana.hello()
    await dana.ask("room.start")
    await sam.until(told("me.changed", reason="door"))
    await sam.drop()
    await dana.drop()


async def test_av1_advance_and_av2_back_ev2_are_told(room: dict[str, Browser]) -> None:
    await room["Dana"].ask("room.advance", index=0)
    for name in ("Sam", "Ana"):
        await room[name].until(lambda event: _index(event) == 1)
    await room["Dana"].ask("room.back", index=1)
    await room["Sam"].until(lambda event: _index(event) == 0)


def _index(event: dict[str, Any]) -> int | None:
    return event["room"]["agenda"]["index"] if event["type"] == "room.changed" else None


async def test_av2_back_at_the_first_is_refused(room: dict[str, Browser]) -> None:
    refused = await room["Dana"].ask("room.back", index=0)
    assert refused["code"] == "agenda.at_first"


async def test_av3_extend_and_av4_shorten_change_the_bounds(room: dict[str, Browser]) -> None:
    before = (await room["Sam"].snapshot())["room"]["agenda"]["segments"][0]["ends_ms"]
    await room["Dana"].ask("room.extend", minutes=5)
    longer = (await room["Sam"].until("room.changed"))["room"]["agenda"]["segments"][0]["ends_ms"]
    await room["Dana"].ask("room.shorten", minutes=5)
    shorter = (await room["Sam"].until("room.changed"))["room"]["agenda"]["segments"][0]["ends_ms"]
    assert (longer - before, shorter - before) == (300_000, 0)


async def test_av4_shorten_below_nothing_is_malformed(room: dict[str, Browser]) -> None:
    assert (await room["Dana"].ask("room.shorten", minutes=0))["code"] == "message.malformed"


async def test_av5_pause_and_av6_resume_change_the_phase(room: dict[str, Browser]) -> None:
    await room["Dana"].ask("room.pause")
    await room["Sam"].until(told("room.changed", state="paused"))
    await room["Dana"].ask("room.resume")
    await room["Sam"].until(told("room.changed", state="live"))


async def test_av6_resume_of_what_runs_is_refused(room: dict[str, Browser]) -> None:
    assert (await room["Dana"].ask("room.resume"))["code"] == "agenda.not_paused"


async def test_av7_end_later_moves_the_end(room: dict[str, Browser]) -> None:
    before = (await room["Sam"].snapshot())["room"]["agenda"]["ends_ms"]
    await room["Dana"].ask("room.end_later", minutes=10)
    after = (await room["Sam"].until("room.changed"))["room"]["agenda"]["ends_ms"]
    assert after - before == 600_000


async def test_rm2_end_and_rm3_reopen_re1(room: dict[str, Browser]) -> None:
    assert await room["Dana"].ask("room.end") == {"type": "ok", "id": room["Dana"].number}
    await room["Sam"].until(told("room.changed", state="ended"))
    assert (await room["Dana"].ask("room.reopen"))["type"] == "ok"
    await room["Sam"].until("snapshot")
    assert (await room["Sam"].ask("ping"))["type"] == "pong"


async def test_rm3_reopen_of_what_is_open_is_refused(room: dict[str, Browser]) -> None:
    assert (await room["Dana"].ask("room.reopen"))["code"] == "room.transition"


async def test_pt1_mute_and_pt2_allow_microphone(
    tonight: Evening, room: dict[str, Browser]
) -> None:
    sam = await seat_of(tonight, "Sam")
    await room["Dana"].ask("room.mute", key=sam)
    me = await room["Sam"].until(told("me.changed", microphone_allowed=False))
    assert me["me"]["reason"] == "seat.muted"
    assert (await room["Sam"].ask("me.microphone", on=True))["code"] == "seat.muted"
    await room["Dana"].ask("room.allow_microphone", key=sam)
    await room["Sam"].until(told("me.changed", microphone_allowed=True))
    assert (await room["Sam"].ask("me.microphone", on=True))["type"] == "ok"


async def test_pt2_allow_of_what_is_allowed_is_a_success(
    tonight: Evening, room: dict[str, Browser]
) -> None:
    reply = await room["Dana"].ask("room.allow_microphone", key=await seat_of(tonight, "Sam"))
    assert reply["type"] == "ok"


async def test_pt4_remove_pe5_says_so_in_words(tonight: Evening, room: dict[str, Browser]) -> None:
    await room["Dana"].ask("room.remove", key=await seat_of(tonight, "Sam"))
    assert await room["Sam"].close_code() == 4411
    assert room["Sam"].events[-1]["type"] == "closing"
    assert room["Sam"].events[-1]["text"].startswith("You’re out of this group for today.")


async def test_pt4_remove_from_the_door(tonight: Evening, room: dict[str, Browser]) -> None:
    await room["Dana"].ask("room.remove", key=await seat_of(tonight, "Ana"))
    assert await room["Ana"].close_code() == 4411


async def test_sig2_ping_before_hello_keeps_the_socket_of_a_device_check(tonight: Evening) -> None:
    """Kills: a socket that is ended for a ping, or that a ping puts into the room."""
    dana = tonight.browser("Dana")
    await dana.connect()
    assert (await dana.ask("ping"))["type"] == "pong"
    roster = await this_process().store.run(presence.roster(tonight.room.key))
    assert isinstance(roster, Roster)
    assert roster.entries == ()
    assert (await dana.ask("hello"))["type"] == "ok"
    await dana.drop()
