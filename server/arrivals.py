"""Daphne's HTTP, with bounds: how a request arrives, a websocket's handshake too.

Owns how long a request may take from its first byte to its last, how large its body may be, and
how many connections may be open without a whole request. Twisted's own bound starts again with
every byte, so a byte a minute held a connection for good. In production the proxy in front does
this (deploy/Caddyfile) and nothing here is installed; `./run --lan` and a bare Daphne have no
proxy. Knows no page and no room.
"""

from typing import Any, ClassVar, Final

from daphne.http_protocol import HTTPFactory
from twisted.web import http

HTTPChannel: Any = http.HTTPChannel  # half of it has no types

ARRIVAL_S: Final = 20.0  # a form of a few kB, on the worst of phones
BODY_BYTES: Final = 1024 * 1024  # what the proxy lets through; nothing of ours is near it
WAITING: Final = 256  # connections without a whole request, idle ones between two included
TOO_LARGE: Final = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n\r\n"


class BoundedChannel(HTTPChannel):  # type: ignore[misc]
    """One connection of Twisted's, before and between its requests."""

    arrival_s: ClassVar = ARRIVAL_S
    most_waiting: ClassVar = WAITING
    _waiting: ClassVar[dict["BoundedChannel", None]] = {}  # the longest wait first
    _arrival: Any = None  # the call that ends what comes too slowly
    _body_bytes = 0

    def connectionMade(self) -> None:  # noqa: N802  Twisted's name
        """A client that connects and sends nothing counts as slow, like one that sends slowly."""
        super().connectionMade()
        self._expect()
        self._begin()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """The first byte of a request starts its time."""
        if not self._handlingRequest:
            self._begin()
        super().dataReceived(data)

    def rawDataReceived(self, data: bytes) -> None:  # noqa: N802
        """A part of the body, or of what follows a request that is being answered."""
        if not self._handlingRequest:
            self._body_bytes += len(data)
            if self._body_bytes > BODY_BYTES:
                self.transport.write(TOO_LARGE)
                self.loseConnection()
                return
        super().rawDataReceived(data)

    def allContentReceived(self) -> None:  # noqa: N802
        """The request is whole: from here on the application has it."""
        self._stop_waiting()
        self._body_bytes = 0
        super().allContentReceived()

    def requestDone(self, request: Any) -> None:  # noqa: N802
        """It is answered; the next may come. Twisted's own bound is on the time until it does."""
        self._expect()
        super().requestDone(request)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        """Nothing more is expected."""
        self._stop_waiting()
        super().connectionLost(reason)

    def _expect(self) -> None:
        """Joins those who owe a request; where they are too many, the longest wait ends."""
        self._waiting[self] = None
        if len(self._waiting) > self.most_waiting:
            next(iter(self._waiting))._cut_off()

    def _begin(self) -> None:
        if self._arrival is None:
            self._arrival = self.callLater(self.arrival_s, self._cut_off)

    def _stop_waiting(self) -> None:
        self._waiting.pop(self, None)
        if self._arrival is not None and self._arrival.active():
            self._arrival.cancel()
        self._arrival = None

    def _cut_off(self) -> None:
        self._stop_waiting()
        self.transport.abortConnection()


def install() -> None:
    """Every connection that Daphne accepts from now on is a bounded one (Twisted's way of saying
    so is the factory's `protocol`)."""
    HTTPFactory.protocol = BoundedChannel
