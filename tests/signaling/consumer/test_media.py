"""Offers to the node and its news, over a real socket and a node that talks."""

import base64
import hashlib
import hmac
import time

import pytest

from server.media.messages import PeerClosed, SlotOwned, SlotShown, Speaking
from server.media.reasons import CloseReason
from server.media.relay import VALID_S
from sessions.nodes.relay import Relay
from sessions.rooms.process import Process
from tests.signaling.evening import Browser, Evening
from tests.signaling.node import TalkingNode

pytestmark = pytest.mark.django_db(transaction=True)


def me(browser: Browser) -> str:
    key: str = browser.last("snapshot")["me"]["key"]
    return key


async def test_med1_offer_re4_is_answered_by_the_node(dana: Browser) -> None:
    answer = await dana.ask("media.offer", sdp="v=0")
    assert (answer["type"], answer["sdp"]) == ("media.answer", "answer to v=0")


async def test_ev1_snapshot_of_the_room_answers_the_offer_of_sig1_once(
    tonight: Evening, node: TalkingNode
) -> None:
    dana = tonight.browser("Dana")
    await dana.hello(sdp="v=0")
    assert dana.last("snapshot")["media_answer"] == "answer to v=0"
    assert (await dana.snapshot())["media_answer"] is None
    await dana.drop()


async def test_ev1_offer_of_sig1_waits_at_the_door(tonight: Evening, node: TalkingNode) -> None:
    """Kills: an answer to somebody who has not been let in, and an offer that is lost there."""
    dana, sam = tonight.browser("Dana"), tonight.browser("Sam")
    await sam.hello(sdp="v=0")
    assert sam.last("snapshot")["media_answer"] is None
    await dana.hello()
    await dana.ask("room.admit_all")
    assert (await sam.until("snapshot"))["media_answer"] == "answer to v=0"
    for one in (dana, sam):
        await one.drop()


async def test_ev1_offer_of_sig1_with_the_node_away_is_made_again_later(tonight: Evening) -> None:
    dana = tonight.browser("Dana")
    assert (await dana.hello(sdp="v=0"))["type"] == "ok"
    assert dana.last("snapshot")["media_answer"] is None
    assert (await dana.ask("media.offer", sdp="v=0"))["code"] == "media.down"
    await dana.drop()


async def test_med1_offer_with_the_node_away_is_media_down(tonight: Evening) -> None:
    """The room goes on without sound: kills a socket that ends because the node is away."""
    dana = tonight.browser("Dana")
    await dana.hello()
    assert (await dana.ask("media.offer", sdp="v=0"))["code"] == "media.down"
    assert (await dana.ask("room.start"))["type"] == "ok"
    await dana.drop()


async def test_med3_view_reaches_the_node_as_widths(dana: Browser, node: TalkingNode) -> None:
    """A tall tile needs a picture as wide as what it shows of it."""
    await dana.ask("media.offer", sdp="v=0")
    tiles = [{"slot": 0, "width": 320, "height": 180}, {"slot": 2, "width": 160, "height": 480}]
    assert (await dana.ask("media.view", tiles=tiles))["type"] == "ok"
    await node.until(lambda: list(node.views.values()) == [{0: 320, 2: 640}])
    await dana.ask("media.view", tiles=[])
    await node.until(lambda: list(node.views.values()) == [{}])


async def test_med3_view_is_said_again_after_an_offer(dana: Browser, node: TalkingNode) -> None:
    """Kills: a page that makes another connection and gets everything in full size."""
    await dana.ask("media.offer", sdp="v=0")
    await dana.ask("media.view", tiles=[{"slot": 0, "width": 320, "height": 180}])
    await node.until(lambda: bool(node.views))
    node.views.clear()
    await dana.ask("media.offer", sdp="v=0")
    await node.until(lambda: list(node.views.values()) == [{0: 320}])


async def test_med2_relay_re5_gives_a_browsers_own_access(dana: Browser, process: Process) -> None:
    """The password is what coturn computes for the name (use-auth-secret). Kills: another digest."""
    url = "turns:turn.example.org:5349"
    process.relay = Relay((url,), "north")
    began = int(time.time())
    access = await dana.ask("media.relay")
    ended = int(time.time())
    expires, _, seat = access["username"].partition(":")
    made = hmac.new(b"north", access["username"].encode(), hashlib.sha1).digest()
    assert (access["type"], access["urls"]) == ("media.relay_access", [url])
    assert access["credential"] == base64.b64encode(made).decode()
    assert seat == me(dana)
    assert began + VALID_S <= int(expires) <= ended + VALID_S


async def test_med2_without_a_relay_there_is_no_address(dana: Browser) -> None:
    access = await dana.ask("media.relay")
    assert (access["urls"], access["username"], access["credential"]) == ([], "", "")


async def test_pe2_slot_owned_and_pe3_slot_shown_reach_their_browser(
    tonight: Evening, node: TalkingNode, dana: Browser
) -> None:
    room, mine = tonight.room.key, me(dana)
    node.tell(SlotOwned(room=room, peer="another", slot=0, owner="sam", csrc=1))
    node.tell(SlotOwned(room=room, peer=mine, slot=2, owner="sam", csrc=7))
    node.tell(SlotShown(room=room, peer=mine, slot=2, owner="sam", rtp_timestamp=90))
    owned = await dana.until("media.slot_owned")
    assert owned == {"type": "media.slot_owned", "slot": 2, "key": "sam", "csrc": 7}
    shown = await dana.until("media.slot_shown")
    assert shown == {"type": "media.slot_shown", "slot": 2, "key": "sam", "rtp_timestamp": 90}


async def test_pe1_speaking_reaches_everyone_in_the_room(
    tonight: Evening, node: TalkingNode, dana: Browser
) -> None:
    node.tell(Speaking(room="another", peers=["x"]))
    node.tell(Speaking(room=tonight.room.key, peers=["a", "b"]))
    assert await dana.until("speaking") == {"type": "speaking", "keys": ["a", "b"]}


@pytest.mark.parametrize(
    ("reason", "again"),
    [
        (CloseReason.SILENT, True),
        (CloseReason.NOT_HERE, True),
        (CloseReason.MOVED, True),
        (CloseReason.REVOKED, False),
    ],
)
async def test_pe4_media_closed_says_whether_to_offer_again(
    tonight: Evening, node: TalkingNode, dana: Browser, reason: CloseReason, again: bool
) -> None:
    closed = PeerClosed(room=tonight.room.key, peer=me(dana), generation=1, reason=reason)
    node.tell(closed)
    event = await dana.until("media.closed")
    assert event == {"type": "media.closed", "reason": reason, "again": again}


async def test_removal_revokes_at_the_node_and_leaves_the_value(
    tonight: Evening, node: TalkingNode, dana: Browser
) -> None:
    sam = tonight.browser("Sam")
    await sam.hello()
    await dana.ask("room.admit_all")
    await sam.until("snapshot")
    key = me(sam)
    await node.until(lambda: node.wants(tonight.room.key, key))
    await dana.ask("room.remove", key=key)
    await node.until(lambda: not node.wants(tonight.room.key, key))
    await node.until(lambda: (tonight.room.key, key) in node.revoked)
    await sam.drop()


async def test_dropped_socket_keeps_the_generation_of_its_media(
    tonight: Evening, node: TalkingNode, dana: Browser
) -> None:
    """R1. Kills: a reconnecting websocket that closes media which works."""
    seat = (tonight.room.key, me(dana))
    await node.until(lambda: seat in node.attached)
    before = node.attached[seat]
    last = dana.last("snapshot")
    await dana.drop()
    back = tonight.browser("Dana")
    await back.hello(epoch=last["epoch"], seq=last["seq"])
    assert node.attached[seat] == before
    other = tonight.browser("Dana")
    await other.hello()
    await node.until(lambda: node.attached[seat] > before)
    await back.drop()
    await other.drop()
