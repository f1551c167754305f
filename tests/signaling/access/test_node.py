"""LOG2 on a real media node: when the last packet to and from somebody was forwarded.

The node is a process of its own. Packets are numbered by who speaks, so the last one that came
says until when the node forwarded: it was sent before it was forwarded. Times are read from the
node's own clock, which is the machine's. Run with
`-s` to see the milliseconds.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest

from server.media import clock
from sessions.people.access import AccessChange
from sessions.rooms.process import Process
from sessions.signaling.consumer import RoomConsumer
from tests.media.client_peer import ClientPeer
from tests.nodes.media_nodes import running_node, until, watching
from tests.signaling.access.test_access import CASES
from tests.signaling.evening import Browser, Evening

pytestmark = pytest.mark.django_db(transaction=True)

PACKET_S = 0.02
MORE = 25  # packets that are sent after the end, and must not be heard
BEATS = 2  # the node compares at each; so a wake-up that is lost costs no more than this


@pytest.fixture
def control(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of a real node. No heartbeat looks after access: only the news can do it."""
    monkeypatch.setattr(RoomConsumer, "beat_s", 600.0)
    with running_node("one") as address:
        yield address


@dataclass
class Voice:
    """Somebody in the room: the socket, the media, and when each packet was sent."""

    browser: Browser
    peer: ClientPeer
    sent_at: dict[int, float] = field(default_factory=dict)

    async def join_media(self) -> None:
        answer = await self.browser.ask("media.offer", sdp=self.peer.offer())
        assert answer["type"] == "media.answer", answer
        self.peer.accept(answer["sdp"])
        await self.peer.connect()

    def speak(self) -> None:
        self.peer.speak()
        self.sent_at[self.peer.audio.count] = clock.now()

    def last_of(self, other: "Voice") -> float:
        """When the other's last packet that was heard here had been sent; 0 if none was."""
        heard = [one.number for one in self.peer.of("audio") if one.mark == other.peer.mark]
        return other.sent_at[max(heard)] if heard else 0.0


@contextlib.asynccontextmanager
async def talking(*voices: Voice) -> AsyncIterator[None]:
    """Everybody speaks, a packet each 20 ms."""

    async def speak() -> None:
        while True:
            for voice in voices:
                voice.speak()
            await asyncio.sleep(PACKET_S)

    speaking = asyncio.create_task(speak())
    try:
        yield
    finally:
        speaking.cancel()


async def two_voices(tonight: Evening, name: str) -> tuple[Voice, Voice]:
    """Who will lose it, and who stays; one of them is Dana."""
    stays = "Ana" if name == "Dana" else "Dana"
    pair = {one: Voice(tonight.browser(one), ClientPeer(one)) for one in (name, stays)}
    await pair["Dana"].browser.hello()
    client = next(voice for one, voice in pair.items() if one != "Dana")
    await client.browser.hello()
    await pair["Dana"].browser.ask("room.admit_all")
    await client.browser.until("snapshot")
    for voice in pair.values():
        await voice.join_media()
    return pair[name], pair[stays]


@pytest.mark.parametrize("change", AccessChange)
async def test_log2_last_packet_to_and_from_them_is_forwarded_within_the_nodes_next_beats(
    change: AccessChange, process: Process, tonight: Evening, control: str
) -> None:
    """S8. Kills: sockets that end while the node goes on forwarding; one direction that does."""
    name, lose, code = CASES[change]
    gone, stays = await two_voices(tonight, name)
    async with watching(control) as loads, talking(gone, stays):
        await until(lambda: gone.last_of(stays) and stays.last_of(gone))
        await until(lambda: loads and loads[-1].peers == 2)
        began = clock.now()
        await process.database.run(lose, tonight, name)
        beats, done = len(loads), clock.now()  # how long the verb takes is not the node's
        assert await gone.browser.close_code() == code
        await until(lambda: loads[-1].peers == 1)
        beats = len(loads) - beats
        last = max(gone.last_of(stays), stays.last_of(gone))
        more = gone.peer.audio.count + MORE
        await until(lambda: gone.peer.audio.count >= more)
        assert max(gone.last_of(stays), stays.last_of(gone)) == last
    took = {
        "from": stays.last_of(gone) - began,
        "to": gone.last_of(stays) - began,
        "verb": done - began,
    }
    figures = ", ".join(f"{one} {1000 * seconds:.0f} ms" for one, seconds in took.items())
    sys.stderr.write(f"{change.value}: {figures}, beats {beats}\n")
    assert beats <= BEATS
    await leave(gone, stays)
    await process.links.close()


async def leave(*voices: Voice) -> None:
    for voice in voices:
        await voice.browser.drop()
        voice.peer.close()
