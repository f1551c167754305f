"""Bytes to the real Daphne, and what comes of them: for the tests of its bounds."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

PATIENCE_S = 60.0  # how long a test waits for what has to come; never asserted
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def until(holds: Callable[[], Any]) -> None:
    """Waits for a condition."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


def told(port: int, path: str = "/") -> dict[str, Any] | None:
    """What the application says of itself; None while it does not answer."""
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_S) as answer:
            said: dict[str, Any] = json.loads(answer.read())
            return said
    except OSError:
        return None


def connected(port: int) -> socket.socket:
    """A connection on which nothing was said yet."""
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def upgraded(port: int, path: str) -> socket.socket:
    """A websocket after its handshake, which reads no further."""
    peer = connected(port)
    peer.sendall(HANDSHAKE.format(path=path).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += peer.recv(1)
    assert head.startswith(b"HTTP/1.1 101")
    return peer


def frame(length: int) -> bytes:
    """A masked text frame of zeros (RFC 6455, 5.2; the mask is zero)."""
    return b"\x81\xff" + length.to_bytes(8, "big") + b"\0" * 4 + b"0" * length


def short_frame(first: int, payload: bytes = b"") -> bytes:
    """A masked frame by its first byte, which says what it is and whether it is the last part."""
    return bytes([first, 0x80 | len(payload)]) + b"\0" * 4 + payload


def is_ended(peer: socket.socket) -> bool:
    """Whether the server let go of it; waits for the next thing it says."""
    try:
        return peer.recv(1) == b""
    except ConnectionError:
        return True


def until_ended(peer: socket.socket) -> None:
    """Reads whatever is said, until the server lets go of it."""
    while not is_ended(peer):
        pass
