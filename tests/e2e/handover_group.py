"""People who come and go before one browser: a real media node, and scripted publishers who send
real VP8 of one colour each.

Owns the node's process, its control connection, and a thread whose event loop the publishers
live in; every method may be called from the test's own thread. Knows no page.
"""

import asyncio
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final

from av import VideoFrame
from av.codec import CodecContext

from server.launcher.children import start, stop
from server.media import rtcp
from server.media.client import Answer, DesiredPeer, DesiredRoom, MediaClient, SlotOwned, SlotShown
from tests.e2e.stack import GENTLY, ROOT
from tests.media.client_peer import HEADER, VP8, ClientPeer

Colour = tuple[int, int, int]
Word = SlotOwned | SlotShown

# Far enough apart to survive VP8. No black: that is what an element without a picture draws.
LEVELS: Final = (0, 128, 255)
PALETTE: Final[list[Colour]] = [
    (r, g, b) for r, g, b in product(LEVELS, LEVELS, LEVELS) if r + g + b
]
WIDTH, HEIGHT, RATE = 320, 180, 25
GROUP_OF_PICTURES: Final = 25  # frames from one key frame to the next, unless one is asked for
ROOM, VIEWER, SECRET = "hand-over", "sam", "a secret of this test alone, long enough"
PATIENCE: Final = 30.0  # seconds until a node that does not answer fails the test
LINGER_SECONDS: Final = 0.2  # a publisher goes on sending so long after the room dropped it


@cache
def frames_of(colour: Colour) -> list[bytes]:
    """VP8 frames of one colour: a key frame, then what changes: next to nothing."""
    encoder = CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.bit_rate = Fraction(1, RATE), 300_000
    encoder.options = {"deadline": "realtime", "lag-in-frames": "0", "cpu-used": "8"}
    encoder.options |= {"g": str(GROUP_OF_PICTURES + 1)}
    packets = []
    for number in range(GROUP_OF_PICTURES):
        packets += encoder.encode(_picture(colour, number))
    assert [packet.is_keyframe for packet in packets[:2]] == [True, False]
    frames = [bytes(packet) for packet in packets]
    assert max(map(len, frames)) < 1200, "one frame is one packet"
    return frames


def _picture(colour: Colour, number: int) -> VideoFrame:
    """BT.601, limited range, which is what a browser takes VP8 of this size for."""
    red, green, blue = colour
    planes = (
        16 + 0.257 * red + 0.504 * green + 0.098 * blue,
        128 - 0.148 * red - 0.291 * green + 0.439 * blue,
        128 + 0.439 * red - 0.368 * green - 0.071 * blue,
    )
    frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
    for plane, value in zip(frame.planes, planes, strict=True):
        plane.update(bytes((round(value),)) * plane.buffer_size)
    frame.pts = number
    return frame


class Painter(ClientPeer):
    """A publisher of one colour, RATE times a second; begins again when a key frame is wanted."""

    def __init__(self, mark: str, colour: Colour) -> None:
        super().__init__(mark, slots=0)
        self._frames = frames_of(colour)
        self._at = 0
        self._picture = 0
        self._painting: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """From now on, until stopped."""
        self._painting = asyncio.ensure_future(self._paint())

    def stop(self) -> None:
        """Vanishes."""
        if self._painting is not None:
            self._painting.cancel()
        self.close()

    async def _paint(self) -> None:
        while True:
            self._show_next()
            await asyncio.sleep(1 / RATE)  # a camera's own pace, not a wait

    def _show_next(self) -> None:
        """One frame in one packet (RFC 7741 §4.2: X and S, then a picture id of 15 bits)."""
        stream = self.video
        stream.sequence = stream.sequence + 1 & 0xFFFF
        timestamp = int(time.monotonic() * 90_000) & 0xFFFFFFFF
        header = HEADER.pack(0x80, 0x80 | VP8, stream.sequence, timestamp, stream.ssrc)
        descriptor = bytes((0x90, 0x80, 0x80 | self._picture >> 8, self._picture & 0xFF))
        self.send_raw(self.seal(header + descriptor + self._frames[self._at]))
        self._picture = self._picture + 1 & 0x7FFF
        self._at = (self._at + 1) % len(self._frames)

    def _on_control(self, data: bytes) -> None:
        super()._on_control(data)
        for part in rtcp.read(self.control.pop()):
            if isinstance(part, rtcp.KeyFrameWanted) and part.ssrc == self.video.ssrc:
                self._at = 0
                if self._painting is not None:
                    self._show_next()


class Group:
    """The node's room. `words` is what the node says about the viewer's slots, as it comes."""

    def __init__(self, loop: asyncio.AbstractEventLoop, control: str) -> None:
        self.words: queue.SimpleQueue[Word] = queue.SimpleQueue()
        self._loop = loop
        self._client = MediaClient(control, SECRET, "web", self._notice)
        self._wanted = {VIEWER: allowed()}
        self._version = 0
        self._deadline = time.monotonic() + PATIENCE
        self._painters: dict[str, Painter] = {}

    def open(self) -> None:
        """Connects to the node, which may still be starting, and wants the viewer."""
        for colour in PALETTE:
            frames_of(colour)
        while not self._do(self._client.connect()):
            assert time.monotonic() < self._deadline, "the node did not start"
        self._do(self._apply())

    def answer(self, offer: str) -> str:
        """The node's answer to the viewer's browser."""
        sdp: str = self._do(self._answered(VIEWER, offer))
        return sdp

    def join(self, name: str, colour: Colour) -> None:
        """Returns when that publisher is connected and sends."""
        self._do(self._join(name, colour))

    def leave(self, name: str) -> None:
        """The room wants that publisher no more, who does not know it yet and goes on sending."""
        self._do(self._leave(name))

    def close(self) -> None:
        self._do(self._close())

    def _do(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=PATIENCE + 5)

    def _notice(self, told: object) -> None:
        if isinstance(told, SlotOwned | SlotShown) and told.peer == VIEWER:
            self.words.put(told)

    async def _apply(self) -> None:
        self._version += 1
        desired = DesiredRoom(
            room=ROOM,
            epoch="first",
            version=self._version,
            complete=True,
            peers=dict(self._wanted),
        )
        assert self._client.apply(desired) is None

    async def _answered(self, name: str, offer: str) -> str:
        """Asks again while the node is too busy, for some time."""
        async with asyncio.timeout(PATIENCE):
            while not isinstance(reply := await self._client.offer(ROOM, name, 1, offer), Answer):
                assert reply.code == "media.down", reply
        return reply.sdp

    async def _join(self, name: str, colour: Colour) -> None:
        self._wanted[name] = allowed()
        await self._apply()
        painter = self._painters[name] = Painter(name, colour)
        painter.accept(await self._answered(name, painter.offer()))
        await painter.connect()
        painter.begin()

    async def _leave(self, name: str) -> None:
        del self._wanted[name]
        await self._apply()
        self._loop.call_later(LINGER_SECONDS, self._painters.pop(name).stop)

    async def _close(self) -> None:
        for painter in self._painters.values():
            painter.stop()
        await self._client.close()


def allowed() -> DesiredPeer:
    """May do everything."""
    return DesiredPeer(generation=1, send_audio=True, send_video=True, receive=True)


@contextmanager
def running_group() -> Iterator[Group]:
    """With a node of its own, on loopback alone, that has no store to ask."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="publishers", daemon=True)
    thread.start()
    with tempfile.TemporaryDirectory(prefix="media-") as folder:
        control = f"unix:{folder}/media.sock"
        environment = {
            "THIRDS_MEDIA_SECRET": SECRET,
            "THIRDS_MEDIA_CONTROL": control,
            "THIRDS_MEDIA_BIND": "127.0.0.1",
            "REDIS_URL": f"unix://{folder}/nothing.sock",
        }
        with Path(folder, "media.log").open("ab") as output:
            command = [sys.executable, "-m", "server.media"]
            node = start(command, output=output, environment=environment, folder=ROOT)
        group = Group(loop, control)
        try:
            group.open()
            yield group
            group.close()
        finally:
            sys.stdout.write(Path(folder, "media.log").read_text())
            stop(node, GENTLY)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout=10)
