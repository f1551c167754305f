"""Daphne's websocket, with bounds: what a peer does not read, and what we have not taken yet.

Owns how many bytes may wait for a peer that reads nothing (then it is cut off), how many frames
may wait for the application (then nothing more is read from the peer until they are taken), and
how long a frame may be before it is not even refused in words, and how many frames that are no
message a peer may send (the application counts messages, and hears of no other). Without these
a peer decides how much of our memory and time it has, also through a proxy, which passes frames
on and bounds none of this. Knows no message and no room.
"""

import asyncio
from typing import Any, Final

from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

UNREAD_BYTES: Final = 1024 * 1024  # beyond the transport's own buffer of 64 KiB
UNTAKEN_FRAMES: Final = 40  # more than the thirty a second that a socket may send
FRAME_BYTES: Final = 128 * 1024  # twice what is read; the socket of a longer one is dropped
EMPTY_FRAMES: Final = 64  # a second: pings, pongs, further parts of a message; a browser sends few
LOOK_S: Final = 0.05  # how often it is looked whether frames were taken


class BoundedSocket(WebSocketProtocol):  # type: ignore[misc]  # Daphne has no types
    """One websocket of Daphne's."""

    _unread: int | None = None  # None: the peer reads
    _waits = False  # the peer, for us
    _second = 0.0  # when the second began in which empty frames are counted
    _empty_frames = 0

    def connectionMade(self) -> None:  # noqa: N802  Twisted's name
        """Hears from the transport when its buffer is full, in the place of Twisted's HTTP."""
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)
        super().connectionMade()
        self.maxMessagePayloadSize = self.maxFramePayloadSize = FRAME_BYTES

    # ---- what the peer does not read (twisted.internet.interfaces.IPushProducer) ----

    def pauseProducing(self) -> None:  # noqa: N802
        """The transport's buffer is full: from now on it is counted."""
        if self._unread is None:
            self._unread = 0

    def resumeProducing(self) -> None:  # noqa: N802
        """The peer has read it all."""
        self._unread = None

    def stopProducing(self) -> None:  # noqa: N802
        """The transport is gone."""

    def serverSend(self, content: Any, binary: bool = False) -> None:  # noqa: N802
        """Sends a message, unless too much waits already."""
        if self._may_send(len(content)):
            super().serverSend(content, binary)

    def onPing(self, payload: bytes) -> None:  # noqa: N802
        """Answers a ping (RFC 6455, 5.5.2), unless too much waits already."""
        if self._may_send(len(payload)):
            super().onPing(payload)

    def _may_send(self, length: int) -> bool:
        if self._unread is None:
            return True
        self._unread += length
        if self._unread <= UNREAD_BYTES:
            return True
        self.dropConnection(abort=True)
        return False

    # ---- what we have not taken yet ----

    def onFrameBegin(self) -> None:  # noqa: N802
        """Counts what becomes no message: control frames (RFC 6455, 5.5) and continuations (5.4),
        which may be empty and without end."""
        super().onFrameBegin()
        if self.current_frame.opcode > 7 or self.current_frame.opcode == 0:
            now = asyncio.get_running_loop().time()
            if now - self._second > 1.0:
                self._second, self._empty_frames = now, 0
            self._empty_frames += 1
            if self._empty_frames > EMPTY_FRAMES:
                self.dropConnection(abort=True)

    def processData(self) -> bool:  # noqa: N802
        """What else lies in the buffer is not taken apart while the peer has to wait: ten
        thousand frames fit into one read."""
        return not self._waits and bool(super().processData())

    def onMessage(self, payload: bytes, is_binary: bool) -> None:  # noqa: N802
        """Hands a frame on; when too many wait, the peer has to."""
        super().onMessage(payload, is_binary)
        if self._untaken() >= UNTAKEN_FRAMES and not self._waits:
            self._waits = True
            self.transport.pauseProducing()
            self._look()

    def _look(self) -> None:
        if self._untaken() >= UNTAKEN_FRAMES:
            asyncio.get_running_loop().call_later(LOOK_S, self._look)
        else:
            self._waits = False
            self.transport.resumeProducing()
            self.consumeData()

    def _untaken(self) -> int:
        """How many frames wait; none once the peer is gone, whatever is left then."""
        queue = getattr(self, "application_queue", None)
        return queue.qsize() if queue is not None and self.transport.connected else 0


def install() -> None:
    """Every websocket that Daphne accepts from now on is a bounded one (Twisted's way of saying
    so is the factory's `protocol`)."""
    WebSocketFactory.protocol = BoundedSocket
