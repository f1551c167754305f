"""The fake tells what the real node tells: the same story, played to both."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.media.client import MediaClient
from server.media.messages import (
    Answer,
    DesiredPeer,
    DesiredRoom,
    Notification,
    OfferRefused,
    PeerClosed,
    SlotOwned,
)
from server.media.reasons import CloseReason
from tests.media.client_peer import PATIENCE
from tests.media.fake_node import FakeNode
from tests.media.running import ROOM, SECRET, People, allowed


class Story:
    """A client of a fake node, and its notifications."""

    def __init__(self, folder: Path) -> None:
        self.node = FakeNode(folder / "fake.sock", SECRET, slots=3)
        self.notifications: list[Notification] = []
        self.news = asyncio.Event()
        self.client = MediaClient(self.node.address, SECRET, "web", self._notice)

    def _notice(self, notification: Notification) -> None:
        self.notifications.append(notification)
        self.news.set()

    async def until_told(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.notifications) < count:
                self.news.clear()
                await self.news.wait()

    def want(self, version: int, **peers: DesiredPeer) -> None:
        self.client.apply(
            DesiredRoom(room=ROOM, epoch="e", version=version, complete=True, peers=peers)
        )


@pytest.fixture
async def story() -> AsyncIterator[Story]:
    with tempfile.TemporaryDirectory(prefix="fake-") as folder:
        made = Story(Path(folder))
        await made.node.start()
        assert await made.client.connect()
        yield made
        await made.client.close()
        await made.node.stop()


async def test_fake_tells_what_the_real_node_tells(story: Story, people: People) -> None:
    """Two join, one is removed: the same notifications, csrc apart."""
    await people.join("first")
    await people.join("second")
    people.client.apply(people.want(first=None))
    closed = PeerClosed(room=ROOM, peer="first", generation=1, reason=CloseReason.NOT_WANTED)
    await people.until_told(closed)
    await people.client.offer(ROOM, "nobody", 1, "")  # behind all notifications about it
    story.want(1, first=allowed(), second=allowed())
    for name in ("first", "second"):
        assert isinstance(await story.client.offer(ROOM, name, 1, "v=0"), Answer)
        story.node.connect(ROOM, name)
    story.want(2, second=allowed())
    kinds = (PeerClosed, SlotOwned)
    real = sorted(without_csrc(t) for t in people.notifications if isinstance(t, kinds))
    await story.until_told(len(real))
    assert sorted(without_csrc(t) for t in story.notifications) == real


def without_csrc(notification: Notification) -> str:
    """The notification as text; the number is random on the real node."""
    return repr(notification).split(", csrc=")[0]


async def test_fake_refuses_as_the_real_node_does(story: Story) -> None:
    story.want(1, first=allowed(2))
    codes = []
    for peer, generation in (("other", 1), ("first", 1), ("first", 3)):
        reply = await story.client.offer(ROOM, peer, generation, "v=0")
        codes.append(reply.code if isinstance(reply, OfferRefused) else "")
    assert codes == ["media.not_wanted", "media.generation_old", "media.not_wanted"]


async def test_fake_that_restarts_knows_nobody(story: Story) -> None:
    story.want(1, first=allowed())
    assert isinstance(await story.client.offer(ROOM, "first", 1, "v=0"), Answer)
    await story.node.stop()
    await story.node.start()
    await story.until_told(1)
    assert story.notifications == [
        PeerClosed(room=ROOM, peer="first", generation=1, reason=CloseReason.NOT_HERE)
    ]
