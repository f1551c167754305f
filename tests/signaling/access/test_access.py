"""LOG2: what somebody has open ends when their access changes: sockets and media, at once.

Heartbeats are switched off where nothing else is said, so that only the news can do it.
"""

import asyncio
from collections.abc import Callable, Mapping

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from server.media.messages import PeerClosed
from server.media.reasons import CloseReason
from sessions.audit.services import OPERATOR
from sessions.core.permissions import Role
from sessions.core.refusal import Refuse
from sessions.models import Person, Staffing, Track
from sessions.people.access import AccessChange
from sessions.people.services import person_change, person_deactivate, sign_out_everywhere
from sessions.rooms.process import Process
from sessions.scheduling.services_roster import enrol, unenrol, unstaff
from sessions.signaling.access_watch import _may_not_stay
from sessions.signaling.consumer import RoomConsumer
from sessions.signaling.farewell import farewell
from tests.signaling.away import unsent, valkey_away
from tests.signaling.evening import Browser, Evening
from tests.signaling.node import TalkingNode
from tests.world import cookie_of

pytestmark = pytest.mark.django_db(transaction=True)


# ---- every way of losing access ----------------------------------------------------------------


def sign_out(tonight: Evening, name: str) -> None:
    """In the browser of the evening's cookie."""
    browser = Client()
    browser.cookies.load(tonight.cookies[name])
    browser.post("/sign-out/")


def sign_out_everywhere_on_a_laptop(person: Person) -> None:
    laptop = Client()
    laptop.cookies.load(cookie_of(person))
    assert laptop.post("/your-sign-in/sign-out/")["Location"] == "/sign-in/"


def off_the_staff(tonight: Evening, name: str) -> None:
    """Somebody else leads from now on: a track is never without."""
    Staffing.objects.create(track=track_of(tonight), person=tonight["Luis"], position=1)
    assert isinstance(unstaff(OPERATOR, track_of(tonight), tonight[name]), Track)


def other_roles(tonight: Evening, name: str) -> None:
    one = tonight[name]
    roles = one.role_set | {Role.PROGRAM_MANAGER}
    assert isinstance(person_change(OPERATOR, one, one.email, one.display_name, roles), Person)


def other_address(tonight: Evening, name: str) -> None:
    one = tonight[name]
    changed = person_change(OPERATOR, one, "new@mail.example", one.display_name, one.role_set)
    assert isinstance(changed, Person)


CASES: Mapping[AccessChange, tuple[str, Callable[[Evening, str], object], int]] = {
    AccessChange.SIGNED_OUT: ("Sam", sign_out, 4401),
    AccessChange.SIGNED_OUT_EVERYWHERE: (
        "Sam",
        lambda tonight, name: sign_out_everywhere(OPERATOR, tonight[name]),
        4401,
    ),
    AccessChange.ACCOUNT_CLOSED: (
        "Sam",
        lambda tonight, name: person_deactivate(OPERATOR, tonight[name]),
        4401,
    ),
    AccessChange.ADDRESS_CHANGED: ("Sam", other_address, 4401),
    AccessChange.ROLES_CHANGED: ("Sam", other_roles, 4401),
    AccessChange.ROSTER: (
        "Sam",
        lambda tonight, name: unenrol(OPERATOR, track_of(tonight), tonight[name]),
        4403,
    ),
    AccessChange.STAFF: ("Dana", off_the_staff, 4403),
}
"""Who loses it, how, and the close code."""


def track_of(tonight: Evening) -> Track:
    return tonight.session.track


@pytest.fixture(autouse=True)
def _no_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RoomConsumer, "beat_s", 600.0)


class Pair:
    """Somebody in the room, the one who sees them go, and that somebody's other device."""

    def __init__(self, process: Process, tonight: Evening, name: str, node: TalkingNode) -> None:
        self.process = process
        self.tonight, self.name, self.node = tonight, name, node
        self.here = tonight.browser(name)
        self.other = tonight.browser("Ana" if name == "Dana" else "Dana")
        self.device: Browser | None = None

    async def come(self) -> None:
        staff, client = (self.here, self.other) if self.name == "Dana" else (self.other, self.here)
        await staff.hello()
        await client.hello()
        await staff.ask("room.admit_all")
        await client.until("snapshot")
        await self.node.until(lambda: self.node.wants(self.tonight.room.key, self.key))
        answer = await self.here.ask("media.offer", sdp="v=0")
        assert answer["type"] == "media.answer", answer
        cookie = await self.process.database.run(cookie_of, self.tonight[self.name])
        assert isinstance(cookie, str)
        self.device = Browser(self.tonight.address, cookie)
        assert await self.device.connect()

    @property
    def key(self) -> str:
        key: str = self.here.last("snapshot")["me"]["key"]
        return key

    @property
    def generation(self) -> int:
        """Of the media that the desired value has."""
        return self.node.rooms[self.tonight.room.key].peers[self.key].generation

    async def drop(self) -> None:
        await asyncio.gather(self.here.drop(), self.other.drop())
        if self.device is not None:
            await self.device.drop()


@pytest.mark.parametrize("change", AccessChange)
async def test_log2_changed_access_ends_sockets_and_media(
    change: AccessChange, process: Process, tonight: Evening, node: TalkingNode
) -> None:
    """S8, ASVS 8.3.2. A kind of change without a case fails here.

    Kills: a service that notifies nobody; a wake-up that only the seat's holder hears; sockets
    that end while the node goes on forwarding.
    """
    name, lose, code = CASES[change]
    pair = Pair(process, tonight, name, node)
    await pair.come()
    await process.database.run(lose, tonight, name)
    assert await pair.here.close_code() == code
    left = await pair.other.until("participant.left")
    assert left["key"] == pair.key
    assert left["reason"] == ("signed_out" if code == 4401 else "roster")
    await node.until(lambda: not node.wants(tonight.room.key, pair.key))
    assert pair.device is not None
    if change is AccessChange.SIGNED_OUT:
        assert (await pair.device.ask("hello"))["type"] == "ok"
    else:
        assert await pair.device.close_code() in {4401, 4403}
        await node.until(lambda: (tonight.room.key, pair.key) in node.revoked)
    await pair.drop()


async def test_log2_sign_out_elsewhere_leaves_a_browser_alone(
    process: Process, tonight: Evening, node: TalkingNode
) -> None:
    """Kills: signing out on the laptop ends the call on the phone."""
    pair = Pair(process, tonight, "Sam", node)
    await pair.come()
    laptop = await process.database.run(cookie_of, tonight["Sam"])
    phone, tonight.cookies["Sam"] = tonight.cookies["Sam"], str(laptop)
    await process.database.run(sign_out, tonight, "Sam")
    tonight.cookies["Sam"] = phone
    assert (await pair.here.ask("ping"))["type"] == "pong"
    assert node.wants(tonight.room.key, pair.key)
    assert node.revoked == []
    await pair.drop()


async def test_log2_sign_out_everywhere_on_the_laptop_ends_the_call_on_the_phone(
    process: Process, tonight: Evening, node: TalkingNode
) -> None:
    """By the button of the page. Kills: a page that ends its own browser's login session alone."""
    pair = Pair(process, tonight, "Sam", node)
    await pair.come()
    await process.database.run(sign_out_everywhere_on_a_laptop, tonight["Sam"])
    assert await pair.here.close_code() == 4401
    await node.until(lambda: (tonight.room.key, pair.key) in node.revoked)
    await pair.drop()


async def test_log2_another_roster_leaves_the_room_alone(
    process: Process, tonight: Evening, node: TalkingNode
) -> None:
    """Kills: a client taken off one track falls out of the group of another."""
    pair = Pair(process, tonight, "Sam", node)
    await pair.come()
    elsewhere = await process.database.run(lambda: Track.objects.get(name="Other"))
    assert isinstance(elsewhere, Track)
    await process.database.run(enrol, OPERATOR, elsewhere, tonight["Sam"])
    await process.database.run(unenrol, OPERATOR, elsewhere, tonight["Sam"])
    assert (await pair.here.ask("ping"))["type"] == "pong"
    assert node.wants(tonight.room.key, pair.key)
    assert node.revoked == []
    await pair.drop()


async def test_log2_person_on_the_roster_again_gets_media_again(
    process: Process, tonight: Evening, node: TalkingNode
) -> None:
    """Kills: a revocation above every generation, for somebody who is welcome again."""
    pair = Pair(process, tonight, "Sam", node)
    await pair.come()
    room, seat = tonight.room.key, (tonight.room.key, pair.key)
    before = pair.generation
    await process.database.run(unenrol, OPERATOR, track_of(tonight), tonight["Sam"])
    await pair.here.close_code()
    await node.until(lambda: seat in node.revoked)
    await process.database.run(enrol, OPERATOR, track_of(tonight), tonight["Sam"])
    last = pair.here.last("snapshot")
    back = tonight.browser("Sam")
    await back.hello(epoch=last["epoch"], seq=last["seq"])
    await node.until(lambda: node.wants(room, pair.key))
    assert before <= node.burned[seat] < pair.generation
    assert (await back.ask("media.offer", sdp="v=0"))["type"] == "media.answer"
    await back.drop()
    await pair.drop()


# ---- what may be lost --------------------------------------------------------------------------


async def test_log2_lost_news_are_made_good_by_a_heartbeat(
    process: Process, tonight: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: asking only when there is news."""
    monkeypatch.setattr(RoomConsumer, "beat_s", 0.05)
    sam = tonight.browser("Sam")
    await sam.hello()
    monkeypatch.setattr(process.broadcast, "_send", unsent)
    await process.database.run(unenrol, OPERATOR, track_of(tonight), tonight["Sam"])
    assert await sam.close_code() == 4403
    await sam.drop()


def look(tonight: Evening, name: str) -> Refuse | None:
    """What a heartbeat asks of somebody who came with the cookie of the evening."""
    login = tonight.cookies[name].partition("=")[2]
    return _may_not_stay(tonight[name], login, tonight.session.pk, None)


def test_log2_look_asks_three_queries(tonight: Evening) -> None:
    """Asked of everybody four times a minute: the login session, its person, and the person before
    the session. Kills: a query more for each of them."""
    with CaptureQueriesContext(connection) as asked:
        assert look(tonight, "Sam") is None
    assert len(asked) == 3


@pytest.mark.parametrize("change", AccessChange)
def test_log2_look_after_a_change_refuses(change: AccessChange, tonight: Evening) -> None:
    """Every way of losing access. Kills: a look that leaves out what changed."""
    name, lose, code = CASES[change]
    assert look(tonight, name) is None
    lose(tonight, name)
    refused = look(tonight, name)
    assert isinstance(refused, Refuse)
    assert farewell(refused)[1] == code


def test_log2_look_at_a_login_session_that_has_run_out_refuses(tonight: Evening) -> None:
    """Nothing of the row has changed but the time."""
    assert look(tonight, "Sam") is None
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_session SET expire_date = now() - interval '1 second'")
    assert look(tonight, "Sam") == Refuse("permission.signed_out")


@pytest.mark.parametrize("change", AccessChange)
async def test_log2_with_valkey_away_the_node_is_asked_directly_and_the_socket_ends(
    change: AccessChange,
    process: Process,
    tonight: Evening,
    node: TalkingNode,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No wake-up and no value can be written. The node ends the media and says so over
    its link, and that is the news. Kills: a sign-out that Valkey has to be there for."""
    name, lose, code = CASES[change]
    pair = Pair(process, tonight, name, node)
    await pair.come()
    seat = (tonight.room.key, pair.key)
    with monkeypatch.context() as away:
        valkey_away(process, away)
        away.setattr(process.broadcast, "_send", unsent)
        await process.database.run(lose, tonight, name)
        await node.until(lambda: seat in node.revoked)
        node.tell(PeerClosed(room=seat[0], peer=seat[1], generation=1, reason=CloseReason.REVOKED))
        assert await pair.here.close_code() == code
    await pair.drop()


async def test_log2_media_revoked_of_somebody_who_may_stay_comes_again(
    process: Process, tonight: Evening, node: TalkingNode
) -> None:
    """Signed out elsewhere while Valkey was away. Kills: a group that goes on without a sound."""
    pair = Pair(process, tonight, "Sam", node)
    await pair.come()
    seat, before = (tonight.room.key, pair.key), pair.generation
    node.tell(PeerClosed(room=seat[0], peer=seat[1], generation=before, reason=CloseReason.REVOKED))
    closed = [await pair.here.until("media.closed") for _ in range(2)]
    assert [event["again"] for event in closed] == [False, True]
    await node.until(lambda: pair.generation > before)
    assert (await pair.here.ask("media.offer", sdp="v=0"))["type"] == "media.answer"
    await pair.drop()
