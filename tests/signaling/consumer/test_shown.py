"""What others are shown of a microphone and a camera: what the node receives, not what its
browser says."""

from collections.abc import Callable
from typing import Any

import pytest

from server.media.messages import PeerClosed, SendingChanged
from server.media.reasons import CloseReason
from sessions.live.store import DOWN
from sessions.rooms.process import Process
from tests.signaling.evening import Browser, Evening
from tests.signaling.node import TalkingNode

pytestmark = pytest.mark.django_db(transaction=True)
OFF, SOUND, BOTH = (False, False), (True, False), (True, True)


class Sender:
    """Dana's browser as the node sees it: what arrives of it is the test's to say."""

    def __init__(self, tonight: Evening, node: TalkingNode, browser: Browser) -> None:
        self.browser, self._node = browser, node
        self._room, self.key = tonight.room.key, browser.last("snapshot")["me"]["key"]

    def arrives(self, audio: bool, video: bool) -> None:
        """The node's news."""
        news = SendingChanged(room=self._room, peer=self.key, audio=audio, video=video)
        self._node.tell(news)

    def closes(self, generation: int, reason: CloseReason = CloseReason.SILENT) -> None:
        """The node's connection to this browser is gone."""
        closed = PeerClosed(room=self._room, peer=self.key, generation=generation, reason=reason)
        self._node.tell(closed)

    @property
    def generation(self) -> int:
        """Of its media now."""
        return self._node.attached[self._room, self.key]

    async def until_shown(self, microphone: bool, camera: bool) -> dict[str, Any]:
        """The event that shows exactly this."""
        return await self.browser.until(_shows(self.key, microphone, camera))

    async def shown(self) -> tuple[bool, bool]:
        """What a snapshot says now."""
        (me,) = [p for p in (await self.browser.snapshot())["participants"] if p["key"] == self.key]
        return me["microphone"], me["camera"]


def _shows(key: str, microphone: bool, camera: bool) -> Callable[[dict[str, Any]], bool]:
    def matches(event: dict[str, Any]) -> bool:
        person = event.get("participant", {})
        shown = (person.get("microphone"), person.get("camera"))
        return bool(person.get("key") == key and shown == (microphone, camera))

    return matches


@pytest.fixture
def sender(tonight: Evening, node: TalkingNode, dana: Browser) -> Sender:
    return Sender(tonight, node, dana)


async def test_somebody_who_says_off_and_sends_sound_is_shown_with_the_microphone_on(
    sender: Sender,
) -> None:
    """The issue's own input. Kills: a roster that shows what the browser says."""
    await sender.browser.ask("me.microphone", on=False)
    sender.arrives(*SOUND)
    await sender.until_shown(*SOUND)
    await sender.browser.ask("me.microphone", on=True)
    await sender.browser.ask("me.microphone", on=False)
    assert await sender.shown() == SOUND


async def test_somebody_who_says_on_and_sends_nothing_is_shown_with_the_microphone_off(
    sender: Sender,
) -> None:
    sender.arrives(*BOTH)
    await sender.until_shown(*BOTH)
    sender.arrives(*OFF)
    await sender.until_shown(*OFF)
    await sender.browser.ask("me.microphone", on=True)
    await sender.browser.ask("me.camera", on=True)
    assert await sender.shown() == OFF


async def test_the_same_news_again_is_no_event(sender: Sender) -> None:
    """Resulting state: a repeat changes nothing, and no version."""
    sender.arrives(*SOUND)
    first = await sender.until_shown(*SOUND)
    sender.arrives(*SOUND)
    sender.arrives(*BOTH)
    second = await sender.until_shown(*BOTH)
    assert second["seq"] == first["seq"] + 1


async def test_the_newest_of_many_news_counts(sender: Sender) -> None:
    """They are written by one task in turn. Kills: one task for each, in any order."""
    for _ in range(20):
        sender.arrives(*BOTH)
        sender.arrives(*SOUND)
    sender.arrives(*OFF)
    sender.arrives(*BOTH)
    sender.arrives(audio=False, video=True)
    await sender.until_shown(microphone=False, camera=True)
    assert await sender.shown() == (False, True)


async def test_news_while_valkey_is_away_are_written_at_a_later_heartbeat(
    sender: Sender, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost once, they are not lost. Kills: news that are written once and forgotten."""
    send = process.broadcast.send
    refused: list[Any] = []

    async def away_for_news(room: str, call: Any, **how: Any) -> Any:
        if call.script == "change" and not refused:
            refused.append(call)
            return DOWN
        return await send(room, call, **how)

    monkeypatch.setattr(process.broadcast, "send", away_for_news)
    sender.arrives(*SOUND)
    while not refused:
        assert await sender.shown() == OFF
    await sender.browser.ask("ping")
    await sender.until_shown(*SOUND)


async def test_somebody_whose_media_closed_is_shown_off(sender: Sender) -> None:
    sender.arrives(*BOTH)
    await sender.until_shown(*BOTH)
    sender.closes(sender.generation)
    await sender.until_shown(*OFF)


async def test_the_end_of_older_media_says_nothing_of_the_media_now(sender: Sender) -> None:
    """A page that took the seat over hears that the older page's media ended."""
    sender.arrives(*BOTH)
    await sender.until_shown(*BOTH)
    sender.closes(sender.generation - 1, CloseReason.REPLACED)
    await sender.browser.until("media.closed")
    assert await sender.shown() == BOTH


async def test_somebody_who_comes_back_after_a_drop_is_shown_as_before(
    tonight: Evening, sender: Sender
) -> None:
    """The media went on meanwhile. Kills: a return that shows what hello says."""
    sender.arrives(*SOUND)
    told = await sender.until_shown(*SOUND)
    await sender.browser.drop()
    back = tonight.browser("Dana")
    await back.hello(epoch=told["epoch"], seq=told["seq"], microphone=False, camera=True)
    (me,) = (await back.snapshot())["participants"]
    assert (me["microphone"], me["camera"]) == SOUND
    await back.drop()


async def test_another_page_of_the_same_person_is_not_shown_with_the_older_page_s_media(
    tonight: Evening, sender: Sender
) -> None:
    sender.arrives(*SOUND)
    await sender.until_shown(*SOUND)
    other = tonight.browser("Dana")
    await other.hello(microphone=False)
    (me,) = (await other.snapshot())["participants"]
    assert (me["microphone"], me["camera"]) == OFF
    await other.drop()
